"""Small documents of real formats, made from the formats' descriptions; what a stranger's machine could hold."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R/Size 4>>\n%%EOF\n"
)
RTF = rb"{\rtf1\ansi\ansicpg932\deff0 {\fonttbl{\f0 MS Mincho;}}\f0 \'8b\'4e\'88\'c4\par}"
EML = (
    b"Received: from mail.pref.example by mx.pref.example; Mon, 2 Mar 2026 09:00:00 +0900\r\n"
    b"From: =?ISO-2022-JP?B?GyRCO1I4PRsoQg==?= <a@pref.example>\r\nTo: b@pref.example\r\n"
    b"Date: Mon, 2 Mar 2026 09:00:00 +0900\r\nMessage-ID: <1@pref.example>\r\n"
    b"Subject: =?ISO-2022-JP?B?GyRCNS8wRhsoQg==?=\r\n\r\nhello\r\n"
)
CSV = "氏名,所属,番号\r\n山田,総務,1\r\n佐藤,税務,2\r\n鈴木,福祉,3\r\n".encode("cp932")
# [MS-PST] 2.2.2.6: magic, a checksum, "SM" of a PST or "SO" of an OST, version 23 (Unicode).
PST = (b"!BDN" + bytes(4) + b"SM" + b"\x17\0\x13\0\1\1" + bytes(12)).ljust(1024, b"\0")
OST = PST.replace(b"SM", b"SO", 1)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "application/vnd.openxmlformats-officedocument."
_PARTS = {
    "docx": ("word/document.xml", _MAIN + "wordprocessingml.document.main+xml"),
    "xlsx": ("xl/workbook.xml", _MAIN + "spreadsheetml.sheet.main+xml"),
    "pptx": ("ppt/presentation.xml", _MAIN + "presentationml.presentation.main+xml"),
}


def ooxml(kind: str) -> bytes:
    """An empty document of Office: docx, xlsx or pptx."""
    part, content = _PARTS[kind]
    types = (
        f'<?xml version="1.0"?><Types xmlns="{_TYPES}"><Override PartName="/{part}" ContentType="{content}"/></Types>'
    )
    return archive({"[Content_Types].xml": types.encode(), "_rels/.rels": b"<x/>", part: b"<x/>"})


def odt() -> bytes:
    """An empty OpenDocument text: its first member says so, and is stored."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("content.xml", "<x/>", zipfile.ZIP_DEFLATED)
    return out.getvalue()


def archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP; names that are not ASCII are CP932 without the flag of UTF-8, as Japanese Windows writes them."""
    out = io.BytesIO()
    names: dict[bytes, bytes] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for number, (name, content) in enumerate(members.items()):
            raw = name.encode("cp932")
            stands = name if raw.isascii() else f"{number:03}".ljust(len(raw), "~")  # of the same length
            names[stands.encode()] = raw
            file.writestr(zipfile.ZipInfo(stands, (2026, 3, 2, 9, 0, 0)), content, zipfile.ZIP_DEFLATED)
    data = out.getvalue()
    for stands_raw, raw in names.items():
        data = data.replace(stands_raw, raw)
    return data


# What is no document, whatever it is called.
EXE = b"MZ\x90\0" + bytes(60) + b"PE\0\0" + bytes(200)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010101004800480000") + bytes(300) + b"\xff\xd9"
LINK = bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(56)
