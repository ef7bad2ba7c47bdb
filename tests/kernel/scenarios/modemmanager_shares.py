"""While we work on one dongle ModemManager leaves that one alone and keeps the other; it takes it back when we go.

usb-modeswitch's udev rule is active here: the Huawei is switched by the system before we see it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import bench
import lab
import modemmanager
import sysfs

bench.modeswitch_rule(True)
# The Quectel answers slowly, so that it is not done with before we see that it was begun.
made = lab.start("huawei-e3372", "quectel-ec25", faults=("slow=0.1@2",))
huawei, quectel = made.dongles
bench.wait_for("udev had the Huawei switched", lambda: sysfs.plugged().get(huawei.port) == "12d1:1506")
modemmanager.start()
both = {huawei.port, quectel.port}
before = bench.wait_for("both in ModemManager", lambda: modemmanager.modems(both))
command = ("provision", made.profile, "--sims", made.sims, "--device", quectel.port, "--yes", "--format", "json")


def held_by_modemmanager() -> set[str]:
    """The Quectel's ttys that ModemManager has open."""
    pid = subprocess.run(["pidof", "ModemManager"], capture_output=True, text=True, check=True).stdout.strip()
    ttys = {f"/dev/{name}" for name in sysfs.ttys(quectel.port).values()}
    opened = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            opened.add(str(link.readlink()))
    return opened & ttys


def alone() -> bool:
    """Whether ModemManager has the Huawei, the very same modem as before, and not the Quectel."""
    now = modemmanager.modems()
    paths = {port: modem["dbus-path"] for port, modem in now.items()}
    return paths == {huawei.port: before[huawei.port]["dbus-path"]}


def asked() -> int:
    """How many AT commands the Quectel has heard."""
    return int(lab.memory()[quectel.number]["commands"])


def begin(log: Path) -> subprocess.Popen[bytes]:
    """Start provisioning the Quectel, and stop it in the middle (SIGSTOP), where ModemManager has let the dongle go.

    Stopped, it is there for as long as we look; and what the Quectel still answers has come before it is killed: an
    answer to somebody who is gone would be taken for ModemManager's by ModemManager, and all that follow as well.
    """
    before = asked()
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "dongle_cli", *command], stdout=out, stderr=subprocess.STDOUT)

    def stopped() -> bool:
        if asked() == before:
            return False
        process.send_signal(signal.SIGSTOP)
        if alone():
            return True
        process.send_signal(signal.SIGCONT)
        return False

    bench.wait_for("ModemManager has let the Quectel go, and kept the Huawei", stopped)
    bench.same(process.poll(), None, "provision goes on")
    return process


def taken_back() -> None:
    """ModemManager gets the Quectel again, with nobody's help."""
    modem = bench.wait_for("both again", lambda: modemmanager.modems(both))[quectel.port]
    bench.same(modem["generic"]["equipment-identifier"], quectel.imei, "IMEI of the Quectel in ModemManager")


# Killed in the middle: nobody tells ModemManager but the end of our D-Bus connection.
process = begin(bench.OUT / "killed.log")
process.send_signal(signal.SIGKILL)
bench.same(process.wait(60), -signal.SIGKILL, "how the killed run ended")
taken_back()

process = begin(bench.OUT / "provision.log")
bench.same(held_by_modemmanager(), set(), "ttys of the Quectel that ModemManager has open meanwhile")
bench.same(alone(), True, "it still is without the Quectel")
process.send_signal(signal.SIGCONT)
process.wait(300)
answer = json.loads((bench.OUT / "provision.log").read_text().splitlines()[-1])
bench.same((answer["result"], answer["imei"]), ("ok", quectel.imei), "the run")
taken_back()
modemmanager.stop()
lab.stop()
