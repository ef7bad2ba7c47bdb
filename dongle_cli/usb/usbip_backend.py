"""What pyusb calls a backend, over USB/IP: every transfer is one request and one answer on the device's connection.

A read that times out leaves its request with the device: what arrives later is what the next read returns, so nothing
is ever lost between a timeout and the next try. A timeout of 0, which libusb takes for "without end", means not to wait
at all: nothing here waits without end.
"""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.usb import descriptors, fault
from dongle_cli.usb import usbip_wire as wire
from dongle_cli.usb.usbip_link import CONNECT, Link, Stream, Transfer
from dongle_cli.usb.usbip_node import Node, first_configuration, os_error, read

if TYPE_CHECKING:
    from array import array

_REOPEN = 1.0  # seconds a server may need to take a device back from the connection before this one
_NO_DEVICE = 4  # ST_NODEV; every other status of OP_REP_IMPORT means that somebody else has the device


@dataclass
class Opened:
    """The connection all users of one device in this process share; servers allow one per device."""

    link: Link
    exported: wire.Exported
    configuration: int
    users: int = 0
    parked: dict[int, Transfer] = field(default_factory=dict)  # by endpoint address: reads that timed out
    left: dict[int, bytes] = field(default_factory=dict)  # by endpoint address: what a shorter read left over
    key: str = ""


class UsbipBackend:
    """The methods of `usb.backend.IBackend`, for one server."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._opened: dict[str, Opened] = {}
        self._lock = threading.Lock()
        self._importing: dict[str, threading.Lock] = {}
        self._closed: dict[str, float] = {}  # by bus id: when this process let go of it

    # Descriptors

    def describe(self, node: Node, patience: float = _REOPEN) -> None:
        """Read all descriptors of `node`, once; DongleError `port.held` where another program has the device.

        `patience` is how many seconds it may take that program to let go of it.
        """
        with node.lock:
            if node.descriptor is not None:
                return
            handle = self._open(node.exported, patience)
            try:
                read(node, handle.link)
            except OSError as error:
                raise fault.from_os(error, node.exported.busid) from None
            finally:
                self.close_device(handle)

    def get_device_descriptor(self, dev: Node) -> descriptors.DeviceDescriptor:
        """The device descriptor, with bus, address and port numbers."""
        self.describe(dev)
        assert dev.descriptor is not None  # noqa: S101  describe() leaves it set or raises
        return dev.descriptor

    def get_configuration_descriptor(self, dev: Node, config: int) -> descriptors.ConfigurationDescriptor:
        """By index, not by bConfigurationValue."""
        return dev.configurations[config]

    def get_interface_descriptor(self, dev: Node, intf: int, alt: int, config: int) -> descriptors.InterfaceDescriptor:
        """By index, not by bInterfaceNumber."""
        return dev.configurations[config].interfaces[intf][alt]

    def get_endpoint_descriptor(
        self, dev: Node, ep: int, intf: int, alt: int, config: int
    ) -> descriptors.EndpointDescriptor:
        """By index, not by bEndpointAddress."""
        return dev.configurations[config].interfaces[intf][alt].endpoints[ep]

    # Opening and closing

    def open_device(self, dev: Node) -> Opened:
        """Import the device, or share the connection that another part of this process has."""
        return self._open(dev.exported, _REOPEN)

    def ours(self) -> list[wire.Exported]:
        """The devices that this process has open and that are still there."""
        with self._lock:
            opened = list(self._opened.values())
        return [handle.exported for handle in opened if handle.link.alive()]

    def just_closed(self) -> set[str]:
        """The bus ids that this process let go of so lately that the server may still be at work on them."""
        with self._lock:
            return {busid for busid, at in self._closed.items() if monotonic() - at < _REOPEN}

    def close_device(self, dev_handle: Opened) -> None:
        """Let go; the last user closes the connection, and the server takes the device back."""
        with self._lock:
            dev_handle.users -= 1
            if dev_handle.users > 0:
                return
            if self._opened.get(dev_handle.key) is dev_handle:
                del self._opened[dev_handle.key]
            self._closed[dev_handle.exported.busid] = monotonic()
        dev_handle.link.close()

    def _open(self, exported: wire.Exported, patience: float) -> Opened:
        key = f"{exported.busid} {exported.devid}"
        with self._lock:
            importing = self._importing.setdefault(key, threading.Lock())
        with importing:
            with self._lock:
                opened = self._opened.get(key)
                if opened is not None and opened.link.alive():
                    opened.users += 1
                    return opened
            link = self._import(exported, monotonic() + patience)
            opened = Opened(link, exported, link.device.configuration, users=1, key=key)
            if opened.configuration == 0:
                self._configure(opened)
            with self._lock:
                self._opened[key] = opened
            return opened

    def _configure(self, opened: Opened) -> None:
        """Choose the first configuration, as a host does: Linux's usbipd hands a device out without one."""
        try:
            self.set_configuration(opened, first_configuration(opened.link))
        except OSError as error:
            opened.link.close()
            raise fault.from_os(error, opened.exported.busid) from None

    def _import(self, exported: wire.Exported, deadline: float) -> Link:
        pause = 0.002
        while True:
            stream = Stream.connect(self.host, self.port)
            try:
                status, device = self._ask_import(stream, exported.busid)
                if device is not None and device.devnum == exported.devnum:
                    link = Link(stream, device)
                    stream = None  # type: ignore[assignment]
                    return link
            finally:
                if stream is not None:
                    stream.sock.close()
            if device is not None or status == _NO_DEVICE:
                raise fault.vanished(exported.busid)
            if monotonic() >= deadline:
                raise fault.held(exported.busid, [])
            sleep(pause)  # the protocol has no event for "free again"
            pause = min(2 * pause, 0.05)

    def _ask_import(self, stream: Stream, busid: str) -> tuple[int, wire.Exported | None]:
        deadline = monotonic() + CONNECT
        try:
            stream.send(wire.request_import(busid))
        except OSError as error:
            raise fault.bus(stream.server, reason(error)) from None
        version, code, status = wire.OP.unpack(stream.exactly(wire.OP.size, deadline))
        if code != wire.REP_IMPORT or version >> 8 != wire.VERSION >> 8:
            raise stream.nonsense(_("the server does not speak USB/IP"))
        if status != 0:
            return status, None
        return 0, wire.parse_device(stream.exactly(wire.DEVICE.size, deadline))

    # Transfers

    def bulk_read(self, dev_handle: Opened, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        """Up to len(buff) bytes; a short packet ends it (USB 2.0 clause 5.8.3)."""
        wanted = len(buff) * buff.itemsize
        data = dev_handle.left.pop(ep, b"") or self._read(dev_handle, ep, wanted, timeout)
        if len(data) > wanted:
            dev_handle.left[ep] = data[wanted:]
            data = data[:wanted]
        memoryview(buff).cast("B")[: len(data)] = data
        return len(data)

    def bulk_write(self, dev_handle: Opened, ep: int, intf: int, data: array[int], timeout: int) -> int:
        """All of `data`, an empty one as a packet of length zero."""
        raw = data.tobytes()
        link = dev_handle.link
        with _as_usb_error():
            transfer = link.submit(wire.OUT, ep & 0x0F, len(raw), data=raw)
            if not link.wait(transfer, _deadline(timeout)):
                link.take_back(transfer)
                if transfer.status != 0:
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            _check(transfer)
        return len(raw) if transfer.actual == 0 else transfer.actual

    intr_read = bulk_read
    intr_write = bulk_write

    def iso_read(self, dev_handle: Opened, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        """No dongle's AT port is isochronous."""
        raise NotImplementedError("isochronous transfers")

    iso_write = iso_read

    def ctrl_transfer(
        self,
        dev_handle: Opened,
        bmRequestType: int,
        bRequest: int,
        wValue: int,
        wIndex: int,
        data: array[int],
        timeout: int,
    ) -> int:
        """A control transfer; the bytes read go into `data`."""
        length = len(data) * data.itemsize
        setup = wire.SETUP.pack(bmRequestType, bRequest, wValue, wIndex, length)
        inward = bool(bmRequestType & 0x80)
        link = dev_handle.link
        with _as_usb_error():
            transfer = link.submit(
                wire.IN if inward else wire.OUT, 0, length, setup=setup, data=b"" if inward else data.tobytes()
            )
            if not link.wait(transfer, _deadline(timeout)):
                link.take_back(transfer)
                if transfer.status != 0:
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            _check(transfer)
        if inward:
            memoryview(data).cast("B")[: len(transfer.data)] = transfer.data
            return len(transfer.data)
        return length

    def _read(self, handle: Opened, ep: int, wanted: int, timeout: int) -> bytes:
        deadline = _deadline(timeout)
        link = handle.link
        with _as_usb_error():
            transfer = handle.parked.get(ep)
            if transfer is not None and transfer.length != wanted and transfer.status is None:
                link.take_back(transfer)
            if transfer is not None and transfer.status == -errno.ECONNRESET:
                transfer = None
            if transfer is None:
                transfer = handle.parked[ep] = link.submit(wire.IN, ep & 0x0F, wanted)
            if transfer.status is None and not link.wait(transfer, deadline):
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            del handle.parked[ep]
            _check(transfer)
            return transfer.data

    # Standard requests

    def set_configuration(self, dev_handle: Opened, config_value: int) -> None:
        """SET_CONFIGURATION (USB 2.0 clause 9.4.7)."""
        self._request(dev_handle, 0x00, 9, config_value, 0)
        dev_handle.configuration = config_value

    def get_configuration(self, dev_handle: Opened) -> int:
        """The bConfigurationValue that is active."""
        return dev_handle.configuration

    def set_interface_altsetting(self, dev_handle: Opened, intf: int, altsetting: int) -> None:
        """SET_INTERFACE (clause 9.4.10)."""
        self._request(dev_handle, 0x01, 11, altsetting, intf)

    def clear_halt(self, dev_handle: Opened, ep: int) -> None:
        """CLEAR_FEATURE(ENDPOINT_HALT) (clause 9.4.1)."""
        self._request(dev_handle, 0x02, 1, 0, ep)

    def reset_device(self, dev_handle: Opened) -> None:
        """USB/IP carries no port reset."""
        raise NotImplementedError("USB/IP carries no port reset")

    def _request(self, handle: Opened, kind: int, request: int, value: int, index: int) -> None:
        from array import array

        with _as_usb_error():
            for transfer in list(handle.parked.values()):  # these requests end every transfer that waits
                if transfer.status is None:
                    handle.link.take_back(transfer)
        self.ctrl_transfer(handle, kind, request, value, index, array("B"), 5000)

    # Kernel drivers: there are none on this side

    def claim_interface(self, dev_handle: Opened, intf: int) -> None:
        """Nothing to do: importing claimed the whole device."""

    def release_interface(self, dev_handle: Opened, intf: int) -> None:
        """Nothing to do."""

    def is_kernel_driver_active(self, dev_handle: Opened, intf: int) -> bool:
        """Never."""
        return False

    def detach_kernel_driver(self, dev_handle: Opened, intf: int) -> None:
        """Nothing to do."""

    def attach_kernel_driver(self, dev_handle: Opened, intf: int) -> None:
        """Nothing to do."""


def _deadline(timeout: int) -> float:
    return monotonic() + timeout / 1000


def _check(transfer: Transfer) -> None:
    if transfer.status:
        raise os_error(-transfer.status)


class _as_usb_error:
    """Inside, an OSError becomes pyusb's own kind of it; a DongleError passes as it is."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, DongleError):
            from usb.core import USBError, USBTimeoutError

            made = USBTimeoutError if error.errno == errno.ETIMEDOUT else USBError
            raise made(error.strerror, -(error.errno or 0), error.errno) from None
