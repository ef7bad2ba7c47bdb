"""Three sticks out of the box, one profile, one SIM list, one command; and the same command again changes nothing.

usb-modeswitch's udev rule is masked here, so that the Huawei still is a CD-ROM when the command starts, as on a machine
without that package: the switch is ours. The scenario `modemmanager_shares` runs with the rule active.
"""

from __future__ import annotations

import json

import bench
import lab
import sysfs

bench.modeswitch_rule(False)
made = lab.start("huawei-e3372", "quectel-ec25", "cdc-acm")
huawei, quectel, acm = made.dongles


def lines(*args: str, check: bool = True) -> dict[str, dict[str, object]]:
    """The JSON lines of a command, by port."""
    done = bench.dongle_cli(*args, "--format", "json", check=check)
    return {answer["port"]: answer for answer in map(json.loads, done.stdout.splitlines())}


listed = lines("list")
bench.same({port: row["mode"] for port, row in listed.items()},
           {huawei.port: "storage", quectel.port: "modem", acm.port: "modem"}, "modes in the list")  # fmt: skip
bench.same(listed[quectel.port]["usb"], "2c7c:0125", "the Quectel in the list")
bench.same(listed[acm.port]["at_ports"], [f"/dev/{sysfs.ttys(acm.port)[0]}"], "AT ports of the CDC-ACM stick")

command = ("provision", made.profile, "--sims", made.sims, "--all", "--yes")
first = lines(*command, check=False)
bench.same({port: row["result"] for port, row in first.items()},
           {dongle.port: "ok" for dongle in made.dongles}, "the first run")  # fmt: skip
bench.same({port: (row["imei"], row["iccid"]) for port, row in first.items()},
           {dongle.port: (dongle.imei, dongle.iccid) for dongle in made.dongles}, "who they are")  # fmt: skip
bench.same(sysfs.plugged()[huawei.port], "12d1:1506", "the Huawei afterwards")

memory = lab.status()
for dongle in made.dongles:
    own = memory[dongle.number]
    bench.same([c["cid"] for c in own["contexts"]], [1], f"contexts in the memory of {dongle.model}")
    context = own["contexts"][0]
    bench.same((context["apn"], context["auth"], context["password_right"]), ("closed.pref.example", "chap", True),
               f"context 1 of {dongle.model}")  # fmt: skip
    bench.same(own["attached"], True, f"{dongle.model} is attached")
    bench.same((own["pin_tries"], own["puk_tries"]), (3, 10), f"tries left in {dongle.model}")

second = lines(*command, check=False)
bench.same({port: row["result"] for port, row in second.items()},
           {dongle.port: "already" for dongle in made.dongles}, "the second run")  # fmt: skip
contexts = {number: own["contexts"] for number, own in lab.status().items()}
bench.same(contexts, {number: own["contexts"] for number, own in memory.items()}, "their memory after it")
lab.stop()
