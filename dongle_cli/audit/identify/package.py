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
    (b"word/document", "docx"), (b"xl/workbook", "xlsx"), (b"ppt/presentation", "pptx"), (b"visio/document", "vsdx"),
    (b"fixeddocseq.fdseq", "xps"), (b"fixeddocumentsequence.fdseq", "xps"), (b"theme/presentation.xml", "thmx"),
)  # fmt: skip
_PIECE = re.compile(rb"/\[\d+\](?:\.last)?\.piece$")  # of an interleaved part (Open Packaging Conventions, ECMA-376-2)

_ODF, _SUN = b"application/vnd.oasis.opendocument.", b"application/vnd.sun.xml."
_MIMETYPES = {
    _ODF + b"text": "odt", _ODF + b"text-template": "ott", _ODF + b"text-master": "odm",
    _ODF + b"text-master-template": "odm",
    _ODF + b"text-web": "odt",
    _ODF + b"spreadsheet": "ods", _ODF + b"spreadsheet-template": "ots",
    _ODF + b"presentation": "odp", _ODF + b"presentation-template": "otp",
    _ODF + b"graphics": "odg", _ODF + b"graphics-template": "otg",
    _SUN + b"writer": "sxw", _SUN + b"writer.global": "sxw", _SUN + b"writer.template": "sxw",
    _SUN + b"calc": "sxc", _SUN + b"calc.template": "sxc", _SUN + b"draw": "sxd", _SUN + b"draw.template": "sxd",
    _SUN + b"impress": "sxi", _SUN + b"impress.template": "sxi",
    b"application/epub+zip": "epub", b"application/hwp+zip": "hwpx", b"application/haansofthwpx": "hwpx",
}  # fmt: skip
_FAMILIES = ((_ODF, "odf"), (_SUN, "staroffice"))  # of what has no row: charts, formulas, databases, what comes yet
_MANIFEST_BYTES = 262_144  # the document's own entry may stand behind those of all its pictures
_MANIFEST = re.compile(
    rb"""full-path\s*=\s*["']/["'][^>]{0,1000}?media-type\s*=\s*["']([\w.+/-]+)|"""
    rb"""media-type\s*=\s*["']([\w.+/-]+)["'][^>]{0,1000}?full-path\s*=\s*["']/["']"""
)


def package(archive: Zip, name: str) -> str | None:
    """The kind of document that `archive` is, or None for an archive of anything; `name` only tells iWork's apart."""
    members = {member.raw.replace(b"\\", b"/").lower().lstrip(b"/"): member for member in archive.members}
    pieces = [part for part in members if part.endswith(b".piece")]
    for piece in sorted(pieces, reverse=True):  # the first one speaks for the part
        members[_PIECE.sub(b"", piece)] = members[piece]
    if b"mimetype" in members:
        kind = _by_mimetype(_text(archive, members[b"mimetype"], 256))
        if kind is not None:
            return kind
    if b"[content_types].xml" in members or b"_rels/.rels" in members:
        return _office(archive, members)
    if b"meta-inf/manifest.xml" in members and b"content.xml" in members:
        found = _MANIFEST.search(_text(archive, members[b"meta-inf/manifest.xml"], _MANIFEST_BYTES))
        if found:
            return _by_mimetype(found[1] or found[2])
    if b"meta-inf/container.xml" in members and any(part.endswith(b".opf") for part in members):
        return "epub"
    if b"contents/content.hpf" in members:
        return "hwpx"
    return _iwork(archive, members, name)


def _by_mimetype(said: bytes) -> str | None:
    word = said.strip().lower().replace(b"/x-vnd.", b"/vnd.")
    return _MIMETYPES.get(word) or next((kind for start, kind in _FAMILIES if word.startswith(start)), None)


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
            if part.startswith(start):
                return kind
    return None


def _iwork(archive: Zip, members: dict[bytes, Member], name: str) -> str | None:
    if b"index.apxl" in members or b"index.apxl.gz" in members:
        return "key"
    modern = any(part.endswith(b"index/document.iwa") for part in members)
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
