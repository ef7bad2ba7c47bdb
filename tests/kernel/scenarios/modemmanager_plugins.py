"""ModemManager takes the lab's dongles for real ones, each with the plugin of its vendor."""

from __future__ import annotations

import bench
import lab
import modemmanager

PLUGINS = {"huawei-e3372": "huawei", "quectel-ec25": "quectel", "telit-le910": "telit"}

bench.modeswitch_rule(True)
dongles = lab.start(*PLUGINS, faults=("pin-locked@2",)).dongles
modemmanager.start()
modems = bench.wait_for("all three in ModemManager", lambda: modemmanager.modems({d.port for d in dongles}))
for dongle in dongles:
    modem = modems[dongle.port]
    bench.same(modem["generic"]["plugin"], PLUGINS[dongle.model], f"plugin of {dongle.model}")
    bench.same(modem["generic"]["equipment-identifier"], dongle.imei, f"IMEI of {dongle.model}")
    locked = dongle.model == "quectel-ec25"
    bench.same(modem["generic"]["state"], "locked" if locked else "disabled", f"state of {dongle.model}")
    bench.same(modem["generic"]["unlock-required"], "sim-pin" if locked else "--", f"lock of {dongle.model}")
    bench.same("sim-pin (3)" in modem["generic"]["unlock-retries"], True, f"three tries left in {dongle.model}")
modemmanager.stop()
lab.stop()
