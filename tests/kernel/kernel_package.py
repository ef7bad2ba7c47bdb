"""The kernel of the guest: what Debian's `linux-image-amd64` depends on, downloaded and unpacked, never installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Where Debian has its programs; the PATH of people who are not root leaves half of it out.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
META_PACKAGE = "linux-image-amd64"


class NoKernelError(Exception):
    """Debian's kernel cannot be had here; the text says why."""


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel package: its release, its image and the folder that becomes /lib/modules in the guest."""

    release: str
    image: Path
    modules: Path


def cache_dir() -> Path:
    """Where kernels stay between runs: 400 MB that nobody wants to unpack twice."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "dongle-cli-tests"


def obtain() -> Kernel:
    """The newest kernel that apt knows, from the cache or from Debian; NoKernelError with apt's words."""
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test workers, one download
        package = _dependency()
        tree = cache / package
        if not tree.exists():
            _unpack(package, tree)
    release = package.removeprefix("linux-image-")
    return Kernel(release, tree / "boot" / f"vmlinuz-{release}", tree / "lib" / "modules")


def _dependency() -> str:
    """The package name that the meta package stands for, such as linux-image-6.1.0-56-amd64."""
    listing = _run(["apt-cache", "depends", META_PACKAGE])
    for line in listing.splitlines():
        word, _, name = line.strip().partition(": ")
        if word == "Depends" and name.startswith("linux-image-"):
            return name
    raise NoKernelError(f"apt knows no {META_PACKAGE}; it needs a Debian archive for amd64, and 'apt-get update'.")


def _unpack(package: str, tree: Path) -> None:
    """Download and unpack next to its place and move it there whole, so that a broken run leaves no half kernel."""
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        _run(["apt-get", "download", "-o", "APT::Sandbox::User=root", package], cwd=scratch)
        (archive,) = Path(scratch).glob("*.deb")
        unpacked = Path(scratch) / "tree"
        _run(["dpkg-deb", "-x", str(archive), str(unpacked)])
        _run(["depmod", "-b", str(unpacked), package.removeprefix("linux-image-")])
        shutil.move(unpacked, tree)


def _run(command: list[str], cwd: str | None = None) -> str:
    # apt's words are read, so they must be the English ones.
    environment = os.environ | {"LC_ALL": "C", "PATH": PATH}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise NoKernelError(f"{' '.join(command)} failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout
