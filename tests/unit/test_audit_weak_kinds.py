"""Tables, texts and scanned pages: documents where the policy asks for them; and what is only like them."""

from __future__ import annotations

import struct

import pytest
from identified import kinds, look

from dongle_cli.audit.model import Hit

ROWS = [("住民", "番号", "日付"), ("青木", "1", "2026-11-25"), ("井上", "2", "2026-11-26"), ("上田", "3", "")]


@pytest.mark.parametrize("mark", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"])
def test_tables_in_any_encoding(mark: str, encoding: str) -> None:
    data = "".join(mark.join(row) + "\r\n" for row in ROWS).encode(encoding)
    assert kinds(data) == ["csv"]
    assert kinds(data, kinds=frozenset()) == [], "only where the policy asks for them"
    assert kinds(data * 200) == ["csv"], "longer than what is read"


def test_what_is_no_table() -> None:
    assert kinds(b"a,b\nc,d\n") == [], "two rows"
    assert kinds(b"a,b\nc,d\ne,f,g\n") == [], "one row is wider"
    assert kinds(b"a\nb\nc\n") == [], "one cell wide"
    assert kinds("説明です、\nこれは文章です。\n表ではありません。\n".encode()) == []
    assert kinds(b"int f(int a, int b);\nint g(int a, int b);\nint h(int a, int b);\n") == []
    assert kinds(b"[1, 2],\n[3, 4],\n[5, 6],\n") == []


def test_text_only_where_the_policy_asks() -> None:
    text = "本日の議事\n一、予算\n".encode("cp932")
    assert kinds(text) == []
    [hit] = look(text, kinds=frozenset({"txt"}))
    assert isinstance(hit, Hit)
    assert (hit.kind, hit.evidence) == ("txt", "policy")


def png(width: int, height: int, dpi: float | None = None) -> bytes:
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", width, height, 8, 2, 0, 0, 0, 0)
    if dpi:
        data += struct.pack(">I4sIIBI", 9, b"pHYs", round(dpi / 0.0254), round(dpi / 0.0254), 1, 0)
    return data + struct.pack(">I4s", 0, b"IDAT")


def jpeg(width: int, height: int, dpi: int = 0, before: int = 0) -> bytes:
    head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" + struct.pack(">BHHBB", int(dpi > 0), dpi or 1, dpi or 1, 0, 0)
    while before > 0:
        head += b"\xff\xe1" + struct.pack(">H", 60_002) + b"\0" * 60_000
        before -= 60_000
    return head + b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9


def tiff(width: int, height: int, pages: int = 1, bits: int = 8) -> bytes:
    rows = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1)]
    size = 2 + 12 * len(rows) + 4
    out = b"II*\0" + struct.pack("<I", 8)
    for page in range(pages):
        out += struct.pack("<H", len(rows)) + b"".join(
            struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in rows
        )
        out += struct.pack("<I", 8 + size * (page + 1) if page + 1 < pages else 0)
    return out


@pytest.mark.parametrize(
    "data",
    [
        png(2480, 3508), png(1654, 2339), png(3508, 2480, 300), png(3035, 4299, 300), jpeg(1240, 1754, 150),
        jpeg(2550, 3300, 300, before=180_000), jpeg(2480, 3508, before=200_000), tiff(1728, 2200, bits=1),
        tiff(2480, 3507), tiff(1700, 2338, pages=3, bits=1), png(1748, 2480),
    ],
    ids=range(11),
)  # fmt: skip
def test_page_shaped_pictures_are_scans(data: bytes) -> None:
    assert kinds(data) == ["scan"]
    assert kinds(data, kinds=frozenset()) == []


@pytest.mark.parametrize(
    "data",
    [
        png(1920, 1080), png(256, 256), jpeg(4032, 3024, 72), jpeg(6000, 4000, 300), tiff(512, 512),
        tiff(64, 64, bits=1), png(210, 297),
    ],
    ids=range(7),
)  # fmt: skip
def test_other_pictures_are_none(data: bytes) -> None:
    assert kinds(data) == []
