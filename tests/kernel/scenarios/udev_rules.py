"""With our udev rules installed a member of the group `dongle` provisions without being root, and no one else can.

The rules also tell `option` of a modem that this kernel does not know: it gets its ttys then.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import bench
import lab
import sysfs


def reachable(path: Path) -> None:
    """Let every user of the guest go down to `path`: the machine's own folders may be root's alone."""
    for folder in (path, *path.parents):
        if folder.is_dir():
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)


def as_user(name: str, *args: str) -> bench.Done:
    """Run the program as another user, with that user's groups and a home of its own."""
    home = Path("/run") / name
    if not home.exists():
        home.mkdir()
        os.chown(home, int(bench.run("id", "-u", name).stdout), -1)
    command = (sys.executable, "-m", "dongle_cli", *args)
    return bench.run("setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", *command,
                     check=False, HOME=str(home), DONGLE_HOME=str(home))  # fmt: skip


for place in (Path(sys.executable), Path(sys.executable).resolve(), Path(sys.prefix), Path.cwd()):
    reachable(place)
bench.modeswitch_rule(False)
bench.dongle_cli("setup", "udev", "--install", "--new-id", "--yes")
again = json.loads(bench.dongle_cli("setup", "udev", "--install", "--new-id", "--yes", "--format", "json").stdout)
bench.same(again["result"], "already", "the second installation")
bench.run("useradd", "--groups", "dongle", "member")
bench.run("useradd", "stranger")

made = lab.start("quectel-ec25", "abit-ak020")
quectel, abit = made.dongles
for file in (made.profile, made.sims):
    reachable(Path(file).parent)
    Path(file).chmod(0o644)

refused = as_user("stranger", "show", "--device", quectel.port, "--format", "json")
bench.same(json.loads(refused.stderr.splitlines()[-1])["error"]["code"], "usb.permission", "what a stranger is told")
bench.same(refused.returncode, 1, "exit code for a stranger")

done = as_user("member", "provision", made.profile, "--sims", made.sims, "--all", "--yes", "--format", "json")
results = {answer["port"]: answer["result"] for answer in map(json.loads, done.stdout.splitlines())}
bench.same(results, {quectel.port: "ok", abit.port: "ok"}, "what a member of the group gets done")
bench.same(sysfs.plugged()[abit.port], "15eb:7d0e", "the Abit afterwards")
bench.wait_for("its ttys", lambda: sysfs.ttys(abit.port))
bench.same({sysfs.drivers(abit.port)[number] for number in sysfs.ttys(abit.port)}, {"option"}, "their driver")
memory = lab.status()
for dongle in made.dongles:
    bench.same(memory[dongle.number]["contexts"][0]["password_right"], True, f"{dongle.model} has the profile")
lab.stop()
Path("/etc/udev/rules.d/70-dongle-cli.rules").unlink()
bench.run("udevadm", "control", "--reload")
