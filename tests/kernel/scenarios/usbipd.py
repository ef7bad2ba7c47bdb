"""Linux's own USB/IP server as a stranger: usbipd exports two sticks of this kernel, and no driver of it is used.

usbip(8) refuses to export what came over USB/IP itself, so usbip-host gets the sticks through sysfs, as from it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import bench
import lab

HOST = Path("/sys/bus/usb/drivers/usbip-host")
BUS = "usbip://127.0.0.1:3240"

made = lab.start("quectel-ec25", "cdc-acm")
bench.run("modprobe", "usbip_host")
for dongle in made.dongles:
    (HOST / "match_busid").write_text(f"add {dongle.port}")
    for interface in Path("/sys/bus/usb/devices").glob(f"{dongle.port}:*"):
        if (interface / "driver").exists():
            (interface / "driver" / "unbind").write_text(interface.name)
    Path("/sys/bus/usb/drivers/usb/unbind").write_text(dongle.port)
    (HOST / "bind").write_text(dongle.port)
server = subprocess.Popen(["usbipd", "-4"])
bench.wait_for("usbipd listens", lambda: ":0CA8 " in Path("/proc/net/tcp").read_text())  # 3240


def lines(*args: str) -> dict[str, dict[str, object]]:
    """The JSON lines of a command that knows of no bus but usbipd, by port."""
    done = bench.run(sys.executable, "-m", "dongle_cli", *args, "--format", "json", check=False, DONGLE_BUS=BUS)
    return {answer["port"]: answer for answer in map(json.loads, done.stdout.splitlines())}


bench.same({port: row["mode"] for port, row in lines("list").items()},
           {dongle.port: "modem" for dongle in made.dongles}, "what usbipd exports")  # fmt: skip
command = ("provision", made.profile, "--sims", made.sims, "--all", "--yes")
for run in ("ok", "already"):
    bench.same({port: (row["imei"], row["result"]) for port, row in lines(*command).items()},
               {dongle.port: (dongle.imei, run) for dongle in made.dongles}, f"provisioned: {run}")  # fmt: skip
memory = lab.status()
for dongle in made.dongles:
    context = memory[dongle.number]["contexts"][0]
    bench.same((context["apn"], context["auth"], context["password_right"]), ("closed.pref.example", "chap", True),
               f"context 1 of {dongle.model}")  # fmt: skip
server.terminate()
server.wait(60)
for dongle in made.dongles:
    (HOST / "match_busid").write_text(f"del {dongle.port}")
lab.stop()
