"""The compiled inner loop of the walk finds what the one in Python finds, and never holds back what `sniff` names."""

from __future__ import annotations

import gc
import os
import pickle
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from identified import PDF, RTF, mail, zipped
from ole2_writer import compound

from dongle_cli.audit.identify import Limits, sniff
from dongle_cli.audit.identify.signatures import FIRST, NEEDS
from dongle_cli.audit.model import Gap, Hit, Tally
from dongle_cli.audit.sources import swift
from dongle_cli.audit.sources.walk import Found, Job, Walk

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
WEAK = [frozenset[str](), frozenset({"csv", "scan"}), frozenset({"csv", "scan", "txt"})]
if not swift.is_there() and not os.environ.get("CI"):
    pytest.skip("the inner loop was not compiled when this was installed", allow_module_level=True)


def passes(head: bytes, name: str, weak: frozenset[str]) -> bool:
    wanted = swift.filter_for(weak)
    assert wanted is not None
    return wanted.wants(head, os.fsencode(name))


def png(width: int, height: int, dpi: int | None = None, depth: int = 8) -> bytes:
    physical = b"" if dpi is None else b"\0\0\0\x09pHYs" + struct.pack(">IIB", *[round(dpi / 0.0254)] * 2, 1)
    return (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
        + struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
        + b"crc4"
        + physical
    )


def jpeg(width: int, height: int, density: int = 72, before: bytes = b"") -> bytes:
    start = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\1" + struct.pack(">HH", density, density) + b"\0\0"
    return start + before + b"\xff\xc0\0\x11\x08" + struct.pack(">HH", height, width) + b"\3" + bytes(9)


def app(number: int, content: bytes) -> bytes:
    return bytes((0xFF, 0xE0 + number)) + struct.pack(">H", len(content) + 2) + content


PREFIXES = sorted({prefix for rows in FIRST.values() for prefix, _what in rows})
PIECES = [
    *PREFIXES, *(word for words, _within in NEEDS.values() for word in words),
    b"%PDF-1.7", b"%PDF-1", b"ustar", b"JDASH", b"-lh5-", b"-lzs-",
    b",", b"\t", b";", b"\n", b"\r\n",
    b'"', b"\x1b$B", b"a,b\n", b"x", b"\0", b"pHYs", b"Subject: a\nFrom: b\n\n", png(1240, 1754), png(32, 32),
    jpeg(1654, 2338), jpeg(800, 600), jpeg(800, 1000, 120), b"\xff\xc0\0\x11\x08", b"BM\0\0\0\0\0\0\0\0",
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"**ACE**", b"1234567**ACE**", b"\xff\xfe", b"\xfe\xff",
]  # fmt: skip
HEADS = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.binary(max_size=40),
        st.integers(0, 1100).map(bytes),
        st.integers(0, 1100).map(b" ".__mul__),
    ),
    max_size=6,
).map(lambda parts: b"".join(parts)[:4096])
ENDINGS = ["xdw", "XBD", "rdp", "tar", "oasys", "oas", "jhd", "xct", "txt", "doc", "fg5", ""]
NAMES = st.builds(lambda stem, ending: f"{stem}.{ending}", st.text(max_size=8), st.sampled_from(ENDINGS))


@settings(max_examples=1500)
@given(head=HEADS, name=NAMES, weak=st.sampled_from(WEAK))
@example(head=b"\xff\xd8\xff", name="", weak=WEAK[1])
@example(head=b"a,b\nc,d", name="", weak=WEAK[1])
@example(head=b"a," * 2048, name="", weak=WEAK[1])
@example(head=b"a,b\n" + b"c" * 4092, name="", weak=WEAK[1])
@example(head=b"%" * 1024 + b"%PDF-1.4", name="", weak=WEAK[0])
@example(head=b"%" * 1025 + b"%PDF-1.4", name="", weak=WEAK[0])
@example(head=b"\n" * 148 + b"012345\0", name="a.TAR", weak=WEAK[0])
@example(head=b"\x7f", name="\udc83.xdw", weak=WEAK[0])
def test_nothing_that_has_a_name_is_held_back(head: bytes, name: str, weak: frozenset[str]) -> None:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:  # no file system has such a name
        name = "a.xdw"
    if sniff(head, name, weak) is not None:
        assert passes(head, name, weak)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the labelled corpus is not beside this checkout")
@pytest.mark.parametrize("weak", WEAK, ids=["strong", "weak", "text"])
def test_nothing_of_the_corpus_is_held_back(weak: frozenset[str]) -> None:
    seen = 0
    for path in CORPUS.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(4096)
            seen += 1
            assert passes(head, path.name, weak) or sniff(head, path.name, weak) is None, path
    assert seen > 500


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"import os\n\nprint(1, 2)\n" * 100, "a.py"), (b"\x7fELF" + bytes(4000), "a"),
        (b"MZ\x90\0" + bytes(900), "a.dll"),
        (b"<?xml version='1.0'?>\n<root/>" * 9, "a.xml"), (b"{\n  \"a\": [1, 2],\n", "a.json"),
        (png(32, 32), "a.png"), (png(1920, 1080), "a.png"), (png(1920, 1080, 96), "a.png"), (jpeg(800, 600), "a.jpg"),
        (jpeg(800, 600, before=app(1, b"Exif\0\0" + jpeg(1654, 2338))), "a.jpg"),
        (b"", "a"), (bytes(4096), "a"), (b"\xeb\x10" + bytes(900), "a"),
    ],
)  # fmt: skip
def test_what_is_nothing_stops_at_the_first_look(head: bytes, name: str) -> None:
    assert not passes(head, name, WEAK[1])
    assert sniff(head, name, WEAK[1]) is None


@pytest.mark.parametrize(
    "head",
    [
        png(1240, 1754), png(1240, 1754, 96), png(709, 1003, 120), png(1728, 2200, depth=1),
        jpeg(1654, 2338), jpeg(992, 1403, 120),
        jpeg(1654, 2338, before=app(1, b"Exif\0\0" + jpeg(160, 120))),  # the small picture that Exif holds
        jpeg(1654, 2338, before=app(13, b"Photoshop 3.0\0" + jpeg(160, 120))),  # and Photoshop's
        b"II*\0" + bytes(90), b"MM\0*" + bytes(90), b"II+\0" + bytes(90), b"MM\0+" + bytes(90),  # TIFF and BigTIFF
        b"\xff\xd8\xff\xe1\xff\xf0" + bytes(4000),  # its frame comes after what was read
    ],
)  # fmt: skip
def test_a_picture_that_may_be_a_page_passes(head: bytes) -> None:
    assert passes(head, "a", WEAK[1])
    assert sniff(head, "a", WEAK[1]) == "image"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Documents, what is none, and what walks stumble over."""
    root = tmp_path / "tree"
    for number in range(30):
        folder = root / f"f{number % 3}" / f"g{number}"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_bytes(b"text, and more\n" * 40)
        (folder / f"b{number}").write_bytes([PDF, RTF, zipped({"in.pdf": PDF}), b"MZ", mail(PDF, "x.pdf")][number % 5])
    many = root / "many"
    many.mkdir()
    for number in range(3000):
        (many / f"{number}.dat").write_bytes(PDF if number % 100 == 7 else b"x")
        if number % 500 == 0:
            (many / f"folder {number}").mkdir()
    (root / "deep" / "/".join("d" * 30)).mkdir(parents=True)
    (root / "deep" / "/".join("d" * 30) / "e.doc").write_bytes(compound({"WordDocument": b"x"}))
    (root / os.fsdecode(b"\x83\x65.pdf")).write_bytes(PDF)  # CP932
    (root / "a\nb").write_bytes(PDF)
    (root / ".hidden").write_bytes(PDF)
    (root / "..more").mkdir()
    (root / "..more" / "...").write_bytes(PDF)
    (root / "link").symlink_to("a\nb")
    (root / "away").symlink_to("/etc")
    os.mkfifo(root / "fifo.pdf")
    os.mknod(root / "socket.pdf", stat.S_IFSOCK | 0o600)
    (root / "skipped").mkdir()
    (root / "skipped" / "a").write_bytes(PDF)
    (root / "silent").mkdir()
    (root / "silent" / "a").write_bytes(PDF)
    (root / "closed").mkdir(mode=0)
    (root / "unreadable.pdf").write_bytes(PDF)
    (root / "unreadable.pdf").chmod(0)
    return root


def walked(root: Path, compiled: bool, *, share: bool = False, uid: int | None = None) -> list[Found]:
    """Everything below `root`; with `share`, half of it is always given away and walked as jobs of its own."""
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    if uid is not None:
        os.setuid(uid)
    jobs = [Job("")]
    weak = frozenset({"csv"})
    walk = Walk(fd, Limits(kinds=weak), skip={"skipped": "network", "silent": None})
    walk.filter = swift.filter_for(weak) if compiled else None
    walk.lend(lambda: share, jobs.extend)
    found: list[Found] = []
    try:
        while jobs:
            for batch in walk.run(jobs.pop()):
                found += batch
    finally:
        os.close(fd)
    return found


def told(found: list[Found]) -> tuple[list[str], tuple[int, int, int]]:
    """Hits and gaps as sorted lines, and the sums of the tallies."""
    said = sorted(repr(one) for one in found if isinstance(one, Hit | Gap))
    tallies = [one for one in found if isinstance(one, Tally)]
    return said, (sum(t.files for t in tallies), sum(t.folders for t in tallies), sum(t.bytes for t in tallies))


@pytest.mark.parametrize("share", [False, True], ids=["alone", "shared"])
def test_both_ways_find_the_same(tree: Path, share: bool) -> None:
    compiled, python = (told(walked(tree, way, share=share)) for way in (True, False))
    assert compiled == python
    lines, (files, _folders, _bytes) = compiled
    assert sum("kind='pdf'" in line for line in lines) == 30 + 3 * 6 + 4 + (os.geteuid() == 0)
    assert sum("skipped" in line for line in lines) == 1 and not any("silent" in line for line in lines)
    assert files == 3000 + 60 + 6


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_both_find_the_same_in_what_belongs_to_others(tree: Path) -> None:
    """Only an owner, and root, may leave the access time alone; the others open without that, and not everything."""

    def asked(compiled: bool) -> object:
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(theirs, pickle.dumps(told(walked(tree, compiled, uid=65534))))
            finally:
                os._exit(0)
        os.close(theirs)
        with os.fdopen(ours, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        return pickle.loads(answer)

    lines, (files, _folders, _bytes) = compiled = asked(True)
    assert compiled == asked(False)
    assert sum("kind='pdf'" in line for line in lines) == 52 and files == 3066
    refused = [line.split(", detail")[0] for line in lines if "'permission'" in line]
    assert refused == ["Gap(path='closed', reason='permission'", "Gap(path='unreadable.pdf', reason='permission'"]


def descriptors() -> set[str]:
    gc.collect()  # what an earlier test forgot is closed now and not in the middle of this one
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, and nothing held open


def test_no_descriptor_is_left_open(tree: Path) -> None:
    before = descriptors()
    walked(tree, True)
    assert descriptors() == before
    fd = os.open(tree, os.O_RDONLY | os.O_DIRECTORY)
    walk = Walk(fd, Limits(), filter=swift.filter_for(frozenset()))
    batches: Iterator[list[Found]] = walk.run(Job(""))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    os.close(fd)
    assert descriptors() == before


def test_a_listing_that_breaks_off_is_an_error_however_it_is_asked(tmp_path: Path) -> None:
    wanted = swift.filter_for(frozenset())
    assert wanted is not None
    (tmp_path / "a.pdf").write_bytes(PDF)
    fd = os.open(tmp_path / "a.pdf", os.O_RDONLY)  # no folder: getdents refuses
    try:
        entries = swift.sweep(fd, wanted)
        assert entries.names(10) == ([], [])
        assert not entries.ended
        for _time in range(2):
            with pytest.raises(NotADirectoryError):
                entries.look(10)
    finally:
        os.close(fd)
