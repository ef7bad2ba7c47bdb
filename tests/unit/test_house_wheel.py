"""What `pip install` brings: every file of the package, data and translations too, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build
from dongle_cli.audit.sources import swift

ROOT = Path(__file__).resolve().parents[2]

BEST = "from dongle_cli.audit.sources import swift; print(swift.is_there())"


@pytest.fixture(scope="module", params=["pure", "compiled"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each wheel as its build backend makes it, in a process of its own: backends look at where they are started."""
    if request.param == "compiled" and not swift.is_there() and not os.environ.get("CI"):
        pytest.skip("there was no C compiler when this was installed")
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"HATCH_BUILD_NO_HOOKS": str(request.param == "pure")},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder / made.stdout.split()[-1]


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {path.relative_to(ROOT) for path in (ROOT / "dongle_cli").rglob("*") if path.is_file()}
    wanted = {
        str(path) for path in files if path.parent.name != "__pycache__" and path.suffix not in (".c", ".h", ".so")
    }
    compiled = {"dongle_cli/audit/sources/_native.abi3.so"} if "abi3" in wheel.name else set()
    assert held == wanted | compiled
    assert {Path(name).suffix for name in held} >= {".py", ".toml", ".json", ".mo"}


def test_the_installed_program_finds_its_models_texts_and_migrations(wheel: Path, tmp_path: Path) -> None:
    """Run from the unpacked wheel, far from the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DONGLE_", "LC_", "LANG"))}
    environment |= {"PYTHONPATH": str(tmp_path / "site"), "DONGLE_HOME": str(tmp_path / "home"), "PYTHONSAFEPATH": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("-c", "import dongle_cli; print(dongle_cli.__file__)").startswith(str(tmp_path))
    assert run("-c", BEST).strip() == str("abi3" in wheel.name)
    assert "使い方" in run("-m", "dongle_cli", "--lang", "ja", "--help")
    assert "12d1" in run("-m", "dongle_cli", "setup", "udev", "--print")
    run("-m", "dongle_cli", "register", "runs")
    assert (tmp_path / "home" / "data" / "register.db").exists()


def test_what_is_being_compiled_is_no_file_that_a_wheel_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wheels may be packed at once; git, and so the backend, ignores every .so but the finished one."""
    (tmp_path / hatch_build.SOURCES).mkdir(parents=True)
    compiler = tmp_path / "cc"
    compiler.write_text(f'while [ "$1" != -o ]; do shift; done\nprintf %s "$2" >{tmp_path}/named\nexit 1\n')
    monkeypatch.setenv("CC", f"sh {compiler}")
    assert hatch_build.compile_into(tmp_path)
    unfinished = Path((tmp_path / "named").read_text())
    assert unfinished.suffix == ".so" and unfinished.name != hatch_build.BUILT.name
