"""Every model of the lab, switched by the bytes its stick is known to obey and by no others."""

from __future__ import annotations

import struct

import pytest
from host import At, Gone, Host, bulk_pairs, devlist, take, wait_for_device

from dongle_cli.lab.families import FAMILIES

EJECT = "5553424312345678000000000000061b000000020000000000000000000000"
HUAWEI_NEW = "55534243123456780000000000000011062000000101000100000000000000"
HUAWEI_ALTERNATIVE = "55534243123456780000000000000011063000000000010000000000000000"
ZTE = "55534243123456782000000080000c85010101180101010101000000000000"
LONGCHEER = "55534243123456780000000080000606f50402527000000000000000000000"
NCXX = "55534243123456780000000000000606f50402527000000000000000000000"
FF = "555342431234567800000000000001ff000000000000000000000000000000"
LG = "555342431234567800000000000005f1010100000000000000000000000000"

# Model, id before, what is sent (a wrapper, or a control request), id after.
SWITCHES = [
    ("huawei-e3372", "12d1:14fe", HUAWEI_NEW, "12d1:1506"),
    ("huawei-e3372", "12d1:14fe", HUAWEI_ALTERNATIVE, "12d1:1506"),
    ("huawei-ms2131", "12d1:14fe", HUAWEI_NEW, "12d1:1506"),
    ("emobile-d02hw", "12d1:1003", (0x00, 3, 1), "12d1:1003"),
    ("huawei-hilink", "12d1:1f01", HUAWEI_NEW, "12d1:14db"),
    ("zte-0117", "19d2:2000", EJECT, "19d2:0117"),
    ("zte-1428", "19d2:1421", ZTE, "19d2:1428"),
    ("sierra-usb308", "1199:0fff", (0x40, 0x0B, 1), "1199:68a3"),
    ("lg-l02c", "1004:61dd", EJECT, "1004:618f"),
    ("lg-l03d", "1004:6327", LG, "1004:6326"),
    ("lg-l03f", "1004:6367", EJECT, "1004:6366"),
    ("fs01bu", "1c9e:98ff", LONGCHEER, "1c9e:6801"),
    ("abit-ak020", "15eb:a403", EJECT, "15eb:7d0e"),
    ("ncxx-ux302nc", "11f6:1035", NCXX, "11f6:1034"),
    ("longcheer", "1c9e:f000", FF, "1c9e:9603"),
]
# The interfaces that answer AT, once it is a modem.
AT_PORTS = {
    "huawei-e3372": {0, 1}, "huawei-ms2131": {0, 2}, "emobile-d02hw": {0, 1}, "huawei-hilink": set(),
    "quectel-ec25": {2, 3}, "telit-le910": {4, 5}, "simcom-7600": {2, 3}, "cdc-acm": {1}, "zte-0117": {1, 2},
    "zte-1428": {1}, "sierra-mc7455": {3}, "sierra-usb308": {3}, "sierra-ac340u": {3}, "lg-l02c": {2}, "lg-l03d": {2},
    "lg-l03f": {2}, "fs040u": {1, 2}, "fs01bu": {2}, "abit-ak020": {2}, "ncxx-ux302nc": {1}, "longcheer": {1, 2},
}  # fmt: skip


def triples(running) -> list[tuple[int, int, int]]:
    """The class triples of the device at 1-1, by interface number."""
    found = devlist(running.bus)["1-1"]["triples"]
    assert isinstance(found, list)
    return found


def switch(bus: str, wanted: str | tuple[int, int, int]) -> None:
    """Send the switch to the storage face at 1-1 and wait until the connection ends."""
    with Host(bus) as host:
        if isinstance(wanted, tuple):
            host.control(*wanted)
        else:
            host.out(bulk_pairs(host)[0][0], bytes.fromhex(wanted))
        with pytest.raises(Gone):
            take(host.sock, 1)


@pytest.mark.parametrize(("model", "before", "sent", "after"), SWITCHES)
def test_a_stick_obeys_its_own_switch(lab, model, before, sent, after):
    running = lab(1, [model])
    first = wait_for_device(running.bus, "1-1", before)
    assert first["triples"] == [(8, 6, 0x50)]
    switch(running.bus, sent)
    second = wait_for_device(running.bus, "1-1", after)
    assert second["devnum"] != first["devnum"]
    assert second["triples"] != first["triples"]


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("huawei-e3372", EJECT),
        ("huawei-e3372", ZTE),
        ("zte-1428", EJECT),
        ("zte-1428", ZTE[:-2] + "01"),
        ("lg-l02c", HUAWEI_NEW),
        ("abit-ak020", LONGCHEER),
        ("fs01bu", NCXX),  # the direction flag is another one
    ],
)
def test_a_stick_ignores_what_is_not_its_switch(lab, model, sent):
    running = lab(1, [model])
    with Host(running.bus) as host:
        out, in_ = bulk_pairs(host)[0]
        host.out(out, bytes.fromhex(sent))
        length = struct.unpack_from("<I", bytes.fromhex(sent), 8)[0]
        if length:
            host.in_(in_, length)
        assert host.in_(in_, 13)[:4] == b"USBS"
        assert host.silent(in_)
    assert running.status()[0]["boots"] == 1


def test_configurations_change_without_leaving_the_bus(lab):
    running = lab(1, ["sierra-ac340u"])
    assert devlist(running.bus)["1-1"]["configuration"] == 2
    with Host(running.bus) as host:
        host.control(0x00, 9, 1)
        assert host.control(0x80, 8, length=1) == b"\x01"
        assert At(host, *bulk_pairs(host)[3]).ask("") == "\r\nOK\r\n"
    assert devlist(running.bus)["1-1"]["configuration"] == 1
    assert running.status()[0]["boots"] == 1


def test_every_model_is_held_by_a_row_here():
    assert set(AT_PORTS) == set(FAMILIES)


@pytest.mark.parametrize("model", [name for name, ports in AT_PORTS.items() if ports])
def test_its_at_ports_answer_and_its_others_do_not(lab, model):
    running = lab(1, [model])
    sent = next((sent for name, _before, sent, _after in SWITCHES if name == model), None)
    if sent is not None:
        switch(running.bus, sent)
        wait_for_device(running.bus, "1-1")
    with Host(running.bus) as host:
        host.control(0x00, 9, 1)
        pairs = bulk_pairs(host)
        for number in AT_PORTS[model]:
            assert At(host, *pairs[number]).ask("E0").endswith("\r\nOK\r\n")
            assert running.status()[0]["imei"] in At(host, *pairs[number]).ask("+CGSN")
        storage = {number for number, triple in enumerate(triples(running)) if triple == (8, 6, 0x50)}
        for number in set(pairs) - AT_PORTS[model] - storage:
            host.out(pairs[number][0], b"AT\r")
            said = host.heard(pairs[number][1], 0.05)
            # A receiver tells its position once a second, and this machine may stand still that long.
            assert not said or said.startswith(b"$GP")


def scsi(host: Host, block: str, length: int = 0, interface: int = 0) -> tuple[bytes, int]:
    """One SCSI command with data in: the data and the CSW's status."""
    out, in_ = bulk_pairs(host)[interface]
    size = len(block) // 2
    flags = 0x80 if length else 0
    host.out(out, struct.pack("<4sIIBBB16s", b"USBC", 99, length, flags, 0, size, bytes.fromhex(block)))
    data = host.in_(in_, length) if length else b""
    csw = host.in_(in_, 13)
    assert csw[:8] == b"USBS" + struct.pack("<I", 99)
    assert struct.unpack_from("<I", csw, 8)[0] == length - len(data)
    return data, csw[12]


def test_the_cd_rom_is_one_to_a_scsi_host(lab):
    with Host(lab(1, ["huawei-e3372"]).bus) as host:
        assert host.control(0xA1, 0xFE, length=1) == b"\0"
        inquiry, status = scsi(host, "120000002400", 36)
        assert (inquiry[0], len(inquiry), status) == (5, 36, 0)
        assert scsi(host, "000000000000") == (b"", 0)
        capacity, _status = scsi(host, "25000000000000000000", 8)
        blocks, size = struct.unpack(">II", capacity)
        assert size == 2048
        assert scsi(host, "28000000000000000100", 2048) == (bytes(2048), 0)
        assert scsi(host, f"2800{blocks + 1:08x}00000100", 2048) == (b"", 1)
        sense, _status = scsi(host, "030000001200", 18)
        assert (sense[2], sense[12]) == (5, 0x21)
        toc, _status = scsi(host, "43000000000000000c00", 12)
        assert toc[2:4] == b"\x01\x01"
        assert scsi(host, "120180002400", 36) == (b"", 1)
        assert scsi(host, "1e0000000100") == (b"", 0)
        assert scsi(host, "a10000000000", 8)[1] == 1


def test_the_card_reader_of_a_modem_is_empty_and_answers(lab):
    running = lab(1, ["huawei-e3372"])
    switch(running.bus, HUAWEI_NEW)
    wait_for_device(running.bus, "1-1", "12d1:1506")
    with Host(running.bus) as host:
        assert host.control(0xA1, 0xFE, index=4, length=1) == b"\0"
        inquiry, status = scsi(host, "120000002400", 36, interface=4)
        assert (inquiry[:2], status) == (b"\x00\x80", 0)
        assert scsi(host, "000000000000", interface=4) == (b"", 1)
        sense, _status = scsi(host, "030000001200", 18, interface=4)
        assert (sense[2], sense[12]) == (2, 0x3A)
