"""Drives the audit's compiled inner loops with damaged input: `native_fuzz.py MODULE SEEDS SECONDS`.

SEEDS is a folder: `mft` holds records of 1024 bytes, everything else is the beginning of a file. Meant for a MODULE
that was built with sanitizers: they end the process at the first byte that is read or written where it must not be.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

RECORD = 1024
HEADER = ((4, 2), (6, 2), (20, 2), (22, 2), (24, 4))  # update sequence, first attribute, flags, bytes used
# Of an attribute: type, length, resident or not, its name; then of one kind or the other: size, place, runs, sizes.
FIELDS = (
    (0, 4),
    (4, 4),
    (8, 1),
    (9, 1),
    (10, 2),
    (12, 2),
    (16, 4),
    (20, 2),
    (32, 2),
    (48, 8),
    (56, 8),
    (64, 1),
    (88, 1),
)
NAMES = (b"a.xdw", b"x.RDP", b"\x83\x65.tar", b".", b"\xff\xfe", b"a" * 255, "議事録.pdf".encode())


class Damage:
    """Spoils bytes in the ways that lengths and offsets hate."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def of(self, data: bytes, most: int) -> bytes:
        """`data` with up to `most` places changed, dropped or cut off."""
        out = bytearray(data)
        for _change in range(self.random.randrange(most)):
            at = self.random.randrange(len(out) + 1)
            match self.random.randrange(5):
                case 0:
                    out[at : at + 1] = self.random.randbytes(1)
                case 1:
                    out[at : at + 4] = self.random.choice((b"\xff" * 4, bytes(4), b"\0\0\0\x80", b"\xff\xff\xff\x7f"))
                case 2:
                    out[at : at + 2] = self.random.choice((b"\xff\xff", b"\0\0", b"\0\x80"))
                case 3:
                    del out[at : at + self.random.randrange(1, 64)]
                case _:
                    del out[at:]
        return bytes(out)

    def of_record(self, record: bytes) -> bytes:
        """A file record with some of the numbers wrong by which its attributes are found."""
        out = bytearray(record)
        for _change in range(self.random.randrange(1, 4)):
            at, width = self.random.choice(
                [*HEADER, *((start + at, size) for start in _starts(record) for at, size in FIELDS)]
            )
            value = self.random.choice(
                (0, 1, 8, 24, 200, RECORD - 24, RECORD, 0x7FFF, 0xFFFF, self.random.randrange(1 << 32))
            )
            out[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
        return bytes(out[:RECORD])


def _starts(record: bytes) -> list[int]:
    """Where the attributes of a whole record begin."""
    starts, at = [], int.from_bytes(record[20:22], "little")
    while at + 24 <= RECORD and record[at : at + 4] != b"\xff" * 4:
        starts.append(at)
        at += max(8, int.from_bytes(record[at + 4 : at + 8], "little"))
    return starts


def main(module: str, seeds: str, seconds: str) -> None:
    """Load MODULE as the product's own, and go on until the time is up, twice at least; prints what was tried."""
    loader = ExtensionFileLoader("dongle_cli.audit.sources._native", module)
    spec = spec_from_file_location(loader.name, module, loader=loader)
    assert spec is not None
    native = module_from_spec(spec)
    sys.modules[loader.name] = native
    loader.exec_module(native)
    from dongle_cli.audit.sources import swift

    assert swift._native is native
    filters = [swift.filter_for(frozenset(kinds)) for kinds in ((), ("csv", "scan"), ("csv", "scan", "txt"))]
    mft = Path(seeds, "mft").read_bytes()
    records = [mft[at : at + RECORD] for at in range(0, len(mft), RECORD) if mft[at : at + 4] == b"FILE"]
    heads = [path.read_bytes()[:4096] for path in sorted(Path(seeds).iterdir()) if path.name != "mft"]
    damage, end, looks, glances, walks = Damage(1), time.monotonic() + float(seconds), 0, 0, 0
    pick = damage.random.choice

    def pread(_at: int, size: int) -> bytes:
        return damage.of(pick(heads), 6)[:size] if damage.random.random() < 0.95 else b""

    while time.monotonic() < end or walks < 2:  # however slow the machine is
        for _look in range(200):
            pick(filters).wants(damage.of(pick(heads), 6), damage.of(pick(NAMES), 3).replace(b"\0", b""))
        for _glance in range(60):
            block = b"".join(damage.of_record(pick(records)) for _record in range(damage.random.randrange(1, 4)))
            if damage.random.random() < 0.2:
                block = damage.of(block, 4)
            swift.glance(block, pick((512, 4096, 65536)), pread, pick(filters), 0x441000)
        looks, glances, walks = looks + 200, glances + 60, walks + walk(damage, heads, swift, pick(filters))
    print(looks, glances, walks)


def walk(damage: Damage, heads: list[bytes], swift: object, wanted: object) -> int:
    """One small tree with odd names, listed and read as a walk does it."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.fsencode(folder)
        for number in range(3):
            below = root + b"/" + (b"%d" % number) * damage.random.randrange(1, 200)
            os.mkdir(below)  # noqa: PTH102 - names that are no text
            for name in NAMES:
                if name != b".":
                    fd = os.open(below + b"/" + name, os.O_WRONLY | os.O_CREAT, 0o600)
                    os.write(fd, damage.of(damage.random.choice(heads), 6))
                    os.close(fd)
        names = [os.fsdecode(path.name) for path in Path(folder).iterdir()]
        top = os.open(folder, os.O_RDONLY)
        _opened, _files, _read, rows = swift.descend(top, names, wanted, 8)  # type: ignore[attr-defined]
        for _name, _errno, fd, entries, _folders, found, _lost in rows:
            for _file, open_file, _head in found:
                os.close(open_file)
            if entries is not None:
                while not entries.ended:
                    for _file, open_file, _head in entries.look(3)[4]:
                        os.close(open_file)
                os.close(fd)
        os.close(top)
    return 1


if __name__ == "__main__":
    main(*sys.argv[1:])
