"""The first root of the guest: a shell, a few modules, and a script that mounts the machine's own root over 9p."""

from __future__ import annotations

import stat
from pathlib import Path

BUSYBOX = Path("/bin/busybox")

# Without these the guest cannot see a disk that is a folder of the host; every other module is loaded from there.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")

FOLDERS = ("bin", "dev", "proc", "sys", "lower", "memory", "newroot", "modules", "units")

# The machine's root lies below, read-only; what the guest writes is in memory and gone with it.
# /.dockerenv would make systemd believe itself in a container, where it starts no udev. The shadow files cannot be read
# in the guest where QEMU is not run by root, and groupadd would stumble over them.
INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in {modules}; do insmod /modules/$module; done
share=trans=virtio,version=9p2000.L,msize=1048576
mount -t 9p -o ro,cache=loose,$share root /lower
mount -t tmpfs -o size=1g tmpfs /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work overlay /newroot || poweroff -f
mkdir -p /newroot/lib/modules
mount -t 9p -o ro,cache=loose,$share modules /newroot/lib/modules
mount -t tmpfs -o mode=755 tmpfs /newroot/run
mkdir -p /newroot/run/bench
mount -t 9p -o rw,$share bench /newroot/run/bench || poweroff -f
cp /units/* /newroot/etc/systemd/system/
ln -sf /lib/systemd/systemd /newroot/sbin/init
rm -f /newroot/etc/fstab /newroot/.dockerenv /newroot/etc/shadow /newroot/etc/gshadow
mount --move /proc /newroot/proc
mount --move /sys /newroot/sys
mount --move /dev /newroot/dev
exec switch_root /newroot /sbin/init
"""


def build(modules: Path, units: dict[str, str]) -> bytes:
    """The archive for a kernel whose modules are in `modules` (.../lib/modules/RELEASE), with systemd units to add."""
    needed = _in_loading_order(modules)
    script = INIT.format(modules=" ".join(path.name for path in needed))
    parts = [_member(folder, stat.S_IFDIR | 0o755) for folder in FOLDERS]
    parts.append(_member("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)))
    parts.append(_member("bin/busybox", stat.S_IFREG | 0o755, BUSYBOX.read_bytes()))
    parts.append(_member("init", stat.S_IFREG | 0o755, script.encode()))
    parts += [_member(f"modules/{path.name}", stat.S_IFREG | 0o644, path.read_bytes()) for path in needed]
    parts += [_member(f"units/{name}", stat.S_IFREG | 0o644, text.encode()) for name, text in units.items()]
    parts.append(_member("TRAILER!!!", 0))
    return b"".join(parts)


def _in_loading_order(modules: Path) -> list[Path]:
    """The .ko files of MODULES and of all they need, each behind what it needs."""
    needs: dict[str, list[str]] = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
    by_name = {Path(path).stem.replace("-", "_"): path for path in needs}
    order: list[str] = []
    for module in MODULES:
        # modules.dep lists the whole closure, the nearest first: backwards is the order of loading.
        order += [path for path in (*reversed(needs[by_name[module]]), by_name[module]) if path not in order]
    return [modules / path for path in order]


def _member(name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    """One member of a "newc" archive (Linux Documentation/driver-api/early-userspace/buffer-format.rst)."""
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + path) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
