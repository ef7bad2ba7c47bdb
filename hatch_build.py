"""Builds the audit's compiled inner loops into the wheel where there is a C compiler; without one the wheel is pure.

The program does the same either way (dongle_cli/audit/sources/swift.py), only slower. HATCH_BUILD_NO_HOOKS=true makes
the pure wheel on any machine.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path("dongle_cli/audit/sources/native")
BUILT = SOURCES.with_name("_native.abi3.so")  # Python's stable ABI: one file for 3.11 and all that follow
FLAGS = (
    "-O2",
    "-std=gnu11",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-fstack-protector-strong",
    "-Wl,-z,relro,-z,now",
)


class Compiled(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tag the wheel for this kind of machine; or say why not, and go on."""
        if sys.platform != "linux" or sys.implementation.name != "cpython":
            return
        trouble = compile_into(Path(self.root))
        if trouble:
            self.app.display_warning(f"without the compiled inner loops: {trouble}")
            return
        build_data["artifacts"].append(f"/{BUILT}")
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def compile_into(root: Path) -> str:
    """Put the module where Python finds it, whole or not at all; why it could not be made, or nothing."""
    compiler = shlex.split(os.environ.get("CC", "")) or [shutil.which("cc") or shutil.which("gcc") or "cc"]
    # Ignored by git, as the module is: a wheel that somebody packs meanwhile must not hold it, nor miss it half-way.
    unfinished = root / BUILT.with_suffix(f".{os.getpid()}.so")
    sources = sorted(map(str, (root / SOURCES).glob("*.c")))
    command = [*compiler, *FLAGS, f"-I{sysconfig.get_path('include')}", "-o", str(unfinished), *sources]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode == 0:
            unfinished.replace(root / BUILT)
            return ""
        return f"{compiler[0]} ended with {done.returncode}: {done.stderr.strip().partition(chr(10))[0]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        unfinished.unlink(missing_ok=True)
