"""What a run is about: one profile, one SIM list, the rules of the day, and what its dongles share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.provision.pin import PinGate
from dongle_cli.provision.profile import ApnProfile
from dongle_cli.provision.sims import Sims
from dongle_cli.register.register import Register


class Roll:
    """Which port showed which IMEI in this run: the same one twice is a cloned dongle or a swapped label."""

    def __init__(self) -> None:
        self._ports: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def enter(self, imei: str, port: str) -> None:
        """Note that `port` shows `imei`."""
        with self._lock:
            self._ports.setdefault(imei, set()).add(port)

    def check(self, imei: str, port: str) -> None:
        """DongleError `modem.imei-twice` where another port shows `imei`, too."""
        with self._lock:
            others = sorted(self._ports.get(imei, set()) - {port})
        if others:
            raise DongleError(
                _("{port}: IMEI {imei} is shown by {other}, too.").format(
                    port=port, imei=imei, other=", ".join(others)
                ),
                code="modem.imei-twice",
                hint=_("Compare the labels on the dongles. Put both aside: an IMEI must be unique."),
                other=others,
            )


@dataclass(frozen=True)
class Job:
    """The same for every dongle of a run; `progress(port, text)` is told what each is doing."""

    profile: ApnProfile
    sims: Sims | None
    register: Register
    kind: str = "provision"  # or "flash": what the register and the evidence call the run
    run_id: str = ""
    switch: bool = True  # make modems of sticks that show a CD-ROM
    unlock: bool = True  # send PINs
    attach: bool = True  # prove by registration
    replug: bool = False  # power-cycle and read again
    dry_run: bool = False
    force: bool = False
    record_to: Path | None = None
    progress: Callable[[str, str], None] = lambda _port, _text: None
    report_defect: Callable[[Exception], object] = lambda _error: None  # keeps a trace and says where
    operator: str = ""
    checker: str = ""
    bench: str = ""
    gate: PinGate = field(default_factory=PinGate)
    roll: Roll = field(default_factory=Roll)
