"""One program a dongle: the lock, who holds it, what a kill leaves behind, and ModemManager."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dongle_cli.errors import DongleError
from dongle_cli.usb import sysfs
from dongle_cli.usb.claim import claim, keep
from dongle_cli.usb.device import Interface, UsbDevice
from dongle_cli.usb.holders import holders, program
from dongle_cli.usb.libusb import LibusbBus
from dongle_cli.usb.usbip import UsbipBus

HOLD = """
import sys
from dongle_cli.usb.claim import claim
from dongle_cli.usb.device import UsbDevice
with claim(UsbDevice("1-1.4", 1, 2)):
    print("held", flush=True)
    sys.stdin.read()
"""
DEVICE = UsbDevice("1-1.4", 1, 2)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Another process that holds 1-1.4."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_another_process_is_refused_with_the_holders_pid(other: subprocess.Popen[str]) -> None:
    with pytest.raises(DongleError) as error, claim(DEVICE):
        pass
    assert (error.value.code, error.value.exit_code) == ("port.held", 1)
    assert error.value.details["holders"] == [{"pid": other.pid, "program": "dongle-cli"}]
    assert str(other.pid) in error.value.message


def test_the_lock_dies_with_its_process(other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait(10)
    with claim(DEVICE):
        pass


def test_it_is_let_go_at_the_end_of_the_block_and_after_an_error(home: Path) -> None:
    for _again in range(2):
        with pytest.raises(ZeroDivisionError), claim(DEVICE):
            raise ZeroDivisionError
    lock = home / "lock" / "dongle-cli-1-1.4.lock"
    assert lock.read_text() == ""
    assert lock.stat().st_mode & 0o777 == 0o666, "the next person at the bench has another account"


def test_the_same_port_of_two_servers_are_two_ports() -> None:
    here, there = (UsbDevice("1-1", 1, 2, bus=UsbipBus("127.0.0.1", port)) for port in (1, 2))
    with claim(here), claim(there), claim(UsbDevice("1-1", 1, 2)):
        with pytest.raises(DongleError) as error, claim(UsbDevice("127.0.0.1:1/1-1", 1, 2, bus=here.bus)):
            pass
        assert error.value.details["holders"] == [{"pid": os.getpid(), "program": "dongle-cli"}]


def test_a_link_in_the_place_of_the_lock_is_not_followed(home: Path) -> None:
    precious = home / "precious"
    precious.write_text("kept")
    (home / "lock").mkdir()
    (home / "lock" / "dongle-cli-1-1.4.lock").symlink_to(precious)
    with pytest.raises(DongleError) as error, claim(DEVICE):
        pass
    assert error.value.code == "port.lock"
    assert precious.read_text() == "kept"


def test_holders_names_the_programs_that_have_a_file_open(home: Path) -> None:
    path = home / "file"
    path.touch()
    assert holders(str(path)) == []
    with path.open():
        assert holders(str(path)) == [(os.getpid(), program(os.getpid()))]
        link = home / "link"
        link.symlink_to(path)
        assert holders(str(link)) == [(os.getpid(), program(os.getpid()))]


class ModemManager:
    """What ModemManager answers to InhibitDevice, on a D-Bus of its own; `answers` are played one a call."""

    def __init__(self, answers: list[str | None], exported: str | None = None) -> None:
        from jeepney import message_bus
        from jeepney.io.blocking import open_dbus_connection

        self.calls: list[tuple[str, bool]] = []
        self.answers = answers
        self.bus = open_dbus_connection(bus="SYSTEM")
        self.bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.ModemManager1"))
        self.exported = exported
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        from jeepney import HeaderFields, MessageType, new_error, new_method_return

        while True:
            try:
                message: Any = self.bus.receive()
            except (OSError, EOFError, ValueError):
                return
            if message.header.message_type is not MessageType.method_call:
                continue
            if message.header.fields[HeaderFields.member] == "InhibitDevice":
                self.calls.append(message.body)
                answer = self.answers.pop(0) if self.answers else None
                self.bus.send(new_error(message, answer) if answer else new_method_return(message))
            else:
                modems = {"/Modem/0": {"org.freedesktop.ModemManager1.Modem": {"Device": ("s", self.exported)}}}
                self.bus.send(new_method_return(message, "a{oa{sa{sv}}}", (modems if self.exported else {},)))


@pytest.fixture
def system_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bus of this test's own."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon (Debian package dbus-daemon)")
    config = tmp_path / "bus.conf"
    folder = Path(tempfile.mkdtemp(prefix="bus-"))  # short: a Unix socket's path is at most 107 bytes
    config.write_text(
        "<busconfig><type>custom</type>"
        f"<listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>"
        '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
        '<allow own="*"/>'
        '<allow user="*"/></policy></busconfig>'
    )
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon.stdout.readline().strip())
    yield
    daemon.kill()
    daemon.wait()
    shutil.rmtree(folder)


@pytest.fixture
def modem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsbDevice:
    """A device with its folder in sysfs."""
    (tmp_path / "sys" / "1-1.4").mkdir(parents=True)
    monkeypatch.setattr(sysfs, "ROOT", tmp_path / "sys")
    return UsbDevice("1-1.4", 1, 2, (Interface(0, 255, 0, 0, tty="/dev/ttyUSB0"),), bus=LibusbBus())


ERROR = "org.freedesktop.ModemManager1.Error.Core."


def test_modemmanager_is_asked_once_by_the_path_in_sysfs(system_bus: None, modem: UsbDevice, home: Path) -> None:
    manager = ModemManager([])
    with claim(modem):
        keep(modem)
    assert manager.calls == [(str(home / "sys" / "1-1.4"), True)]


def test_modemmanager_is_waited_for_while_it_probes(system_bus: None, modem: UsbDevice) -> None:
    manager = ModemManager([ERROR + "WrongState", ERROR + "WrongState"])
    said: list[str] = []
    with claim(modem, said.append):
        assert len(manager.calls) == 3
    assert len(said) == 1
    assert "ModemManager" in said[0]


@pytest.mark.parametrize("answer", [ERROR + "InProgress", ERROR + "NotFound", "org.freedesktop.DBus.Error.NoReply"])
def test_a_device_it_does_not_hold_needs_no_inhibition(system_bus: None, modem: UsbDevice, answer: str) -> None:
    manager = ModemManager([answer] * 50)
    with claim(modem):
        assert manager.calls


def test_its_refusal_is_an_error_and_leaves_no_lock(system_bus: None, modem: UsbDevice, home: Path) -> None:
    manager = ModemManager([ERROR + "Unauthorized"], exported=str(home / "sys" / "1-1.4"))
    with pytest.raises(DongleError) as error, claim(modem):
        pass
    assert error.value.code == "port.held"
    assert "ModemManager" in error.value.message
    with claim(modem):
        assert len(manager.calls) == 2


def test_its_refusal_does_not_matter_for_a_device_it_does_not_have(system_bus: None, modem: UsbDevice) -> None:
    manager = ModemManager(["org.freedesktop.DBus.Error.AccessDenied"], exported="/sys/devices/other")
    with claim(modem):
        assert len(manager.calls) == 1


def test_without_modemmanager_or_a_bus_there_is_nothing_to_ask(
    modem: UsbDevice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with claim(modem):
        pass
