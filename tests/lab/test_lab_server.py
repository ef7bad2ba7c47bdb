"""The lab's USB/IP server, spoken to in bytes."""

from __future__ import annotations

import contextlib
import random
import socket
import struct

import pytest
from host import EPIPE, At, Gone, Host, Stalled, bulk_pairs, connect, devlist, take, wait_for_device

EJECT = bytes.fromhex("5553424312345678000000000000061b000000020000000000000000000000")
HUAWEI_NEW = bytes.fromhex("55534243123456780000000000000011062000000101000100000000000000")


def test_the_device_list_names_each_port_and_face(lab):
    found = devlist(lab(3, ["huawei-e3372", "quectel-ec25", "cdc-acm"]).bus)
    assert {busid: device["usb"] for busid, device in found.items()} == {
        "1-1": "12d1:14fe", "1-2": "2c7c:0125", "1-3": "1d6b:0104",
    }  # fmt: skip
    assert found["1-1"]["triples"] == [(0x08, 0x06, 0x50)]
    assert len(found["1-2"]["triples"]) == 5
    assert found["1-3"]["triples"] == [(2, 2, 1), (10, 0, 0)]


def test_thirty_two_dongles_are_three_buses_of_one_process(lab):
    running = lab(32, ["quectel-ec25"])
    assert running.bus.count("usbip://") == 3
    found = devlist(running.bus)
    assert len(found) == 32
    assert {busid.split("-")[0] for busid in found} == {"1", "2", "3"}


def test_descriptors_are_what_was_asked_for(lab):
    with Host(lab(1, ["cdc-acm"]).bus) as host:
        device = host.control(0x80, 6, 0x0100, 0, 18)
        assert device[:2] == b"\x12\x01" and struct.unpack_from("<HH", device, 8) == (0x1D6B, 0x0104)
        assert host.control(0x80, 6, 0x0100, 0, 8) == device[:8]
        assert host.control(0x80, 6, 0x0300, 0, 255) == b"\x04\x03\x09\x04"
        assert host.control(0x80, 6, 0x0302, 0x0409, 255)[2:].decode("utf-16-le") == "LTE Stick"
        with pytest.raises(Stalled):
            host.control(0x80, 6, 0x0309, 0x0409, 255)
        with pytest.raises(Stalled):
            host.control(0x80, 6, 0x0F00, 0, 5)
        host.control(0x00, 9, 1)
        assert host.control(0x80, 8, length=1) == b"\x01"
        assert host.control(0x80, 0, length=2) == b"\0\0"
        host.control(0x21, 0x20, data=bytes.fromhex("80250000000008"))
        assert host.control(0xA1, 0x21, length=7) == bytes.fromhex("80250000000008")
        host.control(0x21, 0x22, value=3)
        host.control(0x02, 1, 0, 0x81)


def test_a_device_is_imported_once_at_a_time(lab):
    bus = lab(1, ["quectel-ec25"]).bus
    with Host(bus) as first:
        assert first.status == 0
        with Host(bus) as second:
            assert second.status == 2
        assert "1-1" in devlist(bus)
    with Host(bus, "1-9") as nobody:
        assert nobody.status == 4


def test_an_unlinked_urb_is_reset_and_an_answered_one_is_not(lab):
    with Host(lab(1, ["quectel-ec25"]).bus) as host:
        out, in_ = bulk_pairs(host)[2]
        waiting = host.submit(in_, 512)
        asked = host.unlink(waiting)
        assert host.reply() == (4, asked, -104, b"")
        asked = host.unlink(waiting)
        assert host.reply() == (4, asked, 0, b"")
        host.out(out, b"AT\r")  # the URB that was taken back gets nothing of this
        assert host.in_(in_) == b"AT\r\r\nOK\r\n"


def test_unknown_endpoints_stall(lab):
    with Host(lab(1, ["quectel-ec25"]).bus) as host:
        host.submit(0x8F, 64)
        assert host.reply()[2] == EPIPE


def test_only_the_at_ports_answer(lab):
    with Host(lab(1, ["quectel-ec25"]).bus) as host:
        pairs = bulk_pairs(host)
        for number in (0, 4):
            host.out(pairs[number][0], b"AT\r")
            assert host.silent(pairs[number][1])
        for number in (2, 3):
            assert At(host, *pairs[number]).ask("") == "\r\nOK\r\n"
        assert host.in_(pairs[1][1]).startswith(b"$GP")


def test_an_eject_makes_the_stick_a_modem_under_the_same_port(lab):
    running = lab(1, ["huawei-e3372"])
    before = devlist(running.bus)["1-1"]
    with Host(running.bus) as host:
        out, in_ = bulk_pairs(host)[0]
        assert host.exchange(out, HUAWEI_NEW, in_, 13) == b"USBS" + HUAWEI_NEW[4:8] + bytes(5)
        with pytest.raises(Gone):
            take(host.sock, 1)
    after = wait_for_device(running.bus, "1-1", "12d1:1506")
    assert after["devnum"] != before["devnum"]
    assert running.status()[0]["boots"] == 2


def test_random_bytes_never_end_the_server(lab):
    running = lab(1, ["quectel-ec25"])
    chance = random.Random(7)
    for round_ in range(60):
        data = chance.randbytes(chance.randrange(1, 400))
        with contextlib.suppress(OSError, Gone):
            if round_ % 2:
                with Host(running.bus) as host:
                    prefix = struct.pack(">I", chance.choice([1, 2, 1, 9]))
                    host.sock.sendall(prefix + data)
                    host.sock.shutdown(socket.SHUT_WR)
                    while host.sock.recv(4096):
                        pass
            else:
                with connect(running.bus) as sock:
                    sock.sendall(chance.choice([b"", b"\x01\x11\x80\x03"]) + data)
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(4096):
                        pass
    with Host(running.bus) as host:
        assert host.status == 0
        assert At(host, *bulk_pairs(host)[2]).ask("") == "\r\nOK\r\n"
