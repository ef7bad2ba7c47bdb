"""What the scenarios do in the guest: plug, look, wait, compare. Everything runs the real programs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Done = subprocess.CompletedProcess[str]
OUT = Path(os.environ["BENCH_OUT"])
MODESWITCH_RULE = Path("/etc/udev/rules.d/40-usb_modeswitch.rules")
SECONDS = 200.0  # for whatever a program, the kernel or a service has to do, however busy the machine is


class Failed(AssertionError):
    """A fact is not as the scenario wants it."""


def same(got: object, wanted: object, what: str) -> None:
    """Fail unless `got` equals `wanted`."""
    if got != wanted:
        raise Failed(f"{what}:\n  wanted {wanted!r}\n  got    {got!r}")
    say(f"{what}: {got!r}")


def say(text: str) -> None:
    """A line for the log, with the guest's uptime."""
    print(f"[{time.monotonic():7.1f}] {text}", flush=True)


def run(*command: str, check: bool = True, **environment: str) -> Done:
    """Run a program to its end; with `check`, a status other than 0 fails the scenario with all it said."""
    began = time.monotonic()
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=SECONDS)
    say(f"$ {' '.join(command)}  -> {done.returncode} in {time.monotonic() - began:.1f} s\n{done.stdout}{done.stderr}")
    if check and done.returncode:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}")
    return done


def dongle_cli(*args: str, check: bool = True) -> Done:
    """Run the program under test as its users do."""
    return run(sys.executable, "-m", "dongle_cli", *args, check=check)


def wait_for(what: str, look: Callable[[], T]) -> T:
    """The first true answer of `look`, asked again and again; fails when the time is up."""
    end = time.monotonic() + SECONDS
    while True:
        began = time.monotonic()
        answer = look()
        if answer:
            say(f"{what}: there")
            return answer
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {SECONDS:.0f} s")
        # A look that starts programs takes seconds here, and what it waits for needs the processors too.
        time.sleep(max(0.1, time.monotonic() - began))


def becomes(look: Callable[[], object], wanted: object, what: str) -> None:
    """Fail unless what `look` finds equals `wanted` soon: the kernel shows a device before its drivers are done."""
    end = time.monotonic() + SECONDS
    while (got := look()) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    same(got, wanted, what)


def settle() -> None:
    """Wait until udev has nothing left to do."""
    run("udevadm", "settle", "--timeout=120")


def modeswitch_rule(active: bool) -> None:
    """Let usb-modeswitch's own udev rule act, or mask it the way udev(7) says: an empty file of its name in /etc."""
    if active:
        MODESWITCH_RULE.unlink(missing_ok=True)
    else:
        MODESWITCH_RULE.write_text("")
    run("udevadm", "control", "--reload")
