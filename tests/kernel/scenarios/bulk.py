"""Sticks that no driver of this kernel knows are switched and provisioned over their bulk endpoints, through libusb."""

from __future__ import annotations

import json

import bench
import lab
import sysfs

MODEMS = {"abit-ak020": "15eb:7d0e", "ncxx-ux302nc": "11f6:1034"}

bench.modeswitch_rule(False)
made = lab.start(*MODEMS)
done = bench.dongle_cli("provision", made.profile, "--sims", made.sims, "--all", "--yes", "--format", "json",
                        check=False)  # fmt: skip
answers = {answer["port"]: answer for answer in map(json.loads, done.stdout.splitlines())}
memory = lab.status()
for dongle in made.dongles:
    bench.same(sysfs.plugged()[dongle.port], MODEMS[dongle.model], f"{dongle.model} after the switch")
    bench.same(sysfs.ttys(dongle.port), {}, f"ttys of {dongle.model}")
    context = memory[dongle.number]["contexts"][0]
    bench.same((context["apn"], context["auth"], context["password_right"]), ("closed.pref.example", "chap", True),
               f"context 1 of {dongle.model}")  # fmt: skip
bench.same({port: answer["result"] for port, answer in answers.items()},
           {dongle.port: "ok" for dongle in made.dongles}, "results")  # fmt: skip
lab.stop()
