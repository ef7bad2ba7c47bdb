"""A server that cannot be told to listen on loopback only, in a network of its own; one port of it comes out here.

Run as a program inside that network it starts the server and carries connections from a Unix socket to its port: files
are shared between networks, ports are not.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _carry(listener: socket.socket, reach: Callable[[], socket.socket]) -> None:
    """Give each connection of `listener` its partner."""
    while True:
        try:
            near, _address = listener.accept()
        except OSError:
            return  # the listener was closed: the test is over
        far = reach()
        for pair in ((near, far), (far, near)):
            threading.Thread(target=_pipe, args=pair, daemon=True).start()


@contextmanager
def apart(command: Sequence[str | Path], port: int) -> Iterator[int]:
    """Run `command`, which listens on `port` of its own network; yields the port on loopback that leads there."""
    from gateways.programs import need, running

    folder = tempfile.TemporaryDirectory(prefix="gate-")  # short: a Unix socket's path is at most 107 bytes
    gate = Path(folder.name, "sock")
    inside = [sys.executable, __file__, str(gate), str(port), *map(str, command)]
    others = ["--map-root-user"] if os.geteuid() else []  # root needs no namespace of users, and a chroot gives none
    own = [need("unshare", "util-linux"), *others, "--net", "--pid", "--fork", "--kill-child"]
    with folder, running([*own, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *inside]) as server:
        server.wait_for("the gate is open")
        listener = socket.create_server(("127.0.0.1", 0))

        def reach() -> socket.socket:
            line = socket.socket(socket.AF_UNIX)
            line.connect(str(gate))
            return line

        threading.Thread(target=_carry, args=(listener, reach), daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # who waits in accept is not woken by close
            listener.close()


def _inside(gate: str, port: int, command: list[str]) -> int:
    server = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    while True:  # the server says in no common way that it listens
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                return 1
            time.sleep(0.02)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(gate)
    listener.listen()
    threading.Thread(
        target=_carry, args=(listener, lambda: socket.create_connection(("127.0.0.1", port))), daemon=True
    ).start()
    print("the gate is open", flush=True)
    return server.wait()


if __name__ == "__main__":
    sys.exit(_inside(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
