"""The kernel binds the virtual dongles with the drivers that it has for the real ones."""

from __future__ import annotations

import bench
import lab
import sysfs

bench.modeswitch_rule(False)
huawei, quectel, acm, abit = lab.start("huawei-e3372", "quectel-ec25", "cdc-acm", "abit-ak020").dongles

bench.same(sysfs.plugged()[huawei.port], "12d1:14fe", "the Huawei out of the box")
bench.becomes(lambda: sysfs.drivers(huawei.port), {0: "usb-storage"}, "its driver")
bench.wait_for("its CD-ROM drive", lambda: sysfs.disks(huawei.port))

bench.becomes(
    lambda: list(sysfs.drivers(quectel.port).values()), ["option"] * 4 + ["qmi_wwan"], "the Quectel's interfaces"
)
bench.becomes(lambda: list(sysfs.ttys(quectel.port)), [0, 1, 2, 3], "its interfaces with a ttyUSB")

bench.becomes(lambda: sysfs.drivers(acm.port), {0: "cdc_acm", 1: "cdc_acm"}, "the CDC-ACM stick's interfaces")
bench.becomes(lambda: list(sysfs.ttys(acm.port).values()), ["ttyACM0"], "its tty")

# A plain eject makes the Abit a modem; no driver of this kernel knows it then.
bench.run("usb_modeswitch", "-v", "15eb", "-p", "a403", "-K")
bench.wait_for("the Abit as a modem", lambda: sysfs.ports("15eb:7d0e") == [abit.port] and sysfs.whole(abit.port))
bench.settle()
bench.same({sysfs.drivers(abit.port)[number] for number in (0, 1, 2)}, {None}, "drivers of its serial interfaces")
bench.same(sysfs.ttys(abit.port), {}, "its ttys")
lab.stop()
