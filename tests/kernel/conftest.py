"""One guest for all kernel tests of a run: booted when the first result is asked for, shared by every worker."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import guest
import kernel_package

DEADLINE = 1200.0  # seconds for the whole guest


@pytest.fixture(scope="session")
def guest_results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of results, one folder a scenario in it; only scenarios that this run selected are played."""
    missing = guest.missing_packages()
    if missing:
        reason = f"a kernel test needs Debian packages: apt-get install {' '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent  # the folder that all workers of this run share
    selected = {item.callspec.params["scenario"] for item in request.session.items if hasattr(item, "callspec")
                and "scenario" in item.callspec.params}  # fmt: skip
    with (base / "guest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        results = base / "guest"
        if not results.exists():
            results.mkdir()
            chosen = [name for name in guest.SCENARIOS if name in selected]
            seconds = guest.run(kernel_package.obtain(), chosen, results, deadline=DEADLINE)
            (results / "seconds").write_text(f"{seconds:.1f}\n")
    return results
