"""FAT, exFAT, ext and ISO 9660, walked by The Sleuth Kit; also what was deleted, as far as it finds that."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

from dongle_cli.audit.identify import KINDS, Limits, settle, sniff
from dongle_cli.audit.identify.kinds import by_name
from dongle_cli.audit.model import Entry, Gap, Hit, State, Tally
from dongle_cli.audit.sources.containers import library
from dongle_cli.audit.sources.media import Media, Watched, as_file, said

HEAD = 4096
_BATCH = 500  # files between two batches
_GONE = 100_000  # deleted files of one volume that are kept in mind
_DEEP = 500  # folders in a path; no system that writes these has more
_REGULAR, _FOLDER, _VIRTUAL, _ORPHANS = 1, 2, 10, 11  # TSK_FS_META_TYPE_REG, _DIR, _VIRT, _VIRT_DIR
_UNALLOCATED = 2  # TSK_FS_NAME_FLAG_UNALLOC and TSK_FS_META_FLAG_UNALLOC
# What a folder lists that is none of its files; the last two are how The Sleuth Kit calls parts of an exFAT.
_NO_FILES = (b".", b"..", b"$ALLOC_BITMAP", b"$UPCASE_TABLE")

Found = Hit | Gap | Tally


class TskVolume:
    """One file system; `kind` is fat, exfat, ext or iso9660: in the first two case is ignored."""

    def __init__(self, media: Media, name: str, kind: str) -> None:
        tsk = library("pytsk3")
        self.name, self.media = name, Watched(media, lambda: None)
        self._folds, self._owned = kind in ("fat", "exfat"), kind == "ext"
        type_ = tsk.TSK_FS_TYPE_ISO9660 if kind == "iso9660" else tsk.TSK_FS_TYPE_DETECT
        self._fs = tsk.FS_Info(_image(tsk, self.media), 0, type_)
        self.root = int(self._fs.info.root_inum)

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None."""
        found = self._reach(path)
        if found is None:
            return None
        file, real = found
        return self.entry(file, real)

    def entry(self, file: Any, path: str, state: State = State.LIVE, recoverable: str | None = None) -> Entry:
        """What the inode of `file` says."""
        meta = file.info.meta
        owner = str(meta.uid) if self._owned else None
        return Entry(path, int(meta.size), float(meta.mtime), owner, state, recoverable, self.name)

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """Names in a folder, each with whether it is a folder."""
        found = self._reach(path)
        if found is None or _type(found[0]) != _FOLDER:
            raise FileNotFoundError(2, "there is no such folder", path)
        for file in self.inside(int(found[0].info.meta.addr)):
            if not _deleted(file) and _type(file) not in (_VIRTUAL, _ORPHANS):
                yield _name(file), _type(file) == _FOLDER

    def open(self, path: str) -> BinaryIO:
        """The content of the file at `path`."""
        found = self._reach(path)
        if found is None or _type(found[0]) != _REGULAR:
            raise FileNotFoundError(2, "there is no such file", path)
        return as_file(Content(found[0]))

    def inside(self, inode: int) -> Iterator[Any]:
        """What the folder `inode` lists, also deleted names; but neither itself nor what is above."""
        for file in self._fs.open_dir(inode=inode):
            if file.info.name is not None and file.info.name.name not in _NO_FILES:
                yield file

    def _reach(self, path: str) -> tuple[Any, str] | None:
        file = self._fs.open_meta(inode=self.root)
        real: list[str] = []
        for part in filter(None, path.split("/")):
            if _type(file) != _FOLDER:
                return None
            wanted = part.casefold() if self._folds else part
            for inner in self.inside(int(file.info.meta.addr)):
                name = _name(inner)
                if not _deleted(inner) and (name.casefold() if self._folds else name) == wanted:
                    file = inner
                    real.append(name)
                    break
            else:
                return None
        return file, "/".join(real)


@dataclass(slots=True)
class TskScan:
    """Walks a volume, folder after folder, and looks at every file once."""

    tsk: TskVolume
    limits: Limits
    out: list[Found] = field(default_factory=list)
    files: int = 0
    folders: int = 0
    read: int = 0
    taken: Taken = field(default_factory=lambda: Taken())
    gone: list[tuple[Any, str]] = field(default_factory=list)  # deleted files and their paths, for when all is known

    def watched(self, beat: Callable[[], None]) -> Iterator[list[Found]]:
        """The same as `run`; `beat` is called whenever the volume is read."""
        self.tsk.media.tell = beat
        return self.run()

    def run(self) -> Iterator[list[Found]]:
        """Everything, in batches; never raises for what a disk may hold."""
        waiting = deque([(self.tsk.root, "", 0)])
        seen = {self.tsk.root}
        while waiting:
            inode, path, depth = waiting.popleft()
            self.folders += 1
            try:
                for file in self.tsk.inside(inode):
                    name = path + _name(file)
                    if _type(file) in (_FOLDER, _ORPHANS):
                        number = int(file.info.meta.addr)
                        # A deleted folder whose inode was taken again is another folder by now: it is met there.
                        if number not in seen and not (_deleted(file) and not _freed(file)):
                            seen.add(number)
                            if depth < _DEEP:
                                waiting.append((number, name + "/", depth + 1))
                            else:
                                self._gap(name, "limit", f"depth {depth}")
                    self._file(file, name)
                    if self.files >= _BATCH or len(self.out) >= _BATCH:
                        yield self._batch(path)
            except (OSError, RuntimeError) as error:
                self._gap(path.rstrip("/") or ".", "damaged", said(error))
        for file, path in self.gone:
            self._gone(file, path)
            if len(self.out) > _BATCH:
                yield self._batch(path)
        self.gone = []
        yield self._batch("")

    def _batch(self, at: str) -> list[Found]:
        batch: list[Found] = [*self.out, Tally(self.files, self.folders, self.read, at)]
        self.out, self.files, self.folders, self.read = [], 0, 0, 0
        return batch

    def _file(self, file: Any, path: str) -> None:
        """A live file is looked at, a deleted one kept for later; the blocks of a folder are noted too."""
        deleted = _deleted(file)
        if file.info.meta is None:
            if not deleted:
                self._gap(path, "damaged", "its name leads to no inode")
            return
        if deleted:
            if _type(file) in (_REGULAR, 0):
                if len(self.gone) < _GONE:
                    self.gone.append((file, path))
                else:
                    self._gap(path, "limit", f"more than {_GONE} deleted files")
        elif _type(file) in (_REGULAR, _FOLDER):
            try:
                self.taken.add(file)
                if _type(file) == _REGULAR:
                    self.files += 1
                    self._look(file, self.tsk.entry(file, path))
            except (OSError, RuntimeError) as error:
                self._gap(path, "damaged", said(error))

    def _gone(self, file: Any, path: str) -> None:
        """A deleted file by its content as far as that is its own, else by its name."""
        try:
            recoverable, own = self.taken.recoverable(file)
        except (OSError, RuntimeError):
            recoverable, own = "overwritten", False
        entry = self.tsk.entry(file, path, State.DELETED, recoverable)
        try:
            if own and self._look(file, entry):
                return
        except (OSError, RuntimeError):
            pass  # then its name is all there is
        kind = by_name(path.rpartition("/")[2])
        if recoverable != "yes" and kind is not None and entry.size and KINDS[kind].is_document and KINDS[kind].strong:
            self.out.append(Hit(entry, kind, "extension"))

    def _look(self, file: Any, entry: Entry) -> bool:
        """Identify a file; whether anything was recognised. Pieces of a deleted one are no gap."""
        content, found = Content(file), False
        head = content.pread(0, HEAD)
        self.read += len(head)
        guess = sniff(head, entry.path.rpartition("/")[2], self.limits.kinds)
        if guess is None:
            return False
        try:
            beside = partial(self._beside, entry.path) if entry.state is State.LIVE else None
            for one in settle(guess, entry, head, as_file(content), self.limits, beside):
                found = found or isinstance(one, Hit)
                if isinstance(one, Hit) or entry.recoverable in (None, "yes"):
                    self.out.append(one)
        except Exception as error:  # whatever a stranger's file does to a reader, the walk goes on and it is told
            self._gap(entry.path, "damaged", f"{type(error).__name__}: {said(error)}")
        return found

    def _beside(self, path: str, name: str) -> BinaryIO:
        return self.tsk.open("".join((*path.rpartition("/")[:2], name)))

    def _gap(self, path: str, reason: str, detail: str) -> None:
        self.out.append(Gap(path, reason, detail, self.tsk.name))


class Content:
    """A file's content as a medium."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.size = int(file.info.meta.size) if file.info.meta is not None else 0

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes of the file; OSError where they cannot be read."""
        size = min(size, self.size - offset)
        return bytes(self._file.read_random(offset, size)) if size > 0 else b""


def _image(tsk: Any, media: Media) -> Any:
    class Image(tsk.Img_Info):  # type: ignore[misc]
        """The medium as The Sleuth Kit takes it."""

        def __init__(self) -> None:
            super().__init__(url="", type=tsk.TSK_IMG_TYPE_EXTERNAL)

        def read(self, offset: int, size: int) -> bytes:
            return media.pread(offset, size)

        def get_size(self) -> int:
            return media.size

        def close(self) -> None:
            return None

    return Image()


def _name(file: Any) -> str:
    return bytes(file.info.name.name).decode("utf-8", "surrogateescape")


def _type(file: Any) -> int:
    return int(file.info.meta.type) if file.info.meta is not None else 0


def _deleted(file: Any) -> bool:
    return bool(int(file.info.name.flags) & _UNALLOCATED)


def _freed(file: Any) -> bool:
    return bool(int(file.info.meta.flags) & _UNALLOCATED)


def _runs(file: Any) -> list[tuple[int, int]]:
    """First block and length of every stretch of the file on the volume."""
    return [(int(run.addr), int(run.len)) for attribute in file for run in attribute if int(run.addr)]


class Taken:
    """Which blocks files that are live have: The Sleuth Kit's binding does not tell it of a block."""

    def __init__(self) -> None:
        self._spans = array("Q")  # first block and the one behind the last, of each stretch
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, file: Any) -> None:
        """A live file or folder has these."""
        for start, length in _runs(file):
            self._spans.extend((start, start + length))

    def recoverable(self, file: Any) -> tuple[str, bool]:
        """Of a deleted file: "yes", "partly" or "overwritten", and whether its beginning is still its own."""
        if len(self._starts) * 2 != len(self._spans):
            pairs = sorted(zip(self._spans[::2], self._spans[1::2], strict=True))
            self._starts, self._ends = [start for start, _end in pairs], [end for _start, end in pairs]
        runs, size = _runs(file), int(file.info.meta.size)
        block = int(file.info.fs_info.block_size)
        wanted = -(-size // block)
        free = sum(length - self._overlap(start, length) for start, length in runs)
        if not size or not free or not _freed(file):
            return "overwritten", False
        return ("yes" if free >= wanted else "partly"), not self._overlap(runs[0][0], 1)

    def _overlap(self, start: int, length: int) -> int:
        """How many blocks of this stretch are another file's; files of a sound volume do not overlap each other."""
        at = max(0, bisect_right(self._starts, start) - 1)
        count = 0
        while at < len(self._starts) and self._starts[at] < start + length:
            count += max(0, min(self._ends[at], start + length) - max(self._starts[at], start))
            at += 1
        return min(count, length)
