"""One guest for all kernel tests of a run: booted when the first result is asked for, shared by every worker."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import guest
import kernel_package

DEADLINE = 3600.0  # seconds for the whole guest, which takes a fifth of it on a machine that does nothing else


@pytest.fixture(scope="session")
def guest_results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of results, one folder a scenario in it; only scenarios that this run selected are played."""
    missing = guest.missing_packages()
    if missing:
        cannot(f"A kernel test needs Debian packages: apt-get install {' '.join(missing)}")
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent  # the folder that all workers of this run share
    with (base / "guest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        results = base / "guest"
        if not results.exists():
            try:
                kernel = kernel_package.obtain()
            except kernel_package.NoKernelError as error:
                cannot(f"A kernel test needs Debian's kernel: {error}")
            results.mkdir()
            seconds = guest.run(kernel, chosen(request.session), results, deadline=DEADLINE)
            (results / "seconds").write_text(f"{seconds:.1f}\n")
    return results


def chosen(session: pytest.Session) -> list[str]:
    """The scenarios that the selected tests ask for."""
    calls = [getattr(item, "callspec", None) for item in session.items]
    wanted = {call.params.get("scenario") for call in calls if call is not None}
    return [name for name in guest.SCENARIOS if name in wanted]


def cannot(reason: str) -> NoReturn:
    """Skip with the reason; where CI is set, what could not be tested is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
