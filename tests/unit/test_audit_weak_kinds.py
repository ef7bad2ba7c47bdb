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


DAYS = "".join(f"会議{day},佐藤,2026/11/{day}(月)\n" for day in range(10, 20))
ADDRESS = '山田,"東京都千代田区\n霞が関1-1\n合同庁舎",03\n'
MANY = ",".join(f"column_{number:03d}" for number in range(250)) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "件名,担当,期日\n" + DAYS,
        "部署,担当,金額(円)\n総務,山田(正),10(千円)\n会計,佐藤,20(千円)\n広報,鈴木,30(千円)\n",
        "a,b\n1,=SUM(A1)\n2,=SUM(A2)\n3,=SUM(A3)\n",
        "氏名,住所,電話\n" + ADDRESS * 400,
        "氏名,住所,\n山田,東京,\n佐藤,大阪,\n鈴木,京都,\n",
        "番号,備考\n1,短い\n2," + "あ" * 420 + "\n3,短い\n4,短い\n",
        "a,b,c\r\n1,2,3\r\n4,5,6\r\n\x1a",
        *("a,b\n" + f"x{blank}y,z\n" * 4 for blank in "\x0b\x0c\x85\u2028"),
        MANY + (",".join(str(number * 37) for number in range(250)) + "\n") * 30,
        '"項目1","項目2"' + ',"項目"' * 400 + "\r\n" + ('"値1","値2"' + ',""' * 400 + "\r\n") * 9,
        "番号,名\n#1,山田\n#2,佐藤\n#3,鈴木\n",
        "所属,氏名\n[総務],山田\n[会計],佐藤\n[広報],鈴木\n",
        "アカウント,名\n@yamada,山田\n@sato,佐藤\n@suzuki,鈴木\n",
        "宛先,氏名\n<a@example.jp>,山田\n<b@example.jp>,佐藤\n<c@example.jp>,鈴木\n",
        "#,氏名\n1,山田\n2,佐藤\n", "%,名前\n%1,a\n%2,b\n%3,c\n", "番号,備考\n(1),注1)\n(2),注2)\n(3),\n",
        "{0a1b},山田,1\n{0a1c},佐藤,2\n{0a1d},鈴木,3\n",
        "文書,場所\n規程,C:\\doc\\\n通知,C:\\doc\\\n報告,\\\\server\\doc\\\n",
    ],
    ids=[
        "weekday", "amount", "formula", "cut in a cell of lines", "ends with the mark", "a long cell", "Ctrl-Z",
        "VT", "FF", "NEL", "U+2028", "wide", "wider", "#1", "[..]", "@..", "<..>", "#", "%", "1)", "{..}", "path",
    ],
)  # fmt: skip
def test_tables_that_look_a_little_like_programs(text: str) -> None:
    assert kinds(text.encode()) == ["csv"]


@pytest.mark.parametrize(
    "text",
    [
        "f(a, b)\ng(c, d)\nh(e, f)\n", "f(a, g(b))\nf(c, g(d))\nf(e, g(f))\n",
        "INSERT INTO t VALUES (1,2)\nINSERT INTO t VALUES (3,4)\nINSERT INTO t VALUES (5,6)\n",
        "1, 2, 3,\n4, 5, 6,\n7, 8, 9,\n", "0x1f,0x2e,\n0x3d,0x4c,\n0x5b,0x6a,\n", "ONE,\nTWO,\nTHREE,\n",
        '{"a":1,"b":2}\n' * 9, "; a\n; b\n; c\n", "# a, b\n# c, d\n# e, f\n", "a, b \\\nc, d \\\ne, f \\\n",
        "x,y\n" + ("a" * 500 + ",b\n") * 4, 'a,b\nc,d\ne,f\ng,"h\n', MANY + (MANY + "x,y\n") * 30,
    ],
)  # fmt: skip
def test_programs_that_look_a_little_like_tables(text: str) -> None:
    assert kinds(text.encode()) == []


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


def png(width: int, height: int, dpi: float | None = None, bits: int = 8, colour: int = 2) -> bytes:
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", width, height, bits, colour, 0, 0, 0, 0)
    if dpi:
        data += struct.pack(">I4sIIBI", 9, b"pHYs", round(dpi / 0.0254), round(dpi / 0.0254), 1, 0)
    return data + struct.pack(">I4s", 0, b"IDAT")


def jpeg(width: int, height: int, dpi: int = 0, before: int = 0) -> bytes:
    head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" + struct.pack(">BHHBB", int(dpi > 0), dpi or 1, dpi or 1, 0, 0)
    while before > 0:
        head += b"\xff\xe1" + struct.pack(">H", 60_002) + b"\0" * 60_000
        before -= 60_000
    return head + b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9


def tiff(
    width: int, height: int, pages: int = 1, bits: int = 8, order: str = "<", dpi: int = 0, big: bool = False
) -> bytes:
    """As TIFF 6.0 has it, or with eight bytes for a number (BigTIFF); all pages alike."""
    return tiff_of([{256: width, 257: height, 258: bits, 259: 1, 282: dpi}] * pages, order, big)


def tiff_of(pages: list[dict[int, int]], order: str = "<", big: bool = False) -> bytes:
    count, row, place = ("Q", "HHQ", "Q") if big else ("H", "HHI", "I")
    at = 16 if big else 8
    out = (
        struct.pack(order + "2sHHH", b"II" if order == "<" else b"MM", 43, 8, 0)
        if big
        else struct.pack(order + "2sH", b"II" if order == "<" else b"MM", 42)
    )
    out += struct.pack(order + place, at)
    for number, tags in enumerate(pages):
        size = len(tags) * struct.calcsize(order + row + place) + struct.calcsize(order + count + place)
        out += struct.pack(order + count, len(tags))
        for tag, value in sorted(tags.items()):
            if tag == 282:  # a fraction: in the row where it fits there, else behind the last page
                there = (
                    struct.pack(order + "II", value, 1) if big else struct.pack(order + place, at + size * len(pages))
                )
                out += struct.pack(order + row, tag, 5, 1) + there
            else:
                wide = 16 if big else 4
                out += struct.pack(order + row, tag, wide if tag < 258 else 3, 1)
                out += struct.pack(order + (place if tag < 258 else "H"), value).ljust(
                    struct.calcsize(order + place), b"\0"
                )
        out += struct.pack(order + place, at + size * (number + 1) if number + 1 < len(pages) else 0)
    return out + struct.pack(order + "II", pages[-1].get(282, 0), 1)


def bmp(width: int, height: int, header: int = 40, dpi: int = 0, bits: int = 24) -> bytes:
    start = b"BM" + struct.pack("<IHHII", 0, 0, 0, 14 + header, header)
    if header == 12:
        return start + struct.pack("<HHHH", width, height, 1, bits)
    metre = round(dpi / 0.0254)
    return start + struct.pack("<iiHHIIii", width, height, 1, bits, 0, 0, metre, metre).ljust(header, b"\0")


ICON = {254: 1, 256: 160, 257: 226, 258: 8, 259: 1}
A4 = {254: 0, 256: 1654, 257: 2339, 258: 8, 259: 1}


@pytest.mark.parametrize(
    "data",
    [
        png(2480, 3508), png(1654, 2339), png(3508, 2480, 300), png(3035, 4299, 300), jpeg(1240, 1754, 150),
        jpeg(2550, 3300, 300, before=180_000), jpeg(2480, 3508, before=200_000), tiff(1728, 2200, bits=1),
        tiff(2480, 3507), tiff(1700, 2338, pages=3, bits=1), png(1748, 2480),
        tiff_of([ICON, A4]), tiff_of([{256: 512, 257: 512}, A4], ">"), tiff(1447, 2047, dpi=175),
        jpeg(2480, 3508, before=400_000), jpeg(1447, 2047, 175, before=5_000_000),
        *(bmp(1447, -2047, size, 175) for size in (40, 52, 56, 64, 108, 124)), bmp(2480, 3508, 12),
        png(1200, 1600, bits=1, colour=0), png(1400, 2310, bits=1, colour=3), png(3300, 2550, bits=1, colour=0),
    ],
    ids=range(26),
)  # fmt: skip
def test_page_shaped_pictures_are_scans(data: bytes) -> None:
    assert kinds(data) == ["scan"]
    assert kinds(data, kinds=frozenset()) == []


@pytest.mark.parametrize(
    "data",
    [
        png(1920, 1080), png(256, 256), jpeg(4032, 3024, 72), jpeg(6000, 4000, 300), tiff(512, 512),
        tiff(64, 64, bits=1), png(210, 297),
        png(1200, 1200, bits=1, colour=0), png(4000, 1000, bits=1, colour=3), tiff(2000, 2000, bits=1),
        png(2048, 2048, bits=1, colour=0), tiff_of([ICON]), tiff_of([{**A4, 254: 1}, {256: 512, 257: 512}]),
        jpeg(1600, 900, before=400_000), bmp(800, 600, 124), bmp(800, 600, 12), bmp(2480, 3508, 99),
    ],
    ids=range(17),
)  # fmt: skip
def test_other_pictures_are_none(data: bytes) -> None:
    assert kinds(data) == []


@pytest.mark.parametrize("order", "<>")
def test_scans_with_wide_numbers(order: str) -> None:
    assert kinds(tiff(2480, 3508, order=order, big=True)) == ["scan"]
    assert kinds(tiff(1447, 2047, order=order, big=True, dpi=175)) == ["scan"]
    assert kinds(tiff_of([ICON, A4], order, big=True)) == ["scan"]
    assert kinds(tiff(1920, 1080, order=order, big=True)) == []
