"""The guest has what the other scenarios take for granted: USB/IP, the modem drivers, udev, ModemManager."""

from __future__ import annotations

from pathlib import Path

import bench

DRIVERS = ["option", "qcserial", "sierra", "cdc_acm", "usb_storage", "sr_mod", "qmi_wwan", "huawei_cdc_ncm", "cdc_mbim"]

bench.run("modprobe", "-a", "vhci_hcd", *DRIVERS)
loaded = {line.split()[0] for line in Path("/proc/modules").read_text().splitlines()}
bench.same(sorted({"vhci_hcd", *DRIVERS} - loaded), [], "modules that did not load")
bench.same(Path("/proc/1/comm").read_text().strip(), "systemd", "process 1")
bench.run("systemctl", "is-active", "systemd-udevd")
bench.run("systemctl", "start", "ModemManager")
bench.run("mmcli", "-L")
bench.run("systemctl", "stop", "ModemManager")
