"""Which document a ZIP archive is: OOXML, XPS by content type, OpenDocument, EPUB by `mimetype`, iWork by names."""

from __future__ import annotations

import re

from dongle_cli.audit.identify.kinds import by_name
from dongle_cli.audit.identify.limits import Spent
from dongle_cli.audit.identify.unpack import DAMAGE
from dongle_cli.audit.identify.zipdir import Member, Zip

# The main part's content type (ECMA-376-1 and [MS-OFFMACRO2]); a document that embeds another names it without "main".
_CONTENT_TYPES = {
    b"wordprocessingml.document.main": "docx", b"ms-word.document.macroenabled.main": "docm",
    b"wordprocessingml.template.main": "dotx", b"ms-word.template.macroenabledtemplate.main": "dotm",
    b"spreadsheetml.sheet.main": "xlsx", b"ms-excel.sheet.macroenabled.main": "xlsm",
    b"ms-excel.sheet.binary.macroenabled.main": "xlsb", b"spreadsheetml.template.main": "xltx",
    b"ms-excel.template.macroenabled.main": "xltm", b"ms-excel.addin.macroenabled.main": "xlam",
    b"presentationml.presentation.main": "pptx", b"ms-powerpoint.presentation.macroenabled.main": "pptm",
    b"presentationml.slideshow.main": "ppsx", b"ms-powerpoint.slideshow.macroenabled.main": "ppsm",
    b"presentationml.template.main": "potx", b"ms-powerpoint.template.macroenabled.main": "potm",
    b"ms-powerpoint.addin.macroenabled.main": "ppam",
    b"ms-visio.drawing.main": "vsdx", b"ms-visio.drawing.macroenabled.main": "vsdm",
    b"ms-visio.template.main": "vstx", b"ms-visio.template.macroenabled.main": "vstm",
    b"ms-visio.stencil.main": "vssx", b"ms-visio.stencil.macroenabled.main": "vssm",
    b"ms-package.xps-fixeddocumentsequence": "xps", b"oxps-fixeddocumentsequence": "xps",
}  # fmt: skip
_TYPE = re.compile(b"|".join(re.escape(words) for words in sorted(_CONTENT_TYPES, key=len, reverse=True)))
_PARTS = (
    ("word/document", "docx"), ("xl/workbook", "xlsx"), ("ppt/presentation", "pptx"), ("visio/document", "vsdx"),
    ("fixeddocseq.fdseq", "xps"), ("fixeddocumentsequence.fdseq", "xps"), ("theme/presentation.xml", "thmx"),
)  # fmt: skip

_ODF = b"application/vnd.oasis.opendocument."
_MIMETYPES = {
    _ODF + b"text": "odt", _ODF + b"text-template": "ott", _ODF + b"text-master": "odm", _ODF + b"text-web": "odt",
    _ODF + b"spreadsheet": "ods", _ODF + b"spreadsheet-template": "ots",
    _ODF + b"presentation": "odp", _ODF + b"presentation-template": "otp",
    _ODF + b"graphics": "odg", _ODF + b"graphics-template": "otg",
    _ODF + b"formula": "odf", _ODF + b"chart": "odf", _ODF + b"image": "odf", _ODF + b"base": "odf",
    _ODF + b"database": "odf",
    b"application/vnd.sun.xml.writer": "sxw", b"application/vnd.sun.xml.calc": "sxc",
    b"application/vnd.sun.xml.impress": "sxi", b"application/vnd.sun.xml.draw": "sxd",
    b"application/epub+zip": "epub", b"application/hwp+zip": "hwpx", b"application/haansofthwpx": "hwpx",
}  # fmt: skip
_MANIFEST = re.compile(
    rb"""full-path\s*=\s*["']/["'][^>]*?media-type\s*=\s*["']([\w.+/-]+)|"""
    rb"""media-type\s*=\s*["']([\w.+/-]+)["'][^>]*?full-path\s*=\s*["']/["']"""
)


def package(archive: Zip, name: str) -> str | None:
    """The kind of document that `archive` is, or None for an archive of anything; `name` only tells iWork's apart."""
    members = {member.raw.replace(b"\\", b"/").lower(): member for member in archive.members}
    if b"mimetype" in members:
        kind = _MIMETYPES.get(_text(archive, members[b"mimetype"], 256).strip().lower())
        if kind is not None:
            return kind
    if b"[content_types].xml" in members or b"_rels/.rels" in members:
        return _office(archive, members)
    if b"meta-inf/manifest.xml" in members and b"content.xml" in members:
        found = _MANIFEST.search(_text(archive, members[b"meta-inf/manifest.xml"], 4096))
        if found:
            return _MIMETYPES.get((found[1] or found[2]).lower())
    if b"meta-inf/container.xml" in members and any(part.endswith(b".opf") for part in members):
        return "epub"
    if b"contents/content.hpf" in members:
        return "hwpx"
    return _iwork(archive, members, name)


def _text(archive: Zip, member: Member, most: int) -> bytes:
    if member.encrypted:
        return b""
    try:
        return archive.head(member, most)
    except (*DAMAGE, Spent):
        return b""


def _office(archive: Zip, members: dict[bytes, Member]) -> str | None:
    types = members.get(b"[content_types].xml")
    text = _text(archive, types, 262_144).lower() if types else b""
    if b"\x00" in text[:64]:  # UTF-16
        text = text.replace(b"\x00", b"")
    found = _TYPE.search(text)
    if found:
        return _CONTENT_TYPES[found[0]]
    for part in members:
        for start, kind in _PARTS:
            if start.encode() in part:
                return kind
    return None


def _iwork(archive: Zip, members: dict[bytes, Member], name: str) -> str | None:
    if b"index.apxl" in members or b"index.apxl.gz" in members:
        return "key"
    modern = any(part.endswith(b"index/document.iwa") for part in members) or b"index.zip" in members
    if modern and any(b"index/slide" in part or b"index/masterslide" in part for part in members):
        return "key"
    old = members.get(b"index.xml")
    start = _text(archive, old, 4096) if old else b""
    if b"developer.apple.com/namespaces/" in start or b"<sl:document" in start or b"<ls:document" in start:
        return "numbers" if b"<ls:document" in start else "pages"
    if modern or {b"index.xml", b"buildversionhistory.plist"} <= members.keys() or b".iwpv2" in members:
        guess = by_name(name)
        if guess in ("pages", "numbers", "key"):
            return guess
        sheets = any(b"index/calculationengine" in part for part in members)
        return "numbers" if sheets and not any(part == b"index/documentstylesheet" for part in members) else "iwork"
    return None
