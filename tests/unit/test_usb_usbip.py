"""The USB/IP client against servers that nobody here wrote: slow, wrong, out of order, or talking nonsense."""

from __future__ import annotations

import errno
import socket
import struct
import threading
from array import array
from collections.abc import Iterator
from time import monotonic

import pytest
import usb.util
from ports import free_port
from usbip_peer import (
    CONFIGURATION,
    DEVICE,
    IMPORTED,
    LIST,
    LISTED,
    Peer,
    Serve,
    Server,
    described,
    importing,
    listing,
    saying,
)

from dongle_cli.errors import DongleError
from dongle_cli.models import loader
from dongle_cli.models.model import Switch
from dongle_cli.usb import switch, usbip, usbip_backend, usbip_link, usbip_node
from dongle_cli.usb.enumerate import scan
from dongle_cli.usb.usbip import UsbipBus


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.sock.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads that play a server may stand still for seconds; a right answer is still one."""
    for module in (usbip, usbip_backend, usbip_link, usbip_node):
        monkeypatch.setattr(module, "CONNECT", 30.0)
    monkeypatch.setattr(usbip_link, "_TAKE_BACK", 30.0)


def opened(server: Server, role: Serve) -> tuple[usbip_backend.UsbipBackend, usbip_backend.Opened]:
    """A device's connection, imported and described, that then plays `role` and waits for its end."""

    def whole(peer: Peer) -> None:
        importing(peer)
        role(peer)
        while peer.sock.recv(4096):
            pass

    bus = server.bus(listing, described, listing, whole)
    (found,) = bus.devices()
    backend = bus.open(found).backend
    node = next(iter(bus._nodes.values()))
    return backend, backend.open_device(node)


def read(
    backend: usbip_backend.UsbipBackend, handle: usbip_backend.Opened, timeout: int = 30_000, size: int = 64
) -> bytes:
    buffer = array("B", bytes(size))
    count = backend.bulk_read(handle, 0x81, 0, buffer, timeout)
    return buffer[:count].tobytes()


def test_descriptors_come_through(server: Server) -> None:
    (found,) = server.bus(listing, described).devices()
    assert (found.port, found.usb, found.generation, found.configuration) == ("1-1", "2c7c:0125", 5, 1)
    assert found.interfaces[0].bulk_pair() == (0x01, 0x81)
    assert found.interfaces[0].endpoints[0].max_packet == 512


def test_a_device_that_has_no_configuration_yet_gets_its_first_one(server: Server) -> None:
    """As Linux's usbipd hands devices out; a host chooses (USB 2.0 clause 9.1.1.5)."""
    unset = DEVICE[:-3] + bytes([0, 1, 0])
    requests: list[bytes] = []

    def listing_unset(peer: Peer) -> None:
        peer.take(8)
        peer.send(LIST + (1).to_bytes(4, "big") + unset)

    def import_unset(peer: Peer) -> None:
        peer.take(40)
        peer.send(IMPORTED + unset)
        for answer in (CONFIGURATION[:9], b""):
            _command, seq, _direction, _endpoint, _length, setup = peer.urb()
            requests.append(setup)
            peer.answer(seq, answer)
        peer.descriptors()
        peer.sock.recv(1)

    (device,) = server.bus(listing_unset, import_unset).devices()
    assert device.configuration == 1
    assert [interface.triple for interface in device.interfaces] == [(255, 255, 255)]
    assert requests == [bytes.fromhex("8006000200000900"), bytes.fromhex("0009010000000000")]


def test_a_device_in_use_is_listed_and_held(server: Server) -> None:
    def busy(peer: Peer) -> None:
        peer.take(40)
        peer.send(struct.pack(">HHI", 0x0111, 0x0003, 1))

    (found,) = server.bus(listing, busy).devices()
    assert (found.usb, found.interfaces[0].triple, found.interfaces[0].endpoints) == ("2c7c:0125", (255, 255, 255), ())
    bus = server.bus(listing, busy)
    with pytest.raises(DongleError) as error:
        bus.open(found)
    assert (error.value.code, error.value.exit_code) == ("port.held", 1)


def test_a_server_that_hides_devices_in_use_hides_ours_too(server: Server) -> None:
    def hidden(peer: Peer) -> None:
        peer.take(8)
        peer.send(LIST + bytes(4))

    def used(peer: Peer) -> None:
        importing(peer)
        while peer.sock.recv(4096):
            pass

    bus = server.bus(listing, described, listing, used, hidden)
    (found,) = bus.devices()
    first = bus.open(found)
    first.get_active_configuration()
    assert bus.devices() == [found]
    assert bus.find("1-1") == found
    second = bus.open(found)
    second.get_active_configuration()
    usb.util.dispose_resources(first)
    assert bus.devices() == [found]
    usb.util.dispose_resources(second)
    assert bus.devices() == []


def test_a_device_that_the_server_resets_after_us_has_not_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux's usbipd resets what it gets back, and lists it again only after that."""
    monkeypatch.setattr(usbip_backend, "_REOPEN", 30.0)  # all of this is "just after", on any machine

    def hidden(peer: Peer) -> None:
        peer.take(8)
        peer.send(LIST + bytes(4))

    bus = server.bus(listing, described, hidden, hidden, listing, hidden, listing)
    (found,) = bus.devices()
    assert bus.find("1-1") == found
    assert bus.open(found) is not None


def test_a_stick_that_changes_its_configuration_need_not_leave(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def switching(peer: Peer) -> None:
        importing(peer)
        _command, seq, _direction, _endpoint, _length, setup = peer.urb()
        asked.append(setup)
        peer.answer(seq)
        peer.sock.recv(1)

    def with_two(peer: Peer) -> None:
        importing(peer)
        peer.descriptors(2)
        peer.sock.recv(1)

    changed = LISTED[:-4].removesuffix(bytes([1, 1, 1])) + bytes([2, 1, 1]) + LISTED[-4:]

    def relisting(peer: Peer) -> None:
        peer.take(8)
        peer.send(changed if asked else LISTED)

    bus = server.bus(listing, with_two, listing, switching, relisting)
    monkeypatch.setenv("DONGLE_BUS", bus.name)
    (found,) = scan()
    for value in (3, None):
        with pytest.raises(DongleError) as error:
            switch.to_modem(
                found, loader.find(found), Switch("configuration", configuration=value), notice=lambda _text: None
            )
        assert error.value.code == "port.failed"
        server.roles[:0] = [listing]
    how = Switch("configuration", configuration=2)
    back = switch.to_modem(found, loader.find(found), how, timeout=30, notice=lambda _text: None)
    assert asked == [bytes([0x00, 9, 2, 0, 0, 0, 0, 0])]
    assert (back.generation, back.configuration) == (found.generation, 2)


def test_another_device_in_the_port_is_not_the_old_one(server: Server) -> None:
    bus = server.bus(listing, described)
    (found,) = bus.devices()
    moved = LISTED.replace(struct.pack(">II", 1, 5), struct.pack(">II", 1, 6))
    with pytest.raises(DongleError) as error:
        server.bus(saying(moved, 8)).open(found)
    assert error.value.code == "usb.vanished"


def test_no_server_is_an_error_with_a_hint() -> None:
    with pytest.raises(DongleError) as error:
        UsbipBus("127.0.0.1", free_port()).devices()
    assert (error.value.code, error.value.exit_code) == ("usb.bus", 1)
    assert error.value.hint is not None
    assert "DONGLE_BUS" in error.value.hint


def test_a_silent_server_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    met = threading.Event()

    def silent(peer: Peer) -> None:
        met.set()
        peer.take(100)

    monkeypatch.setattr(usbip, "CONNECT", 0.3)
    started = monotonic()
    with pytest.raises(DongleError) as error:
        server.bus(silent).devices()
    assert error.value.code == "usb.bus"
    assert monotonic() - started < 30
    assert met.wait(30)  # or the next test's first role would be played to this connection


def test_a_read_that_timed_out_gets_what_comes_later(server: Server) -> None:
    asked = threading.Event()
    go = threading.Event()

    def late(peer: Peer) -> None:
        _command, seq, *_rest = peer.urb()
        asked.set()
        go.wait(60)
        peer.answer(seq, b"\r\nOK\r\n")

    backend, handle = opened(server, late)
    with pytest.raises(OSError, match="timed out") as error:
        read(backend, handle, timeout=20)
    assert error.value.errno == errno.ETIMEDOUT
    assert asked.wait(30)
    go.set()
    assert read(backend, handle) == b"\r\nOK\r\n"
    backend.close_device(handle)


@pytest.mark.parametrize("data_first", [True, False])
def test_a_read_of_another_size_takes_the_old_request_back(server: Server, data_first: bool) -> None:
    def role(peer: Peer) -> None:
        _command, first, *_rest = peer.urb()
        command, seq, _direction, _endpoint, victim, _data = peer.urb()
        assert (command, victim) == (2, first)
        if data_first:  # it was done already: its data come before the answer to the unlink
            peer.answer(first, b"abcdefghij")
            peer.taken_back(seq, 0)
        else:
            peer.taken_back(seq, -errno.ECONNRESET)
            _command, second, _direction, _endpoint, length, _data = peer.urb()
            peer.answer(second, b"abcdefghij"[:length])
            _command, third, *_rest = peer.urb()
            peer.answer(third, b"abcdefghij"[length:])

    backend, handle = opened(server, role)
    with pytest.raises(OSError, match="timed out"):
        read(backend, handle, timeout=20, size=64)
    assert read(backend, handle, size=4) + read(backend, handle, size=6) == b"abcdefghij"
    backend.close_device(handle)


def test_answers_out_of_order_find_their_requests(server: Server) -> None:
    def role(peer: Peer) -> None:
        requests = [peer.urb() for _index in range(8)]
        for command, seq, _direction, endpoint, _length, _data in reversed(requests):
            assert command == 1
            peer.answer(seq, b"endpoint %d" % endpoint)

    backend, handle = opened(server, role)
    got: dict[int, bytes] = {}

    def ask(endpoint: int) -> None:
        buffer = array("B", bytes(64))
        count = backend.bulk_read(handle, 0x80 | endpoint, 0, buffer, 30_000)
        got[endpoint] = buffer[:count].tobytes()

    threads = [threading.Thread(target=ask, args=(endpoint,)) for endpoint in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == {endpoint: b"endpoint %d" % endpoint for endpoint in range(1, 9)}
    backend.close_device(handle)


def test_a_header_in_pieces_is_put_together(server: Server) -> None:
    def role(peer: Peer) -> None:
        _command, seq, *_rest = peer.urb()
        answer = struct.pack(">IIIIIiIIII8x", 3, seq, 0, 0, 0, 0, 5, 0, 0, 0) + b"hello"
        for index in range(len(answer)):
            peer.send(answer[index : index + 1])

    backend, handle = opened(server, role)
    assert read(backend, handle) == b"hello"
    backend.close_device(handle)


@pytest.mark.parametrize(
    ("status", "number"),
    [(-errno.EPIPE, errno.EPIPE), (-errno.ESHUTDOWN, errno.ENODEV), (-errno.EPROTO, errno.EIO)],
)
def test_a_status_is_an_error_number(server: Server, status: int, number: int) -> None:
    def role(peer: Peer) -> None:
        _command, seq, *_rest = peer.urb()
        peer.answer(seq, status=status)

    backend, handle = opened(server, role)
    with pytest.raises(OSError) as error:
        read(backend, handle)
    assert error.value.errno == number
    backend.close_device(handle)


def test_the_end_of_the_connection_is_the_end_of_the_device(server: Server) -> None:
    def role(peer: Peer) -> None:
        peer.urb()
        peer.sock.shutdown(socket.SHUT_RDWR)

    backend, handle = opened(server, role)
    for _again in range(2):
        with pytest.raises(OSError) as error:
            read(backend, handle)
        assert error.value.errno == errno.ENODEV
    backend.close_device(handle)


def test_more_data_than_asked_for_is_no_answer(server: Server) -> None:
    def role(peer: Peer) -> None:
        _command, seq, *_rest = peer.urb()
        peer.answer(seq, b"", actual=1 << 30)

    backend, handle = opened(server, role)
    with pytest.raises(DongleError) as error:
        read(backend, handle)
    assert error.value.code == "usb.bus"
