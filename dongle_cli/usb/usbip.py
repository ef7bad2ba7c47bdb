"""A USB bus behind a USB/IP server, without any kernel driver: the list of its devices, and the way to open one."""

from __future__ import annotations

import threading
from dataclasses import replace
from time import monotonic, sleep
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.usb import descriptors, fault
from dongle_cli.usb import usbip_wire as wire
from dongle_cli.usb.device import Interface, UsbDevice
from dongle_cli.usb.usbip_backend import UsbipBackend
from dongle_cli.usb.usbip_link import CONNECT, Stream
from dongle_cli.usb.usbip_node import Node

if TYPE_CHECKING:
    import usb.core

_HUB = 0x09
_PATIENCE = 1.0  # seconds
_LOOK = 0.02  # seconds between two lists
_MOST = 4096  # devices; more is a server that does not speak USB/IP


class UsbipBus:
    """The devices one server exports. Ports are its bus ids, "HOST:PORT/" before one an earlier server has too."""

    least_timeout = 0

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.tcp_port = port
        self.prefix = f"{host}:{port}/"
        self.name = f"usbip://{host}:{port}"
        self._backend = UsbipBackend(host, port)
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._lock = threading.Lock()

    def devices(self) -> list[UsbDevice]:
        """Every device but hubs, in port order; one that another program uses comes without endpoints and serial."""
        found = [exported for exported in self._exported() if exported.class_ != _HUB]
        with self._lock:
            listed = {_key(exported) for exported in found}
            self._nodes = {key: node for key, node in self._nodes.items() if key in listed}
        # One that another program is just letting go of is waited for, but not each of many that it keeps.
        deadline = monotonic() + _PATIENCE
        devices = [self._device(exported, max(0.0, deadline - monotonic())) for exported in found]
        return [device for device in devices if device is not None]

    def find(self, port: str) -> UsbDevice | None:
        """The device at `port` now, or None; no other device is touched."""
        busid = port.removeprefix(self.prefix)  # with another server's prefix it matches no bus id
        exported = next((exported for exported in self._exported() if exported.busid == busid), None)
        device = self._device(exported, _PATIENCE) if exported is not None else None
        return replace(device, port=port) if device is not None else None

    def open(self, device: UsbDevice) -> usb.core.Device:
        """The pyusb device at `device.port`; `usb.vanished` where it is gone or another one came instead."""
        import usb.core

        busid = device.port.removeprefix(self.prefix)
        for exported in self._exported():
            if exported.busid == busid and exported.devnum == device.generation:
                return usb.core.Device(self._node(exported), self._backend)
        raise fault.vanished(device.port)

    def _exported(self) -> list[wire.Exported]:
        """What the server exports; what we have just closed is waited for, as usbipd lists it again after a reset."""
        while True:
            found = self._listing()
            if not self._backend.just_closed() - {exported.busid for exported in found}:
                return found
            sleep(_LOOK)  # the protocol has no event for "there again"

    def _listing(self) -> list[wire.Exported]:
        stream = Stream.connect(self.host, self.tcp_port)
        try:
            deadline = monotonic() + CONNECT
            try:
                stream.send(wire.request_list())
            except OSError as error:
                raise fault.bus(stream.server, reason(error)) from None
            version, code, status = wire.OP.unpack(stream.exactly(wire.OP.size, deadline))
            if code != wire.REP_DEVLIST or version >> 8 != wire.VERSION >> 8 or status != 0:
                raise stream.nonsense(_("the server does not speak USB/IP"))
            (count,) = wire.COUNT.unpack(stream.exactly(wire.COUNT.size, deadline))
            if count > _MOST:
                raise stream.nonsense(_("the server does not speak USB/IP"))
            found = []
            for _index in range(count):
                exported = wire.parse_device(stream.exactly(wire.DEVICE.size, deadline))
                rows = stream.exactly(wire.INTERFACE.size * exported.interfaces, deadline)
                triples = tuple((row[0], row[1], row[2]) for row in wire.INTERFACE.iter_unpack(rows))
                found.append(replace(exported, triples=triples))
        finally:
            stream.sock.close()
        listed = {exported.busid for exported in found}
        # Linux's usbipd leaves out what somebody has imported; what we have ourselves is not gone for that.
        return found + [exported for exported in self._backend.ours() if exported.busid not in listed]

    def _node(self, exported: wire.Exported) -> Node:
        with self._lock:
            return self._nodes.setdefault(_key(exported), Node(exported))

    def _device(self, exported: wire.Exported, patience: float) -> UsbDevice | None:
        node = self._node(exported)
        device = UsbDevice(
            port=exported.busid,
            vid=exported.vid,
            pid=exported.pid,
            interfaces=tuple(Interface(number, *triple) for number, triple in enumerate(exported.triples)),
            bcd_device=exported.bcd_device,
            class_=exported.class_,
            configuration=exported.configuration,
            configurations=exported.configurations,
            generation=exported.devnum,
            bus=self,
        )
        try:
            self._backend.describe(node, patience)
        except DongleError as error:
            if error.code == "usb.bus":
                raise
            # Held by another program, or out of order: it is there all the same, and no reason not to list the others.
            return device if error.code != "usb.vanished" else None
        # Without a configuration it gets its first one as soon as it is opened.
        chosen = exported.configuration or next((c.bConfigurationValue for c in node.configurations), 0)
        active = next((c for c in node.configurations if c.bConfigurationValue == chosen), None)
        return replace(
            device,
            configuration=chosen,
            interfaces=descriptors.interfaces(active) if active is not None else (),
            manufacturer=node.manufacturer,
            product=node.product,
            serial=node.serial,
        )


def _key(exported: wire.Exported) -> tuple[object, ...]:
    return (exported.busid, exported.busnum, exported.devnum, exported.vid, exported.pid, exported.bcd_device)
