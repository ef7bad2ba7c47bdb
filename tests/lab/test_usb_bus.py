"""The bus, the switch and the wait against virtual dongles behind a USB/IP server."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from dongle_cli.errors import DongleError
from dongle_cli.lab.families import FAMILIES
from dongle_cli.models import loader
from dongle_cli.models.model import Switch
from dongle_cli.transport.base import Transport
from dongle_cli.transport.open import open_port, port_name
from dongle_cli.usb import switch
from dongle_cli.usb.device import UsbDevice
from dongle_cli.usb.enumerate import find, scan
from dongle_cli.usb.wait import wait_for_port

Start = Callable[..., Any]


@pytest.fixture
def bench(lab: Start, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start a lab and make it this process's bus."""

    def start(*arguments: Any, **wanted: Any) -> Any:
        running = lab(*arguments, **wanted)
        monkeypatch.setenv("DONGLE_BUS", running.bus)
        monkeypatch.setenv("DONGLE_HOME", str(running.home))
        return running

    return start


def at_port(device: UsbDevice) -> Transport:
    return open_port(device, loader.at_interfaces(loader.find(device), device)[0])


def ask(port: Transport, command: str) -> bytes:
    port.write(f"{command}\r".encode())
    answer = b""
    while not answer.endswith((b"OK\r\n", b"ERROR\r\n")):
        piece = port.read(30)
        assert piece, f"{command}: {answer!r} and then silence"
        answer += piece
    return answer


def to_modem(device: UsbDevice, said: list[str] | None = None, timeout: float = 60) -> UsbDevice:
    told = said if said is not None else []
    return switch.to_modem(device, loader.find(device), loader.switch_for(device), timeout=timeout, notice=told.append)


def test_ports_come_in_natural_order_and_know_their_endpoints(bench: Start) -> None:
    bench(12, models=["quectel-ec25"])
    found = scan()
    assert [device.port for device in found] == [f"1-{number}" for number in range(1, 13)]
    assert all(interface.bulk_pair() for interface in found[0].interfaces[:4])
    assert port_name(found[0], found[0].interfaces[2]) == "1-1:1.2"
    assert find("1-10") == found[9]
    assert find("1-99") is None


def test_two_servers_with_the_same_ports(bench: Start, lab: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = bench(1, models=["quectel-ec25"]), lab(2, models=["huawei-e3372"])
    monkeypatch.setenv("DONGLE_BUS", f"{first.bus},{second.bus}")
    there = second.bus.removeprefix("usbip://")
    assert [(d.port, d.vid) for d in scan()] == [("1-1", 0x2C7C), (f"{there}/1-1", 0x12D1), ("1-2", 0x12D1)]
    far = find(f"{there}/1-1")
    assert far is not None
    assert to_modem(far).port == f"{there}/1-1"
    near = find("1-1")
    assert near is not None
    assert near.vid == 0x2C7C


def test_a_port_keeps_its_server_while_the_first_one_is_away(
    bench: Start, lab: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = bench(1, models=["quectel-ec25"], absence=30.0), lab(1, models=["huawei-e3372"])
    monkeypatch.setenv("DONGLE_BUS", f"{first.bus},{second.bus}")
    before = scan()
    first.replug("1-1")
    assert [device.port for device in scan()] == [before[1].port], "the second server's dongle must not become 1-1"
    assert find("1-1") is None


def test_an_answer_over_bulk(bench: Start) -> None:
    running = bench(1, models=["quectel-ec25"])
    (device,) = scan()
    port = at_port(device)
    assert str(running.summary["dongles"][0]["imei"]).encode() in ask(port, "AT+CGSN")
    assert port.read(0.05) == b""
    port.close()
    port.close()
    with pytest.raises(DongleError):
        port.read(0)


@pytest.mark.parametrize("fault", ["pieces", "no-dtr"])
def test_awkward_ports_answer_all_the_same(bench: Start, fault: str) -> None:
    bench(1, models=["quectel-ec25"], faults=[fault])
    port = at_port(scan()[0])
    assert ask(port, "AT+CGMI").rstrip().endswith(b"OK")
    port.close()


def test_two_ports_of_one_dongle_at_once(bench: Start) -> None:
    bench(1, models=["quectel-ec25"])
    (device,) = scan()
    one, two = (open_port(device, device.interfaces[number]) for number in (2, 3))
    assert ask(one, "AT").endswith(b"OK\r\n")
    one.close()
    assert ask(two, "AT").endswith(b"OK\r\n")
    two.close()


def test_opening_again_at_once_never_finds_the_port_busy(bench: Start) -> None:
    bench(1, models=["quectel-ec25"])
    (device,) = scan()
    for _again in range(50):
        port = at_port(device)
        assert ask(port, "AT").endswith(b"OK\r\n")
        port.close()


def test_many_dongles_in_threads_of_one_process(bench: Start) -> None:
    running = bench(16, models=["quectel-ec25"])
    imeis: dict[str, bytes] = {}

    def work(device: UsbDevice) -> None:
        port = at_port(device)
        for _again in range(20):
            imeis[device.port] = ask(port, "AT+CGSN")
        port.close()

    threads = [threading.Thread(target=work, args=(device,)) for device in scan()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for dongle in running.summary["dongles"]:
        assert str(dongle["imei"]).encode() in imeis[dongle["port"]]


def test_a_dongle_that_leaves_has_vanished(bench: Start) -> None:
    running = bench(1, models=["quectel-ec25"], faults=["gone=3"])
    (device,) = scan()
    port = at_port(device)
    with pytest.raises(DongleError) as error:
        for _again in range(5):
            ask(port, "AT")
    assert (error.value.code, error.value.exit_code) == ("usb.vanished", 4)
    port.close()
    with pytest.raises(DongleError) as error:
        at_port(device)
    assert error.value.code == "usb.vanished"
    assert running.status()


def test_pulling_the_plug_ends_a_waiting_read(bench: Start) -> None:
    running = bench(1, models=["quectel-ec25"])
    port = at_port(scan()[0])
    timer = threading.Timer(0.2, running.replug, ("1-1",))
    timer.start()
    started = monotonic()
    with pytest.raises(DongleError) as error:
        port.read(60)
    assert error.value.code == "usb.vanished"
    assert monotonic() - started < 30
    timer.join()
    port.close()


@contextmanager
def another_program(running: Any, port: str) -> Iterator[None]:
    """Somebody else's USB/IP client has imported the dongle."""
    host, _colon, number = running.bus.removeprefix("usbip://").rpartition(":")
    with socket.create_connection((host, int(number))) as other:
        other.sendall(struct.pack(">HHI32s", 0x0111, 0x8003, 0, port.encode()))
        assert other.recv(8)[4:] == bytes(4)
        yield


def test_another_program_has_the_dongle(bench: Start) -> None:
    running = bench(2, models=["quectel-ec25"])
    device, _second = scan()
    with another_program(running, "1-1"):
        with pytest.raises(DongleError) as error:
            at_port(device)
        assert (error.value.code, error.value.exit_code) == ("port.held", 1)
    port = at_port(device)
    port.close()


def test_a_dongle_that_was_in_use_when_it_was_listed(bench: Start) -> None:
    running = bench(2, models=["quectel-ec25"])
    with another_program(running, "1-1"):
        held, free = scan()
        assert (held.port, held.usb, held.generation) == ("1-1", free.usb, 1)
        assert not any(interface.endpoints for interface in held.interfaces)
        with pytest.raises(DongleError) as error:
            open_port(held, held.interfaces[2])
        assert error.value.code == "port.held"
    port = open_port(held, held.interfaces[2])
    assert ask(port, "AT").endswith(b"OK\r\n")
    port.close()


def test_a_storage_face_becomes_a_modem_at_the_same_port(bench: Start) -> None:
    bench(1, models=["huawei-e3372"])
    (device,) = scan()
    assert loader.mode_of(device) == "storage"
    said: list[str] = []
    back = to_modem(device, said)
    assert (back.port, loader.mode_of(back), said) == (device.port, "modem", [])
    assert back.generation != device.generation
    port = at_port(back)
    assert ask(port, "AT").endswith(b"OK\r\n")
    port.close()


STORAGE = sorted(name for name, family in FAMILIES.items() if family.storage_face is not None)


@pytest.mark.parametrize("model", STORAGE)
def test_every_stick_with_a_storage_face_is_switched_as_its_model_says(bench: Start, model: str) -> None:
    bench(1, models=[model])
    (device,) = scan()
    assert loader.mode_of(device) == "storage"
    back = to_modem(device)
    assert (back.port, loader.mode_of(back)) == (device.port, "modem")


def test_once_back_as_storage_is_switched_again_and_said(bench: Start) -> None:
    bench(1, models=["huawei-e3372"], faults=["storage-again=1"])
    said: list[str] = []
    assert loader.mode_of(to_modem(scan()[0], said)) == "modem"
    assert len(said) == 1
    assert "1-1" in said[0]


def test_twice_back_as_storage_is_an_error(bench: Start) -> None:
    bench(1, models=["huawei-e3372"], faults=["storage-again=2"])
    said: list[str] = []
    with pytest.raises(DongleError) as error:
        to_modem(scan()[0], said)
    assert (error.value.code, error.value.exit_code) == ("usb.storage-again", 4)
    assert len(said) == 1


def test_a_switch_that_does_nothing_is_no_return(bench: Start) -> None:
    bench(1, models=["huawei-e3372"])
    (device,) = scan()
    useless = Switch("message", messages=(switch.wrapped(bytes(6)),))  # TEST UNIT READY
    with pytest.raises(DongleError) as error:
        switch.to_modem(device, loader.find(device), useless, timeout=0.5, notice=lambda _text: None)
    assert error.value.code == "usb.no-return"
    assert error.value.details["now"] == device.usb


@pytest.mark.parametrize("how", [None, Switch("none")])
def test_nobody_knows_how(bench: Start, how: Switch | None) -> None:
    bench(1, models=["huawei-e3372"])
    (device,) = scan()
    with pytest.raises(DongleError) as error:
        switch.to_modem(device, loader.find(device), how, notice=lambda _text: None)
    assert error.value.code == "usb.no-switch"
    assert find("1-1") == device, "it was left alone"


def test_waiting_takes_the_new_device_and_not_the_old_one(bench: Start) -> None:
    running = bench(2, models=["quectel-ec25"])
    before = scan()[0]
    timer = threading.Timer(0.2, running.replug, ("1-1",))
    timer.start()
    after = wait_for_port("1-1", lambda _device: True, 60, gone_first=before)
    timer.join()
    assert (after.port, after.usb) == (before.port, before.usb)
    assert after.generation != before.generation
    assert wait_for_port("1-1", lambda device: device == after, 60) == after


def test_nothing_comes_back(bench: Start) -> None:
    bench(1, models=["quectel-ec25"])
    (device,) = scan()
    with pytest.raises(DongleError) as error:
        wait_for_port("1-1", lambda _device: True, 0.3, gone_first=device)
    assert (error.value.code, error.value.exit_code) == ("usb.no-return", 4)
    with pytest.raises(DongleError) as error:
        wait_for_port("1-7", lambda _device: True, 0.3)
    assert error.value.details["now"] is None
