"""What a file is: one small example of every kind, made here, under a name that says nothing or something else."""

from __future__ import annotations

import struct
import zipfile

import pytest
from identified import PDF, RTF, gaps, kinds, look, mail, members, office, zipped
from ole2_writer import compound

from dongle_cli.audit.identify import KINDS
from dongle_cli.audit.model import Hit

OPEN = "application/vnd.openxmlformats-officedocument."
MICROSOFT = "application/vnd.ms-"
ODF = "application/vnd.oasis.opendocument."
# The root's entry comes last, behind more pictures than fit into 4 KiB.
MANIFEST = (
    "<manifest:manifest>"
    + "".join(
        f'<manifest:file-entry manifest:full-path="Pictures/{n:032}.png" manifest:media-type=""/>' for n in range(90)
    )
    + f'<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="{ODF}text"/>'
)


def page(width: int, height: int) -> bytes:
    """A PNG of so many pixels."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", width, height, 8, 2, 0, 0, 0, 0)


FIXED: list[tuple[str, bytes]] = [
    ("pdf", PDF),
    ("pdf", b"\n" * 900 + PDF),
    ("pdf", b"%PDF"),
    ("rtf", RTF),
    ("rtf", rb"{\rt"),
    ("pst", b"!BDN" + b"\0" * 4 + b"SM" + struct.pack("<H", 23)),
    ("ost", b"!BDN" + b"\0" * 4 + b"SO" + struct.pack("<H", 36)),
    ("dbx", bytes.fromhex("cfad12fec5fd746f")),
    ("hwp", b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05"),
    ("one", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")),
    ("mdb", b"\0\1\0\0Standard Jet DB\0"),
    ("accdb", b"\0\1\0\0Standard ACE DB\0"),
    ("doc", b"\x31\xbe\0\0\0\xab" + b"\0" * 100),
    ("xls", b"\x09\x08\x10\x00\x00\x06\x05\x00"),
    ("lotus", b"\0\0\2\0\6\4\6\0\x08\0\0\0"),
    ("lotus", b"\0\0\x1a\0\0\x10\4\0"),
    ("wpd", b"\xffWPC\x10\0\0\0\x01\x0a\2\1\0\0\0\0"),
    ("works", b"\xff\0\2\0\4\4\5\x54"),
    ("jtd", b"DOC".ljust(43, b"\0") + bytes([15]) + b"\0" * 100),
    ("jtd", (b"\x01" * 144 + b"JDASH").ljust(300, b"\0")),
    ("eml", b"Received: from a by b\r\nFrom: a@example.jp\r\nSubject: =?iso-2022-jp?B?GyRCOiMbKEI=?=\r\n\r\nx\r\n"),
    ("mbox", b"From a@example.jp Wed Nov 25 10:00:00 2026\nFrom: a@example.jp\nSubject: x\nTo: b@example.jp\n\nx\n"),
    ("mhtml", b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
              b"Content-Type: multipart/related; boundary=x\r\n\r\n"),
    ("doc", b"<?xml version='1.0'?><?mso-application progid=\"Word.Document\"?><w:wordDocument/>"),
    ("xls", b"<?xml version='1.0'?><?mso-application progid=\"Excel.Sheet\"?><Workbook/>"),
    ("odt", b"<?xml version='1.0'?><office:document office:mimetype=\"application/vnd.oasis.opendocument.text\"/>"),
    ("odt", b"<office:document office:mimetype=\"application/vnd.oasis.opendocument.text\"/>"),
    ("doc", b"<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'/>"),
    ("docx", b"<pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage'/>"),
    ("docx", b"<?xml version='1.0'?>\r\n<?mso-application progid=\"Word.Document\"?>\r\n<pkg:package/>"),
    ("pptx", b"<?xml version='1.0'?>\r\n<?mso-application progid=\"PowerPoint.Show\"?>\r\n<pkg:package/>"),
    ("lotus", b"[ver]\r\n\t4\r\n[sty]\r\n"),
    ("mhtml", b"From: \"Saved by Windows Internet Explorer 8\"\r\nSubject: x\r\nDate: x\r\nMIME-Version: 1.0\r\n"
              b"Content-Type: multipart/related; boundary=x\r\n\r\n"),
    ("mhtml", b"\r\n\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"),
]  # fmt: skip

STREAMS: list[tuple[str, dict[str, bytes]]] = [
    ("doc", {"WordDocument": b"\xec\xa5", "1Table": b""}),
    ("doc", {"wordDOCUMENT": b"\xec\xa5"}),
    ("xls", {"Workbook": b"\x09\x08"}),
    ("xls", {"Book": b"\x09\x08"}),
    ("ppt", {"PowerPoint Document": b"", "Current User": b""}),
    ("vsd", {"VisioDocument": b""}),
    ("pub", {"Contents": b"", "Quill/QuillSub/CONTENTS": b""}),
    ("mpp", {"   114/TBkndTask/Props": b"", "Props14": b""}),
    ("msg", {"__properties_version1.0": b"", "__nameid_version1.0/__substg1.0_00020102": b""}),
    ("ooxml-encrypted", {"EncryptedPackage": b"", "EncryptionInfo": b""}),
    ("jtd", {"\x04JSRV_SegmentInformation": b"", "DocumentText": b"SsmgV.01"}),
    ("jttc", {"JSCompDocument": b"\x26\0JustCompressedDocument"}),
    ("hwp", {"FileHeader": b"HWP Document File", "DocInfo": b""}),
    ("hwp", {"FileHeader": b"HWP Document File", "ViewText/Section0": b""}),
    ("works", {"CONTENTS": b"CHNKWKS \4\0\x08\0", "\x01CompObj": b""}),
    ("works", {"CONTENTS": b"CHNKINK \4\0", "\x05SummaryInformation": b""}),
    ("works", {"CONTENTS": b"?", "SPELLING": b""}),
    ("pub", {"Contents": b"\xe8\xac\x22\0", "\x01CompObj": b""}),
    ("staroffice", {"StarWriterDocument": b""}),
    ("works", {"MatOST": b""}),
    ("wpd", {"PerfectOffice_MAIN": b""}),
]

PACKAGES: list[tuple[str, bytes]] = [
    ("docx", office("word/document.xml", OPEN + "wordprocessingml.document.main+xml")),
    ("docm", office("word/document.xml", MICROSOFT + "word.document.macroEnabled.main+xml")),
    ("dotx", office("word/document.xml", OPEN + "wordprocessingml.template.main+xml")),
    ("xlsx", office("xl/workbook.xml", OPEN + "spreadsheetml.sheet.main+xml")),
    ("xlsb", office("xl/workbook.bin", MICROSOFT + "excel.sheet.binary.macroEnabled.main")),
    ("xltx", office("xl/workbook.xml", OPEN + "spreadsheetml.template.main+xml")),
    ("pptx", office("ppt/presentation.xml", OPEN + "presentationml.presentation.main+xml")),
    ("ppsx", office("ppt/presentation.xml", OPEN + "presentationml.slideshow.main+xml")),
    ("vsdx", office("visio/document.xml", MICROSOFT + "visio.drawing.main+xml")),
    ("xps", zipped({"[Content_Types].xml": b"<Types/>", "FixedDocSeq.fdseq": b"<x/>", "_rels/.rels": b""})),
    (
        "xps",
        zipped(
            {
                "_rels/.rels/[0].piece": b"",
                "_rels/.rels/[1].last.piece": b"",
                "FixedDocSeq.fdseq/[0].last.piece": b"<x/>",
            }
        ),
    ),
    (
        "docx",
        zipped(
            {
                "[Content_Types].xml/[1].last.piece": b"/>",
                "/word/document.xml": b"<x/>",
                "[Content_Types].xml/[0].piece": b"<Types wordprocessingml.document.main+xml",
            }
        ),
    ),
    ("odt", zipped({"mimetype": (ODF + "text").encode(), "content.xml": b"<x/>"}, zipfile.ZIP_STORED)),
    ("ott", zipped({"content.xml": b"<x/>", "mimetype": (ODF + "text-template").encode()})),
    ("ods", zipped({"mimetype": (ODF + "spreadsheet").encode()})),
    ("odp", zipped({"mimetype": (ODF + "presentation").encode()})),
    ("odg", zipped({"mimetype": (ODF + "graphics").encode()})),
    ("odt", zipped({"content.xml": b"<x/>", "META-INF/manifest.xml": MANIFEST.encode()})),
    ("odf", zipped({"mimetype": (ODF + "chart-template").encode()})),
    ("odm", zipped({"mimetype": (ODF + "text-master-template").encode()})),
    ("ods", zipped({"mimetype": b"application/x-vnd.oasis.opendocument.spreadsheet"})),
    ("sxw", zipped({"mimetype": b"application/vnd.sun.xml.writer"})),
    ("sxw", zipped({"mimetype": b"application/vnd.sun.xml.writer.global"})),
    ("sxc", zipped({"mimetype": b"application/vnd.sun.xml.calc.template"})),
    ("sxi", zipped({"mimetype": b"application/vnd.sun.xml.impress.template"})),
    ("sxd", zipped({"mimetype": b"application/vnd.sun.xml.draw.template"})),
    ("staroffice", zipped({"mimetype": b"application/vnd.sun.xml.math"})),
    ("epub", zipped({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<x/>"})),
    ("hwpx", zipped({"mimetype": b"application/hwp+zip"})),
    ("key", zipped({"Index/Document.iwa": b"x", "Index/Slide-1.iwa": b"x"})),
    ("numbers", zipped({"index.xml": b"<ls:document xmlns:ls='x'/>"})),
    ("pages", zipped({"index.xml": b"<sl:document xmlns:sl='x'/>"})),
]


@pytest.mark.parametrize(("kind", "data"), FIXED, ids=[f"{n}-{kind}" for n, (kind, _data) in enumerate(FIXED)])
def test_a_file_is_what_it_begins_with(kind: str, data: bytes) -> None:
    assert kinds(data) == kinds(data, "photo.JPG") == [kind]


@pytest.mark.parametrize(("kind", "streams"), STREAMS, ids=[f"{n}-{kind}" for n, (kind, _s) in enumerate(STREAMS)])
def test_a_compound_file_is_what_its_streams_say(kind: str, streams: dict[str, bytes]) -> None:
    data = compound(streams)
    assert kinds(data) == [kind]
    assert kinds(data[:2000]) == [kind], "cut short it is the same still"


@pytest.mark.parametrize(("kind", "data"), PACKAGES, ids=[f"{n}-{kind}" for n, (kind, _d) in enumerate(PACKAGES)])
def test_a_package_is_what_its_parts_say(kind: str, data: bytes) -> None:
    assert kinds(data) == [kind]
    assert kinds(data[: data.rindex(b"PK\x01\x02") + 20]) == [kind], "without its directory it is the same still"


def test_a_stream_that_its_storage_lost_is_found() -> None:
    data = bytearray(compound({"Junk": b"", "WordDocument": b""}))
    struct.pack_into("<I", data, 1024 + 128 + 72, 0xFFFFFFFF)  # the right neighbour of "Junk"
    assert kinds(bytes(data)) == ["doc"]


def test_a_directory_that_is_none_is_damage() -> None:
    data = bytearray(compound({"a": b"x", "b": b"y"}))
    struct.pack_into("<I", data, 1024 + 128 + 72, 77)  # the right neighbour of "a"
    assert gaps(bytes(data)) == ["damaged"]
    data = bytearray(compound({"a": b"x", "b": b"y"}))
    struct.pack_into("<I", data, 48, 3)
    assert gaps(bytes(data)) == ["damaged"]


def test_documents_in_a_compound_file_that_is_none_are_found() -> None:
    assert members(compound({"Props": b"", "   1/TBkndTask/VarMeta": b""})) == [("   1", "mpp")]
    assert members(compound({"x": b"", "Section/WordDocument": b""})) == [("Section", "doc")]
    assert members(compound({"x": b"", "Section/WordDocument": b""}), "a.xdw") == [(None, "xdw"), ("Section", "doc")]


IWORK = {"Index/Document.iwa": b"x", "Index/Slide-1.iwa": b"x"}


def test_a_package_in_an_archive_is_found_as_what_it_is() -> None:
    assert members(zipped({"a.key/Index.zip": zipped(IWORK), "a.key/Data/x.jpg": b""})) == [("a.key/Index.zip", "key")]
    assert members(zipped({"Index.zip": zipped(IWORK), "Metadata/Properties.plist": b"x"})) == [("Index.zip", "key")]
    assert members(zipped({"index.zip": zipped({"a.txt": b"x"}), "readme.txt": b"x"})) == []


@pytest.mark.parametrize(("kind", "streams"), STREAMS, ids=[f"{n}-{kind}" for n, (kind, _s) in enumerate(STREAMS)])
def test_a_compound_file_that_lost_its_directory_is_the_same_still(kind: str, streams: dict[str, bytes]) -> None:
    data = bytearray(compound(streams))
    struct.pack_into("<I", data, 48, 0x7FFFFFFF)
    assert kinds(bytes(data)) == [kind]


def test_encrypted_office_says_so() -> None:
    [hit] = look(compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}))
    assert isinstance(hit, Hit)
    assert hit.encrypted


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.xdw", "xdw"), ("a.XBD", "xbd"), ("a.jhd", "jhd"), ("a.jhc", "jhd"), ("a.oas", "oasys"),
        ("a.oa3", "oasys"), ("a.bh2", "oasys"),
    ],
)  # fmt: skip
def test_kinds_without_a_signature_go_by_name_and_say_so(name: str, kind: str) -> None:
    [hit] = look(b"\x60\x0e\x82\x63\x00\x01\x02\x03", name)
    assert isinstance(hit, Hit)
    assert (hit.kind, hit.evidence) == (kind, "extension")
    assert kinds(PDF, name) == ["pdf"], "what is known to be something else is that"
    assert kinds(b"SECTIONS\n{\n  .text : { *(.text) }\n}\n", name) == [], "a text is none of them"
    [inside] = look(compound({"Unknown": b""}), name)
    assert isinstance(inside, Hit)
    assert (inside.kind, inside.evidence) == (kind, "extension")


@pytest.mark.parametrize("name", ["a.xdw", "a.jhd", "a.oas"])
@pytest.mark.parametrize(
    "data",
    [
        b"", b"one line", b"\x7fELF\2\1\1" + bytes(90), b"MZ\x90\0" + bytes(90), b"GIF89a" + bytes(90),
        b"SQLite format 3\0" + bytes(90), b"\0\0\0\x18ftypmp42" + bytes(90), b"%SEMI-OASIS\r\n\1\x03" + bytes(90),
        page(32, 32),
    ],
    ids=["empty", "text", "ELF", "MZ", "GIF", "SQLite", "MP4", "OASIS", "icon"],
)  # fmt: skip
def test_a_name_is_no_proof_against_what_is_known(name: str, data: bytes) -> None:
    assert look(data, name) == []


@pytest.mark.parametrize("name", ["a.xdw", "a.jhd", "a.oas", "a.rdp", "a.iso"])
def test_what_a_name_promises_hides_no_weak_kind(name: str) -> None:
    assert kinds(page(1654, 2339), name) == ["scan"]
    assert kinds("番号,名\n1,山田\n2,佐藤\n".encode("cp932"), name) == ["csv"]
    assert kinds("番号,名\n1,山田\n2,佐藤\n".encode("utf-16"), name) == ["csv"]


@pytest.mark.parametrize("encoding", ["ascii", "utf-16", "utf-16-be"])
def test_settings_of_remote_desktop_go_by_name(encoding: str) -> None:
    text = "full address:s:a,b\r\nalternate shell:s:c,d\r\nx:s:e,f\r\n"
    assert kinds(text.encode(encoding), "a.rdp") == ["rdp"], "though it is a table too"
    assert kinds(b"", "a.rdp") == kinds(b"\x89PNG" * 99, "a.rdp") == ["rdp"], "whose content decides is for the rules"


def test_hanako_by_its_maker_and_its_name() -> None:
    assert kinds(compound({"\x04JSRV_SummaryInformation": b""}), "zu.jhd") == ["jhd"]


def test_a_word_of_every_row_has_its_kind() -> None:
    said = {kind for kind, _data in [*FIXED, *STREAMS, *PACKAGES]}
    assert said <= KINDS.keys()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"MZ\x90\0" + b"\0" * 200, b"\x7fELF\2\1\1", b"#!/bin/sh\nexit 0\n", b"{\"a\": [1, 2]}\n",
        b"<?xml version='1.0'?><svg/>", b"From here on, nothing.\nTo: no one\n",
        b"<?xml version='1.0'?><xsl:stylesheet xmlns:x='urn:schemas-microsoft-com:office:spreadsheet'/>",
        zipped({"a/B.class": b"\xca\xfe\xba\xbe", "META-INF/MANIFEST.MF": b"x"}), compound({"Tables": b""}),
        compound({"Contents": b"x", "\x01CompObj": b"x"}), compound({"FileHeader": b"x", "Story/Contents": b"CHNKWKS"}),
        zipped({"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"", "templates/word/document.xml": b"<x/>"}),
        b"\xffWPC\x10\0\0\0\x01\x16\2\1", b"\x89PNG\r\n\x1a\n" + b"\0" * 8,
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_no_document_is_none(data: bytes) -> None:
    assert look(data) == []


SERVERS = (
    "Delivered-To: b@example.jp\r\nReceived: by 2002:a05 with SMTP id a;\r\n        Mon, 1 Jun 2026 00:00:00 -0700\r\n"
    "X-Received: by 2002:a17 with SMTP id b;\r\n        Mon, 1 Jun 2026 00:00:00 -0700\r\n"
    "ARC-Seal: i=1; a=rsa-sha256;\r\n"
    "        b=" + "\r\n         ".join(["B" * 66] * 60) + "\r\nReturn-Path: <a@example.jp>\r\n"
)  # fmt: skip
FIELDS = "Subject: x\r\nFrom: a@example.jp\r\nTo: b@example.jp\r\n\r\nbody\r\n"


def test_a_mail_is_one_however_much_servers_wrote_before_its_fields() -> None:
    assert len(SERVERS) > 4096
    assert kinds((SERVERS + FIELDS).encode()) == ["eml"]
    assert kinds(("From - Mon Jun  1 00:00:00 2026\r\nX-Mozilla-Status: 0001\r\n" + SERVERS + FIELDS).encode()) == [
        "mbox"
    ]
    assert kinds(("Date: x\r\nNote: y\r\n" + "z: z\r\n" * 900).encode()) == [], "no server wrote that"


@pytest.mark.parametrize(
    "first",
    [
        "DomainKey-Signature", "Delivery-date", "Apparently-To", "FCC", "Content-Language", "Content-Length", "Lines",
        "Auto-Submitted", "Mailing-List", "Approved", "NNTP-Posting-Host", "Followup-To", "Original-Recipient",
        "Sensitivity", "Accept-Language", "Autocrypt", "Archived-At", "Feedback-ID", "X400-Received", "Relay-Version",
        "Old-Return-Path", "bcc", "BCC", "sender", "SENDER", "envelope-to", "list-id", "importance", "user-agent",
        "thread-topic", "organization", "AUTHENTICATION-RESULTS", "dkim-signature", "arc-seal", "Arc-Seal", "errors-to",
        "precedence", "status", "in-reply-to", "Message-Id", "Mime-Version", "Date ", "Date\t", "\ufeffReceived",
        "\ufeff\r\nReceived", "\r\nReceived", "\n\nReceived", "\nReceived",
    ],
)  # fmt: skip
def test_a_mail_is_one_whatever_field_comes_first(first: str) -> None:
    assert kinds(f"{first}: x\r\n{FIELDS}".encode()) == ["eml"]


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n", b"\n"])
def test_what_is_attached_is_seen_though_a_mail_begins_late(before: bytes) -> None:
    assert kinds(before + mail(PDF, "a.pdf")) == ["eml", "pdf"]
