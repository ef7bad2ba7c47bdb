"""Sticks switched by us all at once, one of them back as a CD-ROM first; then restarted, and read again.

The restart is the modem's own (a reset by AT command): the kernel sees each leave its port and come back to it, the ZTE
as a CD-ROM once more.
"""

from __future__ import annotations

import json

import bench
import lab
import sysfs

MODEMS = {
    "huawei-e3372": "12d1:1506",
    "zte-0117": "19d2:0117",
    "lg-l02c": "1004:618f",
    "abit-ak020": "15eb:7d0e",
    "quectel-ec25": "2c7c:0125",
}

bench.modeswitch_rule(False)
made = lab.start(*MODEMS, faults=("storage-again=1@1",))
boots = {number: own["boots"] for number, own in lab.status().items()}
command = ("provision", made.profile, "--sims", made.sims, "--all", "--yes", "--replug", "--format", "json")
done = bench.dongle_cli(*command, check=False)
answers = {answer["port"]: answer for answer in map(json.loads, done.stdout.splitlines())}
memory = lab.status()
for dongle in made.dongles:
    answer = answers[dongle.port]
    bench.same((answer["result"], answer["code"]), ("ok", None), f"result of {dongle.model}")
    steps = {step["step"] for step in answer["steps"]}
    bench.same({"replug", "read-again"} <= steps, True, f"{dongle.model} was restarted and read again")
    bench.same("switch" in steps, dongle.model != "quectel-ec25", f"{dongle.model} was switched by us")
    bench.same(sysfs.plugged()[dongle.port], MODEMS[dongle.model], f"{dongle.model} in the end")
    own = memory[dongle.number]
    bench.same([context["password_right"] for context in own["contexts"]], [True], f"contexts of {dongle.model}")
    bench.same(own["boots"] > boots[dongle.number], True, f"{dongle.model} has come back since")
lab.stop()
