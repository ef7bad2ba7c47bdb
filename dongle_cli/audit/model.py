"""The audit's nouns: what a source shows, what was recognised, what could not be looked at, what a rule says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import BinaryIO, NamedTuple, Protocol


class State(StrEnum):
    """In which state a file's content was found."""

    LIVE = "live"
    DELETED = "deleted"  # its record is free, its content may still be there
    STREAM = "stream"  # an NTFS alternate data stream
    SHADOW = "shadow"  # only in a volume shadow copy


class Verdict(StrEnum):
    """What a rule says; `unknown` is "could not measure" and never counts as good."""

    OK = "ok"
    VIOLATION = "violation"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    EXCEPTED = "excepted"


class Severity(IntEnum):
    """How bad a violation is; ordered, so that --fail-on is a comparison."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @cached_property
    def word(self) -> str:
        """The lower-case word of policies and JSON."""
        return self.name.lower()


class Entry(NamedTuple):
    """One file as its source shows it.

    `path` is relative to its volume, with "/" between names. Names that are no text survive: bytes that do not decode
    are surrogates as in PEP 383, lone UTF-16 surrogates of NTFS stand as they are. A stream is "name:stream".
    """

    path: str
    size: int | None = None  # bytes; None: not known
    mtime: float | None = None  # seconds since 1970, UTC
    owner: str | None = None  # a user's name, a numeric uid or a SID
    state: State = State.LIVE
    recoverable: str | None = None  # of a deleted one: "yes", "partly", "overwritten"
    volume: str = ""  # which volume of the target ("p2", "D:"); empty where there is only one
    store: int | None = None  # of a shadow: the number of its store, 1 the oldest


class Hit(NamedTuple):
    """A file, or a member inside it, that was recognised as being of a kind."""

    entry: Entry
    kind: str  # a word of identify.kinds
    evidence: str  # "content", "extension" or "policy"
    member: str | None = None  # the path inside the container; "/" between nested ones
    size: int | None = None  # of the member
    encrypted: bool = False  # only its name or its wrapping could be seen
    head: str | None = None  # sha256 of its first 4 KiB, what a fingerprint is made of
    disk: str | None = None  # the format of the disk image among the files that `member` is in: qcow2, vhdx, raw, ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be looked at; every one is listed, and makes a run incomplete."""

    path: str
    reason: str  # a stable word: permission, locked, damaged, encrypted, placeholder, limit, vanished, extra-missing,
    # network, unsupported (a file system's feature that cannot be read here), crashed (the process that looked ended)
    detail: str = ""  # what the system said, for people
    volume: str = ""
    member: str | None = None
    target: str = ""  # as the operator named it; set by the run


@dataclass(frozen=True, slots=True)
class Tally:
    """Progress of a source: what was added since the last one."""

    files: int
    folders: int
    bytes: int
    at: str = ""  # where it is now


class Volume(Protocol):
    """One file system of a source, for looking things up by path (case is ignored where the file system ignores it)."""

    name: str

    def find(self, path: str) -> Entry | None:
        """The file or folder at `path`, or None where there is none; OSError where it could not be looked at."""

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        """The names in the folder at `path`, each with whether it is a folder; OSError as above."""

    def open(self, path: str) -> BinaryIO:
        """The file's content, to be read only, with seek; OSError as above."""


class Source(Protocol):
    """A file tree from anywhere: the live machine, a mounted root, an image. It is never written to."""

    target: str  # as the operator named it
    sees_deleted: bool  # whether it shows what was deleted and can still be read: a mounted file system does not

    def scan(self) -> Iterator[Hit | Gap | Tally]:
        """Look at every file once; recognise where the file is, so that only what matters comes back."""

    def volumes(self) -> list[Volume]:
        """The file systems of this source."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one thing: a document where none may be, or a setting; `verdict` is never left out.

    A rule about documents speaks of a file (`kind` and the fields after it); a rule about settings names in `path` the
    hive and value, or the file, that it read, and in `detail` what stood there and what should.
    """

    rule: str
    severity: Severity
    verdict: Verdict
    place: str  # a word of `places`, "settings" for policy checks
    path: str
    volume: str = ""
    member: str | None = None
    kind: str | None = None
    evidence: str | None = None
    size: int | None = None
    mtime: float | None = None
    owner: str | None = None
    state: State = State.LIVE
    store: int | None = None
    recoverable: str | None = None
    encrypted: bool = False
    fingerprint: str = ""  # the same for the same thing in the next run, and in no way its content
    detail: tuple[tuple[str, str | int | None], ...] = ()  # for people and scripts: original path, value found, counts
    exception: str | None = None  # the id of the exception that covers it
    target: str = ""  # as the operator named it; set by the run
    baseline: str | None = None  # "new" or "continuing", where an earlier report was given

    @property
    def in_disk_image(self) -> bool:
        """Whether it stands on a disk whose image is the file at `path`."""
        return any(name == "disk_image" for name, _value in self.detail)
