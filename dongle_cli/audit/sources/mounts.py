"""What is mounted where (proc_pid_mountinfo(5)), and which of it an audit must not enter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Made by the kernel, not files that somebody keeps.
PSEUDO = frozenset((
    "proc", "sysfs", "cgroup", "cgroup2", "devpts", "devtmpfs", "securityfs", "debugfs", "tracefs", "pstore",
    "bpf", "configfs", "fusectl", "mqueue", "hugetlbfs", "binfmt_misc", "efivarfs", "autofs", "rpc_pipefs",
    "nsfs", "selinuxfs", "smackfs", "fuse.lxcfs", "fuse.gvfsd-fuse", "fuse.portal", "nfsd",
))  # fmt: skip
NETWORK = frozenset((
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "9p", "virtiofs",
    "davfs", "fuse.sshfs", "fuse.rclone", "fuse.davfs2", "fuse.glusterfs", "fuse.s3fs", "coda", "ocfs2", "gfs2",
    "beegfs", "orangefs", "pvfs2",
))  # fmt: skip
WINDOWS = frozenset((
    "ntfs", "ntfs3", "fuseblk", "ntfs-3g", "fuse.ntfs", "fuse.ntfs-3g",
    "fuse",  # what ntfs-3g is over a file instead of a block device
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo: what of which device is seen where."""

    device: str  # "major:minor"
    root: str  # the folder of the file system that is seen
    point: str
    kind: str
    source: str


def parse(text: str) -> list[Mount]:
    """The mounts of a mountinfo text, in its order; lines that are none are left out."""
    found = []
    for line in text.splitlines():
        left, dash, right = line.partition(" - ")
        first, last = left.split(" "), right.split(" ")
        if dash and len(first) >= 6 and len(last) >= 2:
            found.append(Mount(first[2], _plain(first[3]), _plain(first[4]), last[0], _plain(last[1])))
    return found


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def mounted() -> list[Mount]:
    """What is mounted now; nothing where the system does not say."""
    try:
        raw = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return []
    return parse(raw.decode("utf-8", "surrogateescape"))


def home_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that the folder `path` stands in: the one with the longest point; of those, what was mounted last."""
    best = None
    for mount in mounts:
        if _below(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def foreign(top: str, mounts: list[Mount]) -> bool:
    """Whether the tree at `top` stands on a file system of Windows, or has one mounted in it."""
    here = home_of(top, mounts)
    inside = [mount for mount in mounts if _below(mount.point, top)]
    return any(mount.kind in WINDOWS for mount in (*inside, *([here] if here else [])))


def _below(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def not_entered(top: str, mounts: list[Mount], *, ask_network: bool) -> dict[str, str | None]:
    """Folders below `top`, relative to it, that are not entered; with a reason where that is to stand in the ledger.

    Kernel file systems are no storage. Network ones are not this machine's: a gap where policy asks for them. What is
    seen twice, by a bind mount or a second mount of the same device, is looked at once.
    """
    skip: dict[str, str | None] = {}
    here = home_of(top, mounts)
    visible: dict[str, Mount] = {mount.point: mount for mount in mounts}  # a later mount hides an earlier one
    seen: list[Mount] = [here] if here is not None else []
    for point, mount in sorted(visible.items(), key=lambda item: (len(item[0]), item[0])):
        if point == top or not _below(point, top):
            continue
        name = point[len(top.rstrip("/")) + 1 :]
        if mount.kind in PSEUDO:
            skip[name] = None
        elif mount.kind in NETWORK:
            skip[name] = "network" if ask_network else None
        elif any(_covers(other, mount, top) for other in seen):
            skip[name] = None
        else:
            seen.append(mount)
    return skip


def _covers(other: Mount, mount: Mount, top: str) -> bool:
    """Whether walking `other` (below `top`, or around it) sees what `mount` shows."""
    if other.device != mount.device or other.point == mount.point or other.kind == "tmpfs" != mount.kind:
        return False
    if not _below(mount.root, other.root):
        return False
    inside = mount.root[len(other.root.rstrip("/")) :].lstrip("/")
    place = f"{other.point.rstrip('/')}/{inside}".rstrip("/") or "/"
    return _below(place, top)
