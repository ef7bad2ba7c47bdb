"""The kernel binds the virtual dongles with the drivers that it has for the real ones."""

from __future__ import annotations

import bench
import lab
import sysfs

bench.modeswitch_rule(False)
lab.start("huawei-e3372", "quectel-ec25", "cdc-acm", "abit-ak020")
where = {usb: bench.wait_for(usb, lambda: sysfs.ports(usb))[0] for usb in ("12d1:14fe", "2c7c:0125", "1d6b:0104")}
bench.settle()

huawei = where["12d1:14fe"]
bench.same(sysfs.drivers(huawei), {0: "usb-storage"}, "the Huawei in storage mode")
bench.wait_for("its CD-ROM drive", lambda: sysfs.disks(huawei))

quectel = where["2c7c:0125"]
bench.same(list(sysfs.drivers(quectel).values()), ["option"] * 4 + ["qmi_wwan"], "the Quectel's interfaces")
bench.same(list(sysfs.ttys(quectel)), [0, 1, 2, 3], "the Quectel's interfaces with a ttyUSB")

acm = where["1d6b:0104"]
bench.same(sysfs.drivers(acm), {0: "cdc_acm", 1: "cdc_acm"}, "the CDC-ACM stick's interfaces")
bench.same(list(sysfs.ttys(acm).values()), ["ttyACM0"], "its tty")

# usb_modeswitch knows how to switch the Abit; no kernel knows it afterwards.
bench.run("usb_modeswitch", "-v", "15eb", "-p", "a403", "-K")
(abit,) = bench.wait_for("the Abit as a modem", lambda: sysfs.ports("15eb:7d0e"))
bench.settle()
bench.same(set(sysfs.drivers(abit).values()), {None}, "drivers of the Abit as a modem")
lab.stop()
