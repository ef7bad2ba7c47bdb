"""Debian's usb_modeswitch, with Debian's data, switches the lab's storage faces, by hand and from its udev rule."""

from __future__ import annotations

import tarfile
from pathlib import Path

import bench
import lab
import sysfs

# Model to what it is before and after: Huawei's new mode, the standard eject twice, a message twice.
STICKS = {
    "huawei-e3372": ("12d1:14fe", "12d1:1506"),
    "abit-ak020": ("15eb:a403", "15eb:7d0e"),
    "lg-l02c": ("1004:61dd", "1004:618f"),
    "fs01bu": ("1c9e:98ff", "1c9e:6801"),
    "zte-1428": ("19d2:1421", "19d2:1428"),
}
DATA = "/usr/share/usb_modeswitch/configPack.tar.gz"


def plugged_as(side: int) -> bool:
    """Whether every stick is what it is before (0) or after (1) the switch, under the port where it was."""
    now = sysfs.plugged()
    return all(now.get(dongle.port) == STICKS[dongle.model][side] for dongle in sticks)


bench.modeswitch_rule(False)
sticks = lab.start(*STICKS).dongles
bench.same(plugged_as(0), True, "all are storage devices out of the box")
with tarfile.open(DATA) as pack:
    for before, _after in STICKS.values():
        member = pack.extractfile(before)
        assert member is not None
        config = Path("/run") / before
        config.write_bytes(member.read())
        vendor, product = before.split(":")
        bench.run("usb_modeswitch", "-W", "-v", vendor, "-p", product, "-c", str(config))
bench.wait_for("all are modems where they were", lambda: plugged_as(1))
lab.stop()

bench.modeswitch_rule(True)
sticks = lab.start(*STICKS).dongles
bench.wait_for("udev had all of them switched", lambda: plugged_as(1))
lab.stop()
bench.modeswitch_rule(False)
