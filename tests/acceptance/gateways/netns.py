"""Two network namespaces with a cable between them, and a charon in each."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateways.programs import need, running, wait_for_socket

CONF = """charon {{
  load_modular = yes
  plugins {{
    include /etc/strongswan.d/charon/*.conf
    vici {{
      socket = unix://{vici}
    }}
  }}
  filelog {{
    stderr {{
      default = 1
    }}
  }}
}}
swanctl {{
  load = pem pkcs1 pkcs8 x509 revocation constraints pubkey openssl random
}}
"""


@dataclass(frozen=True)
class Side:
    """One host: its namespace, address, and swanctl folder."""

    name: str
    address: str
    folder: Path
    vici: Path  # charon's control socket

    def swanctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One swanctl command."""
        env = {**os.environ, "SWANCTL_DIR": str(self.folder), "STRONGSWAN_CONF": str(self.folder / "strongswan.conf")}
        return subprocess.run(
            [need("swanctl", "strongswan-swanctl"), *arguments, "--uri", f"unix://{self.vici}"],
            env=env, capture_output=True, text=True, timeout=90,
        )  # fmt: skip


@contextmanager
def two_hosts(work: Path) -> Iterator[tuple[Side, Side]]:
    """Gateway and laptop; skips where this machine or its user may not make namespaces."""
    names = [f"dc{os.getpid()}{letter}" for letter in "ab"]
    with ExitStack() as stack:
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ike-")))  # short: at most 107 bytes
        sides = [Side(name, f"198.51.100.{at}", work / name, sockets / name) for at, name in enumerate(names, 1)]
        for name in names:
            if _ip("netns", "add", name).returncode:
                pytest.skip("network namespaces need root and a kernel that has them")
            stack.callback(_ip, "netns", "del", name)
        _must("link", "add", names[0], "netns", names[0], "type", "veth", "peer", "name", names[1], "netns", names[1])
        for side in sides:
            _must("-n", side.name, "addr", "add", f"{side.address}/24", "dev", side.name)
            _must("-n", side.name, "link", "set", side.name, "up")
            _must("netns", "exec", side.name, "unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/run")
        yield sides[0], sides[1]


@contextmanager
def charon(side: Side) -> Iterator[None]:
    """The IKE daemon of one side; its process file is at a fixed place, so each has a /run of its own."""
    side.folder.mkdir(parents=True, exist_ok=True)
    conf = side.folder / "strongswan.conf"
    conf.write_text(CONF.format(vici=side.vici))
    (side.folder / "swanctl.conf").write_text("include conf.d/*.conf\n")  # as Debian's /etc/swanctl has it
    daemon = need("charon", "strongswan-charon")
    command = ["ip", "netns", "exec", side.name, "unshare", "-m", "sh", "-c",
               f"mount -t tmpfs tmpfs /run && exec {daemon}"]  # fmt: skip
    with running(command, env={**os.environ, "STRONGSWAN_CONF": str(conf)}):
        wait_for_socket(side.vici)
        yield


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([need("ip", "iproute2"), *arguments], capture_output=True, text=True, timeout=30)


def _must(*arguments: str) -> None:
    done = _ip(*arguments)
    if done.returncode:
        pytest.skip(f"the kernel refuses: ip {' '.join(arguments)}: {done.stderr.strip()}")
