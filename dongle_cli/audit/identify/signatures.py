"""What stands at the beginning of files: our own table, looked up by the first two bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# A word is a kind of `kinds.KINDS`, or one of those that `settle` must look into:
#   ole2 zip tar gz bz2 xz 7z lzh   containers;   mail   headers of RFC 5322;   xml   an XML that Office may have saved
#   rar ace arj                     archives that we cannot open;   hive   for the sources
#   disk boot iso                   disk images: by their container, by their first sectors, by their name
# Longest first where one is the beginning of another. Sources: the formats' own specifications, PRONOM, file(1).
PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2"),
    (b"\x0e\x11\xfc\x0d\xd0\xcf\x11\x0e", "ole2"),  # a beta of 1992
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08PK", "zip"), (b"PK00PK", "zip"),
    (b"{\\rt", "rtf"), (b"\xef\xbb\xbf{\\rt", "rtf"),
    (b"!BDN", "pst"),
    (b"\xcf\xad\x12\xfe\xc5\xfd\x74\x6f", "dbx"), (b"\xcf\xad\x12\xfe\xc6\xfd\x74\x6f", "dbx"),
    (b"HWP Document File", "hwp"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "one"),  # [MS-ONESTORE] 2.3.1
    (b"\x00\x01\x00\x00Standard Jet DB", "mdb"), (b"\x00\x01\x00\x00Standard ACE DB", "accdb"),
    (b"\x00\x01\x00\x00MSISAM Database", "mdb"),
    # Word before OLE2: for DOS and Windows Write, 1 and 2 for Windows, 1 to 5 for Macintosh.
    (b"\x31\xbe\x00\x00\x00\xab", "doc"), (b"\x32\xbe\x00\x00\x00\xab", "doc"),
    (b"\x9b\xa5\x21\x00", "doc"), (b"\xdb\xa5\x2d\x00", "doc"),
    (b"\xfe\x37\x00\x1c", "doc"), (b"\xfe\x37\x00\x23", "doc"),
    (b"\xfe\x32\x00\x00", "doc"), (b"\xfe\x34\x00\x00", "doc"),
    # Excel before OLE2: the BOF records of BIFF2, 3, 4 with a sheet, chart or workspace inside.
    (b"\x09\x00\x04\x00\x02\x00\x10\x00", "xls"), (b"\x09\x00\x04\x00\x07\x00\x10\x00", "xls"),
    (b"\x09\x00\x04\x00\x00\x00\x10\x00", "xls"),
    (b"\x09\x02\x06\x00\x00\x00\x10\x00", "xls"), (b"\x09\x02\x06\x00\x00\x00\x00\x01", "xls"),
    (b"\x09\x04\x06\x00\x00\x00\x10\x00", "xls"), (b"\x09\x04\x06\x00\x00\x00\x00\x01", "xls"),
    (b"\x09\x08\x08\x00\x00\x05\x05\x00", "xls"), (b"\x09\x08\x10\x00\x00\x06\x05\x00", "xls"),
    (b"\x0b\xad\xde\xad", "ppt"), (b"\xed\xde\xad\x0b", "ppt"),  # PowerPoint 2 and 3
    (b"\x00\x00\x02\x00\x06\x04\x06\x00", "lotus"), (b"\x00\x00\x02\x00\x04\x04\x06\x00", "lotus"),
    (b"\x00\x00\x02\x00\x05\x04\x06\x00", "lotus"),
    (b"\x00\x00\x1a\x00\x00\x10\x04\x00", "lotus"), (b"\x00\x00\x1a\x00\x02\x10\x04\x00", "lotus"),
    (b"\x00\x00\x1a\x00\x03\x10\x04\x00", "lotus"), (b"\x00\x00\x1a\x00\x05\x10\x04\x00", "lotus"),
    (b"WordPro\x00", "lotus"), (b"WordPro\r\xfb", "lotus"), (b"[ver]\r\n\t", "lotus"), (b"[ver]\n\t", "lotus"),
    (b"\x00\x00\xff\x00\x02\x04\x04\x05", "works"), (b"\xff\x00\x02\x00\x04\x04\x05\x54", "works"),
    # Containers.
    (b"\x1f\x8b\x08", "gz"), (b"\xfd7zXZ\x00", "xz"), (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"MSCF\0\0\0\0", "cab"), (b"Rar!\x1a\x07", "rar"), (b"RE~^", "rar"), (b"\x60\xea", "arj"),
    # For other rooms of the audit.
    (b"regf", "hive"),
    (b"QFI\xfb", "disk"), (b"vhdxfile", "disk"), (b"conectix", "disk"),
    (b"KDMV", "disk"), (b"COWD", "disk"), (b"# Disk DescriptorFile", "disk"),
    (b"EVF\x09\x0d\x0a\xff\x00", "disk"), (b"EVF2\x0d\x0a\x81\x00", "disk"),
    (b"LUKS\xba\xbe", "disk"),
    (b"<?", "xml"), (b"\xef\xbb\xbf<?", "xml"),
)  # fmt: skip

Check = Callable[[bytes], str | None]

# The first header of a mail may be any; these are what mail programs and servers write first ("X-" is a family).
_FIRST_FIELDS = (
    "From To Cc Bcc Fcc Subject Date Received Sender References Importance Priority Organization Precedence Status "
    "Comments Keywords Newsgroups Path Xref Lines Approved Sensitivity Autocrypt "
    "X- ARC- List- Resent- Disposition- Return-Path Reply-To Message-ID MIME-Version Delivered-To Envelope-To "
    "Content-Type Content-Transfer-Encoding Content-Class Content-Language Content-Disposition Content-Length "
    "DKIM-Signature DomainKey-Signature Authentication-Results Received-SPF In-Reply-To Thread-Topic Thread-Index "
    "User-Agent Errors-To Delivery-Date Apparently-To Auto-Submitted Mailing-List NNTP-Posting-Host Followup-To "
    "Original-Recipient Accept-Language Archived-At Feedback-ID X400-Received Relay-Version Old-Return-Path"
)
_FIRST_HEADER = re.compile(
    rb"(?:%s)[ \t]?:" % _FIRST_FIELDS.replace("- ", r"-[\w-]{1,60} ").replace(" ", "|").encode(), re.IGNORECASE
)
# What mail programs skip before it.
BEFORE = re.compile(rb"\A(?:\xef\xbb\xbf)?[\r\n]*")
_HEADERS = re.compile(rb"^(From|To|Subject|Date|Message-ID|Received):", re.IGNORECASE | re.MULTILINE)
# Each line of the header is "Name: text" or goes on with a blank.
_HEADER_LINES = re.compile(rb"(?:[!-9;-~]{1,76}[ \t]?:[^\x00\r\n]*\r?\n|[ \t][^\x00\r\n]*\r?\n){2}")
_SERVERS = re.compile(
    rb"^(?:DKIM-Signature|ARC-Seal|Authentication-Results|Received-SPF|Return-Path|Delivered-To|X-Received):",
    re.IGNORECASE | re.MULTILINE,
)
_WEB_PAGE = re.compile(rb"^Content-Type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
_SAVED_PAGE = re.compile(rb"^From: [<\"]?Saved by|^Snapshot-Content-Location:", re.IGNORECASE | re.MULTILINE)
_OLD_PAGE = re.compile(rb"MIME-Version: 1\.0[\s\x00]+Content-Type: multipart/related", re.IGNORECASE)
_BOX = re.compile(rb"From [^\r\n]{1,200}\r?\n(?:>?[!-9;-~]{1,76}:[^\r\n]*\r?\n|[ \t][^\r\n]*\r?\n){2}")
# `git format-patch` puts this date into every patch.
_PATCH = re.compile(rb"From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001")


def mail(head: bytes) -> str | None:
    """eml, mbox or mhtml, by the header fields (RFC 5322, RFC 4155, RFC 2557); None for other text."""
    full = len(head) >= 4096
    head = BEFORE.sub(b"", head, count=1)
    box = head.startswith(b"From ")
    if not box and not _FIRST_HEADER.match(head):
        return None
    end = re.search(rb"\r?\n\r?\n", head)
    cut = full and end is None
    if box:
        return "mbox" if _is_mail(head, cut) and _BOX.match(head) and not _PATCH.match(head) else None
    if _OLD_PAGE.match(head):
        return "mhtml"
    fields = head[: end.start() + 1] if end else head
    if b"\0" in fields or not _HEADER_LINES.match(head):
        return None
    if _SAVED_PAGE.search(fields) or (_WEB_PAGE.search(fields) and _count(fields) < 3):
        return "mhtml"
    return "eml" if _is_mail(fields, cut) else None


def _count(fields: bytes) -> int:
    return len({name.lower() for name in _HEADERS.findall(fields)})


def _is_mail(fields: bytes, cut: bool) -> bool:
    """Whether two of the usual fields stand there; one where servers wrote so much that the others come behind."""
    found = _count(fields)
    return found >= 2 or (cut and found == 1 and _SERVERS.search(fields) is not None)


def ichitaro(head: bytes) -> str | None:
    """Ichitaro 4 to 6: "DOC" and the version in byte 43."""
    return "jtd" if head.startswith(b"DOC") and len(head) > 43 and head[43] in (14, 15, 16) else None


_SYSTEMS = (b"NTFS    ", b"EXFAT   ", b"-FVE-FS-", b"ReFS\0\0\0\0")


def boot(head: bytes) -> str | None:
    """A disk from its first byte on: a boot sector of a file system or with a table of partitions, or an ext."""
    if head[510:512] == b"\x55\xaa":
        if head[3:11] in _SYSTEMS or (head[0] in b"\xeb\xe9" and head[12] in b"\2\4\x08\x10" and head[16] in b"\1\2"):
            return "boot"
        table = [head[at : at + 16] for at in range(446, 510, 16)]
        used = [row for row in table if row[4] and any(row[12:])]
        return "boot" if used and all(row[0] in b"\0\x80" for row in table) else None
    ext = head[1024:2048]  # the superblock: s_log_block_size at 24, s_magic at 56, s_state, s_rev_level at 76
    whole = len(ext) == 1024 and ext[56:58] == b"\x53\xef"
    return "boot" if whole and ext[59] == 0 and ext[24] <= 6 and ext[76] <= 1 else None


def virtual_box(head: bytes) -> str | None:
    """A VDI: any text in front, its magic at 64."""
    return "disk" if head.startswith(b"\x7f\x10\xda\xbe", 64) else None


def word_perfect(head: bytes) -> str | None:
    """WordPerfect's common header: product 1, file type 10 is a document (graphics and macros are others)."""
    if not head.startswith(b"\xffWPC") or len(head) < 10:
        return None
    return {(1, 10): "wpd", (1, 44): "wpd", (9, 10): "wpd"}.get((head[8], head[9]))


def bzip2(head: bytes) -> str | None:
    """Its first block, or its end where it is empty, comes after the four bytes of its header."""
    return "bz2" if head.startswith((b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"), 4) else None


def outlook(head: bytes) -> str | None:
    """PST or OST: the client's magic in bytes 8 and 9, and the 4 KiB pages that only an OST has ([MS-PST] 2.2.2.6)."""
    if not head.startswith(b"!BDN"):
        return None
    return "ost" if head[8:10] == b"SO" or head[10:12] == b"\x24\x00" else "pst"


_XML = re.compile(
    rb"(?P<pptx>progid=.PowerPoint\.Show)|(?P<docx>progid=.Word\.Document(?=.{0,400}<pkg:package)|<pkg:package)"
    rb"|(?P<doc>progid=.Word\.Document|<w:wordDocument)|(?P<xls>progid=.Excel\.Sheet|urn:schemas-microsoft-com:office:spreadsheet)"
    rb"|(?P<vsd>schemas\.microsoft\.com/visio/2003/core)"
    rb"|office:mimetype=.application/vnd\.oasis\.opendocument\.(?P<odf>text|spreadsheet|presentation|graphics)",
    re.DOTALL,
)
_XML_ROOTS = (b"<office:document", b"<w:wordDocument", b"<pkg:package", b"<Workbook")  # where the declaration is absent
_ROOT = 1024  # bytes in which the root element begins; a few words are found there much faster than the pattern is
_XML_WORDS = (b"progid=", b"w:wordDoc", b"schemas-m", b"schemas.m", b"pkg:pack", b"office:doc")
_FLAT = {b"text": "odt", b"spreadsheet": "ods", b"presentation": "odp", b"graphics": "odg"}


def office_xml(head: bytes) -> str | None:
    """A document in one XML file: Office 2003's, flat OPC, flat OpenDocument; None for any other XML."""
    start = head[:_ROOT]
    if not any(word in start for word in _XML_WORDS):
        return None
    found = _XML.search(head)
    if not found or b"<xsl:" in head:  # a style sheet only speaks of such documents
        return None
    return _FLAT[found["odf"]] if found["odf"] else found.lastgroup


def _beginnings(name: str) -> Iterator[bytes]:
    """How a field `name` may begin: in the standard's letters or any one case; with its colon where it is one word."""
    first, dash, _rest = name.partition("-")
    for word in {first, first.lower(), first.upper(), first.capitalize()}:
        yield from (f"{word}{end}".encode() for end in ([dash] if dash else [":", " :", "\t:"]))


_MAIL_STARTS = sorted({b"From ", *(start for name in _FIRST_FIELDS.split() for start in _beginnings(name))})
_MAIL_LATER = sorted({b"\xef\xbb\xbf", b"\r\n", b"\n\n", *(b"\n" + start[:1] for start in _MAIL_STARTS)})
# What begins a boot sector: nothing; a jump or `cli` (x86); `xor` of a register; isohybrid's for Macintosh.
_BOOT_STARTS = (
    b"\0\0", *(bytes((first, second)) for first in (0xEB, 0xE9, 0xFA) for second in range(256)),
    b"\x33\xc0", b"\x31\xc0", b"\x33\xed", b"\xfc\x31", b"ER",
)  # fmt: skip


# Words of which one must stand in the first so many bytes, or the check says no; it need not be asked without.
NEEDS: dict[Check, tuple[tuple[bytes, ...], int]] = {
    office_xml: (_XML_WORDS, _ROOT), boot: ((b"\x55\xaa", b"\x53\xef"), 1082),
    virtual_box: ((b"\x7f\x10\xda\xbe",), 68),
}  # fmt: skip


def _compiled() -> dict[bytes, tuple[tuple[bytes, str | Check], ...]]:
    table: dict[bytes, list[tuple[bytes, str | Check]]] = {}
    checks: list[tuple[bytes, str | Check]] = [
        (b"DOC", ichitaro), (b"\xffWPC", word_perfect), (b"!BDN", outlook), (b"BZh", bzip2),
        (b"<?", office_xml), (b"\xef\xbb\xbf<?", office_xml),
        *((start, office_xml) for start in _XML_ROOTS),
        *((start, mail) for start in (*_MAIL_STARTS, *_MAIL_LATER)),
        (b"<<", virtual_box),
        *((start, boot) for start in _BOOT_STARTS),
    ]  # fmt: skip
    done = {prefix for prefix, _check in checks}
    for prefix, what in [*checks, *((p, w) for p, w in PREFIXES if p not in done)]:
        table.setdefault(prefix[:2], []).append((prefix, what))
    return {start: tuple(rows) for start, rows in table.items()}


FIRST = _compiled()
