"""Ports on loopback for servers that want to be told one."""

from __future__ import annotations

import os
import random
import socket

FIRST, EACH, WORKERS = 20_000, 1_000, 12  # below 32768, where the ephemeral ports begin (ip(7), ip_local_port_range)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, *, neighbours: int = 0) -> int:
    """A port that nobody uses and no parallel test asks for, and that as many `neighbours` after it are free with it.

    An ephemeral port will not do: the kernel may give it to any client while the server is not there, even to the one
    that asks whether it is, which then hears itself.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    own = range(FIRST + worker * EACH, FIRST + (worker + 1) * EACH - neighbours)
    for port in random.sample(own, len(own)):
        if all(_free(kind, port + step) for step in range(neighbours + 1)):
            return port
    raise AssertionError(f"no port is free from {own.start} on")


def _free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
