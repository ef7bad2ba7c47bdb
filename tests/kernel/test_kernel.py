"""What a stock Debian kernel and Debian's own programs make of the virtual dongles, and what we do on top of them."""

from __future__ import annotations

import json
from pathlib import Path

import guest
import pytest

# The first test of a run waits for the whole guest.
pytestmark = [pytest.mark.kernel, pytest.mark.strangers, pytest.mark.timeout(4200)]


@pytest.mark.parametrize("scenario", guest.SCENARIOS)
def test_scenario(scenario: str, guest_results: Path) -> None:
    """A scenario that ran in the guest passed there; its folder holds what the machine looked like if it did not."""
    folder = guest_results / scenario
    answer = folder / "result.json"
    if not answer.exists():
        console = (guest_results / "console").read_text(errors="replace")[-3000:]
        pytest.fail(
            f"The guest ended before {scenario} did; see {guest_results}. Its console:\n{console}", pytrace=False
        )
    result = json.loads(answer.read_text())
    if result["result"] != "passed":
        log = (folder / "log").read_text(errors="replace")[-6000:]
        pytest.fail(f"{scenario} {result['result']} after {result['seconds']} s; see {folder}:\n{log}", pytrace=False)


def test_packages_are_listed() -> None:
    """What the skip message tells a person to install is what packages.txt installs."""
    listed = set((Path(__file__).parent / "packages.txt").read_text().split())
    assert set(guest.PROGRAMS.values()) - listed <= {"apt", "dpkg"}
