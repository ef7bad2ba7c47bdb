"""A stick that stalls SET_CONTROL_LINE_STATE cannot be opened by pyserial alone; we talk to it all the same.

With `option` bound, that is: `cdc_acm` swallows the refusal (its TIOCMSET compares with what was asked for when the tty
was opened, and asks no more).
"""

from __future__ import annotations

import errno
import json

import bench
import lab
import serial
import sysfs

(quectel,) = lab.start("quectel-ec25", faults=("no-dtr",)).dongles
bench.becomes(lambda: list(sysfs.ttys(quectel.port)), [0, 1, 2, 3], "the interfaces of the Quectel with a tty")
tty = f"/dev/{sysfs.ttys(quectel.port)[2]}"
try:
    serial.Serial(tty, 115200).close()
except OSError as error:
    bench.same(error.errno, errno.EPIPE, "what pyserial says")
else:
    raise bench.Failed("pyserial opened it: the stick did not refuse the DTR request")

answer = json.loads(bench.dongle_cli("show", "--device", tty, "--format", "json").stdout)
bench.same((answer["imei"], answer["iccid"]), (quectel.imei, quectel.iccid), "what show reads")
lab.stop()
