"""Volume shadow copies of a real NTFS: what stands only there is found and named so, what is live as well is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_reading import Seen, gaps, seen, text_limits

from dongle_cli.audit.model import State

REAL = Path(__file__).resolve().parents[3] / "shared" / "images" / "vsstest.qcow2"


@pytest.fixture
def image() -> Path:
    """A qcow2 with an NTFS that has two shadow copies."""
    if not REAL.exists():
        pytest.skip(f"the real images are not beside the repository ({REAL})")
    return REAL


def test_a_file_that_only_a_shadow_copy_keeps(image: Path) -> None:
    found = seen(image, limits=text_limits())
    assert {one for one in found if one.state is State.SHADOW} == {
        Seen("syslog", "txt", State.SHADOW, evidence="policy", store=1)
    }
    assert {one.path for one in found if one.state is State.LIVE} == {"another_file", "password.txt", "syslog.gz"}
    assert gaps(image, limits=text_limits()) == []


def test_several_processes_find_the_same(image: Path) -> None:
    assert seen(image, limits=text_limits(), jobs=2) == seen(image, limits=text_limits())
