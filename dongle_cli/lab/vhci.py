"""Into the kernel: every lab dongle on a port of vhci_hcd, and on the same port again after each re-enumeration.

`python -m dongle_cli.lab.vhci`, as root, its order as one JSON object on standard input. The kernel takes over each
connection once the import is done; this process keeps its own reference to see when one ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.lab import daemon, wire

ROOT = Path("/sys/devices/platform/vhci_hcd.0")
_DEVICES = Path("/sys/bus/usb/devices")
_FREE = 4  # VDEV_ST_NULL (Linux drivers/usb/usbip/usbip_common.h)
# How soon a dongle that left is asked for again: sysfs and USB/IP tell nobody when it is back. One that has been away
# for long is asked for more rarely.
_RETRY_SECONDS, _LONG_AWAY_SECONDS, _RARE_SECONDS = 0.05, 5.0, 1.0
_TIMEOUT = 30.0


@dataclass
class Plug:
    """One dongle and the kernel port that is kept for it."""

    host: str
    port: int
    busid: str
    vhci_port: int
    sock: socket.socket | None = None
    since: float = 0.0  # when it left


def check() -> None:
    """DongleError where this machine or this user cannot plug virtual devices in."""
    if os.geteuid() != 0:
        raise DongleError(
            _("Only root may plug virtual dongles into the kernel."), code="lab.root", hint=_("Use sudo.")
        )
    if not ROOT.is_dir():
        raise DongleError(
            _("The kernel has no virtual USB host controller (vhci_hcd)."),
            code="lab.no-vhci",
            hint=_("Run: modprobe vhci-hcd"),
        )


def high_speed_ports() -> dict[int, int]:
    """State by port number of every high-speed port of every controller (sysfs status files)."""
    ports = {}
    for path in sorted(ROOT.glob("status*")):
        for line in path.read_text().splitlines()[1:]:
            fields = line.split()
            if len(fields) >= 3 and fields[0] == "hs":
                ports[int(fields[1])] = int(fields[2])
    return ports


def kernel_port(number: int) -> str | None:
    """The port path of vhci port `number`, such as "3-2"; None where sysfs does not show it."""
    controllers = sorted(ROOT.parent.glob("vhci_hcd.*"), key=lambda path: int(path.suffix[1:]))
    total = int((ROOT / "nports").read_text())
    size = total // max(1, len(controllers))
    index, port = divmod(number, size)
    if index >= len(controllers):
        return None
    buses = sorted(int((hub / "busnum").read_text()) for hub in controllers[index].glob("usb[0-9]*"))
    return f"{buses[0]}-{port + 1}" if buses else None


def attach(plug: Plug) -> bool:
    """Import the dongle and hand its connection to the kernel; False while it is off the bus or its port not free."""
    if high_speed_ports().get(plug.vhci_port) != _FREE or _still_there(plug.vhci_port):
        return False
    try:
        sock = socket.create_connection((plug.host, plug.port), timeout=_TIMEOUT)
    except OSError:
        return False
    try:
        device = _import(sock, plug.busid)
        if device is None:
            sock.close()
            return False
        sock.settimeout(None)
        busnum, devnum, speed = device
        (ROOT / "attach").write_text(f"{plug.vhci_port} {sock.fileno()} {busnum << 16 | devnum} {speed}")
    except OSError:
        sock.close()
        return False
    plug.sock = sock
    return True


def _still_there(number: int) -> bool:
    """Whether the kernel has not yet taken down what was on vhci port `number`.

    vhci_hcd frees a port before the hub driver has dealt with the disconnect, and leaves the port enabled: a dongle
    that comes back in between with the same descriptors is taken for one that never left (hub_port_connect_change).
    """
    path = kernel_port(number)
    return path is not None and (_DEVICES / path).exists()


def _import(sock: socket.socket, busid: str) -> tuple[int, int, int] | None:
    """Bus number, device number and speed of the imported device."""
    sock.sendall(wire.OP_HEADER.pack(wire.VERSION, wire.OP_REQ_IMPORT, 0) + struct.pack("32s", busid.encode()))
    _version, _code, status = wire.OP_HEADER.unpack(_take(sock, wire.OP_HEADER.size))
    if status != wire.ST_OK:
        return None
    fields = wire.OP_DEVICE.unpack(_take(sock, wire.OP_DEVICE.size))
    return fields[2], fields[3], fields[4]


def _take(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def plan(dongles: list[dict[str, Any]], bus: str) -> list[Plug]:
    """A free high-speed port for each dongle; DongleError `lab.no-vhci-port` where there are too few."""
    servers = [part.removeprefix("usbip://").rsplit(":", 1) for part in bus.split(",")]
    free = [number for number, state in sorted(high_speed_ports().items()) if state == _FREE]
    if len(free) < len(dongles):
        raise DongleError(
            _("The kernel has {free} free virtual ports for {count} dongles.").format(
                free=len(free), count=len(dongles)
            ),
            code="lab.no-vhci-port",
            hint=_("Detach others, or start the lab with fewer dongles."),
        )
    plugs = []
    for dongle, number in zip(dongles, free, strict=False):
        host, port = servers[int(dongle["port"].split("-")[0]) - 1]
        plugs.append(Plug(host.strip("[]"), int(port), dongle["port"], number))
    return plugs


def listen() -> list[int]:
    """A list that holds each signal by which this process was told to end."""
    ended: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: ended.append(signum))
    return ended


def keep(plugs: list[Plug], ended: list[int]) -> None:
    """Attach again whatever comes back, until something is in `ended`; then detach everything."""
    try:
        while not ended:
            _watch(plugs)
    finally:
        for plug in plugs:
            if plug.sock is not None:
                _detach(plug)


def _watch(plugs: list[Plug]) -> None:
    """Wait until a connection ends or it is time to ask again, and see to it."""
    poll = select.poll()
    pause = _RARE_SECONDS
    for plug in plugs:
        if plug.sock is None and not attach(plug):
            pause = _RETRY_SECONDS if time.monotonic() - plug.since < _LONG_AWAY_SECONDS else pause
        if plug.sock is not None:
            poll.register(plug.sock, select.POLLRDHUP)
    gone = {descriptor for descriptor, _event in poll.poll(pause * 1000)}
    for plug in plugs:
        if plug.sock is not None and plug.sock.fileno() in gone:
            plug.sock.close()
            plug.sock, plug.since = None, time.monotonic()


def _detach(plug: Plug) -> None:
    with contextlib.suppress(OSError):  # it had left by itself
        (ROOT / "detach").write_text(str(plug.vhci_port))
    if plug.sock is not None:
        plug.sock.close()


def main() -> None:
    """Attach what the order names, say so on the ready pipe, and keep it attached."""
    order, ready = daemon.order()
    try:
        plugs = plan(order["dongles"], order["bus"])
        deadline = time.monotonic() + _TIMEOUT
        while missing := [plug.busid for plug in plugs if plug.sock is None and not attach(plug)]:
            if time.monotonic() > deadline:
                raise DongleError(
                    _("The kernel did not take these dongles: {ports}.").format(ports=", ".join(missing)),
                    code="lab.attach",
                )
            time.sleep(_RETRY_SECONDS)
    except DongleError as error:
        daemon.tell(ready, error.as_json())
        return
    pairs = [
        {"port": plug.busid, "vhci_port": plug.vhci_port, "kernel_port": kernel_port(plug.vhci_port)} for plug in plugs
    ]
    ended = listen()  # before anybody can know whom to end
    Path(order["pid_file"]).write_text(str(os.getpid()))
    daemon.tell(ready, {"schema": 1, "pid": os.getpid(), "attached": pairs})
    try:
        keep(plugs, ended)
    finally:
        Path(order["pid_file"]).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
