"""NTFS images that mkntfs and ntfs-3g write: filled from a folder, with streams, attributes and deleted files.

    image = NtfsImage.make(tmp_path / "disk.img", mib=64)
    with image.mounted() as root:                   # an ordinary folder, written by ntfs-3g
        shutil.copytree(tree, root, dirs_exist_ok=True)
        (root / "note.txt:hidden.pdf").write_bytes(...)   # an alternate data stream
        (root / "gone.docx").unlink()                     # its record stays, until a new file takes it

Needs root (or a setuid ntfs-3g) and /dev/fuse; without them the test is skipped.
"""

from __future__ import annotations

import os
import select
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def need(program: str, package: str) -> str:
    """The path of `program`; without it the test fails on CI and is skipped elsewhere, naming the Debian package."""
    found = shutil.which(program, path=_PATH)
    if found is None:
        message = f"{program} is missing; it comes with the Debian package {package}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    assert found is not None
    return found


@dataclass(frozen=True)
class NtfsImage:
    """A file that is an NTFS volume, from its first sector on."""

    path: Path

    @classmethod
    def make(cls, path: Path, *, mib: int = 64, cluster: int = 4096, label: str = "DISK") -> NtfsImage:
        """An empty NTFS of `mib` MiB; the file is sparse."""
        with path.open("wb") as file:
            file.truncate(mib << 20)
        mkntfs = need("mkntfs", "ntfs-3g")
        subprocess.run(
            [mkntfs, "-q", "-Q", "-F", "-c", str(cluster), "-L", label, path], check=True, capture_output=True
        )
        return cls(path)

    @contextmanager
    def mounted(self, options: str = "streams_interface=windows,show_sys_files") -> Iterator[Path]:
        """The volume as a folder; with these options a name "file:stream" is an alternate data stream there."""
        program = need("ntfs-3g", "ntfs-3g")
        if not os.access("/dev/fuse", os.R_OK | os.W_OK) or os.geteuid() != 0:
            pytest.skip("mounting an NTFS image needs root and /dev/fuse")
        point = self.path.with_name(self.path.name + ".mnt")
        point.mkdir()
        process = subprocess.Popen(
            [program, "-o", f"no_detach,allow_other,{options}", self.path, point],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            _until_mounted(point, process)
            try:
                yield point
            finally:
                subprocess.run([need("umount", "mount"), point], check=True)
                process.wait(30)  # only now has everything been written
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            point.rmdir()

    def fill(self, folder: Path) -> None:
        """Copy the whole of `folder` into the volume's root."""
        with self.mounted() as root:
            shutil.copytree(folder, root, dirs_exist_ok=True, symlinks=True)


def _until_mounted(point: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 20
    with Path("/proc/self/mounts").open("rb") as mounts:
        changed = select.poll()
        changed.register(mounts, select.POLLERR | select.POLLPRI)  # proc(5): how a change of mounts is told
        while not os.path.ismount(point):
            if process.poll() is not None:
                said = process.stdout.read() if process.stdout else ""
                pytest.skip(f"an NTFS image cannot be mounted here: {said.strip()}")
            assert time.monotonic() < deadline, "ntfs-3g never mounted"
            changed.poll(200)
            mounts.seek(0)


def set_attributes(file: Path, attributes: int) -> None:
    """Set a file's NTFS attributes ([MS-FSCC] 2.6) on a mounted volume."""
    os.setxattr(file, "system.ntfs_attrib", struct.pack("<I", attributes))


def set_reparse(file: Path, tag: int, data: bytes = b"") -> None:
    """Make a file or an empty folder of a mounted volume a reparse point with `tag` ([MS-FSCC] 2.1.2.1)."""
    os.setxattr(file, "system.ntfs_reparse_data", struct.pack("<IHH", tag, len(data), 0) + data)


def convert(image: Path, target: Path, format: str, *options: str) -> Path:
    """The same disk as qemu-img writes it: `format` is qcow2, vpc (VHD), vhdx or vmdk; options as "subformat=fixed"."""
    more = ["-o", ",".join(options)] if options else []
    command = [need("qemu-img", "qemu-utils"), "convert", "-f", "raw", "-O", format, *more, image, target]
    subprocess.run(command, check=True, capture_output=True)
    return target
