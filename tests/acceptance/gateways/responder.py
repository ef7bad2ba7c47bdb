"""`dongle-cli ca ocsp` as a process, and openssl asking it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateways.bench import Bench
from gateways.programs import Running, need, running


@dataclass(frozen=True)
class Responder:
    """Where it answers, and the process."""

    url: str
    server: Running
    bench: Bench

    def ask(self, *options: str | Path) -> str:
        """What `openssl ocsp` makes of the answer; its own verification of the signature included."""
        done = subprocess.run(
            [need("openssl", "openssl"), "ocsp", "-url", self.url, "-issuer", self.bench.ca / "issuing.pem",
             "-CAfile", self.bench.ca / "root.pem", *options], capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout + done.stderr

    def stop(self) -> int:
        """End it as systemd would; its exit code."""
        self.server.process.send_signal(signal.SIGTERM)
        return self.server.process.wait(60)


@contextmanager
def responder(bench: Bench, listen: str = "0") -> Iterator[Responder]:
    """The responder on a free port of loopback."""
    command = [sys.executable, "-m", "dongle_cli", "ca", "ocsp", "--listen", listen, "--format", "json", *bench.unlock]
    with running(command, env=bench.lab.environment) as server:
        url = json.loads(server.wait_for("listening"))["url"]
        yield Responder(url, server, bench)
