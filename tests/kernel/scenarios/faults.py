"""What vanishes or falls silent under the kernel's drivers is named as such; the dongle beside it is provisioned."""

from __future__ import annotations

import json

import bench
import lab

bench.modeswitch_rule(False)
made = lab.start(
    "quectel-ec25", "cdc-acm", "abit-ak020", "quectel-ec25", faults=("drop=20@1", "deaf=20@2", "gone=20@3")
)
command = ("provision", made.profile, "--sims", made.sims, "--all", "--yes", "--format", "json")
done = bench.dongle_cli(*command, check=False)
answers = {answer["port"]: answer for answer in map(json.loads, done.stdout.splitlines())}
codes = [answers[dongle.port]["code"] for dongle in made.dongles]
bench.same(codes, ["usb.vanished", "at.silent", "usb.vanished", None], "codes")
bench.same(done.returncode, 4, "exit code")
memory = lab.status()
right = [context["password_right"] for context in memory[4]["contexts"]]
bench.same(right, [True], "the fourth has the profile, and no other")
bench.same([own["pin_tries"] for own in memory.values()], [3, 3, 3, 3], "PIN tries left")
lab.stop()
