"""The words for what a file is: stable, short, in every report; each with its family and what people call it."""

from __future__ import annotations

from dataclasses import dataclass

from dongle_cli.i18n import N_, _


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file can be; `strong` means that its content alone is proof, a weak one wants policy or more evidence."""

    word: str  # stable, never translated
    family: str  # a stable word that groups kinds: writer, sheet, slides, mail, page, ...
    name: str  # a msgid; `label` is what people read
    strong: bool = True
    is_document: bool = True

    @property
    def label(self) -> str:
        """The kind in the reader's language."""
        return _(self.name)


_WORD = N_("Word document")
_EXCEL = N_("Excel workbook")
_POWERPOINT = N_("PowerPoint presentation")
_VISIO = N_("Visio drawing")
_ODF_TEXT = N_("OpenDocument text")
_ODF_SHEET = N_("OpenDocument spreadsheet")
_ODF_SLIDES = N_("OpenDocument presentation")
_ODF_DRAWING = N_("OpenDocument drawing")
_ICHITARO = N_("Ichitaro document")
_DOCUWORKS = N_("DocuWorks document")
_HWP = N_("Hangul (HWP) document")
_ACCESS = N_("Access database")
_OUTLOOK = N_("Outlook data file")
_STAR = N_("StarOffice document")

_TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("page", N_("PDF document"), ("pdf",)),
    ("page", N_("XPS document"), ("xps",)),
    ("page", N_("EPUB book"), ("epub",)),
    ("writer", _WORD, ("doc", "docx", "docm", "dotx", "dotm")),
    ("sheet", _EXCEL, ("xls", "xlsx", "xlsm", "xlsb", "xltx", "xltm", "xlam")),
    ("slides", _POWERPOINT, ("ppt", "pptx", "pptm", "ppsx", "ppsm", "potx", "potm", "ppam", "sldx", "thmx")),
    ("drawing", _VISIO, ("vsd", "vsdx", "vsdm", "vstx", "vstm", "vssx", "vssm")),
    ("project", N_("Project plan"), ("mpp",)),
    ("writer", N_("Publisher document"), ("pub",)),
    ("office", N_("encrypted Office document"), ("ooxml-encrypted",)),
    ("writer", _ODF_TEXT, ("odt", "ott", "odm")),
    ("sheet", _ODF_SHEET, ("ods", "ots")),
    ("slides", _ODF_SLIDES, ("odp", "otp")),
    ("drawing", _ODF_DRAWING, ("odg", "otg")),
    ("office", N_("OpenDocument file"), ("odf",)),
    ("office", _STAR, ("staroffice", "sxw", "sxc", "sxi", "sxd")),
    ("writer", N_("Pages document"), ("pages",)),
    ("sheet", N_("Numbers spreadsheet"), ("numbers",)),
    ("slides", N_("Keynote presentation"), ("key",)),
    ("office", N_("iWork document"), ("iwork",)),
    ("writer", N_("rich text (RTF)"), ("rtf",)),
    ("writer", N_("WordPerfect document"), ("wpd",)),
    ("office", N_("Lotus document"), ("lotus",)),
    ("office", N_("Works document"), ("works",)),
    ("writer", _HWP, ("hwp", "hwpx")),
    ("notes", N_("OneNote section"), ("one",)),
    ("database", _ACCESS, ("mdb", "accdb")),
    ("mail", N_("mail message"), ("eml", "msg")),
    ("mail", N_("mailbox"), ("mbox", "dbx")),
    ("mail", _OUTLOOK, ("pst", "ost")),
    ("page", N_("saved web page (MHTML)"), ("mhtml",)),
    ("writer", _ICHITARO, ("jtd", "jttc")),
    ("page", _DOCUWORKS, ("xdw", "xbd", "xct")),
    ("drawing", N_("Hanako drawing"), ("jhd",)),
    ("writer", N_("OASYS document"), ("oasys",)),
)

_WEAK: tuple[tuple[str, str, str], ...] = (
    ("scan", "page", N_("scanned page")),
    ("csv", "sheet", N_("table (CSV)")),
    ("txt", "writer", N_("text")),
)

KINDS: dict[str, Kind] = {
    **{word: Kind(word, family, name) for family, name, words in _TABLE for word in words},
    **{word: Kind(word, family, name, strong=False) for word, family, name in _WEAK},
    "rdp": Kind("rdp", "settings", N_("remote desktop settings"), is_document=False),
}

_NO_SUFFIX = {"ooxml-encrypted", "lotus", "works", "staroffice", "oasys", "iwork", "scan"}
# What a name promises. Used where content cannot be seen (encrypted members) and for kinds without public signatures.
SUFFIXES: dict[str, str] = {
    **{word: word for word in KINDS if word not in _NO_SUFFIX},
    "dot": "doc", "docb": "doc", "rtf": "rtf", "wbk": "doc", "asd": "doc",
    "xlt": "xls", "xla": "xls", "xlw": "xls", "pps": "ppt", "pot": "ppt", "vss": "vsd", "vst": "vsd", "mpt": "mpp",
    "sdw": "staroffice", "sdc": "staroffice", "sdd": "staroffice", "vor": "staroffice",
    "oxps": "xps", "mht": "mhtml", "wk1": "lotus", "wk3": "lotus", "wk4": "lotus", "123": "lotus", "lwp": "lotus",
    "wps": "works", "wks": "works", "wdb": "works", "xlr": "works",
    "jtt": "jtd", "juw": "jtd", "jfw": "jtd", "jaw": "jtd", "jtdc": "jttc", "jhc": "jhd",
    "oas": "oasys", "oa2": "oasys", "oa3": "oasys", "fg5": "oasys", "bh2": "oasys", "accde": "accdb",
    "text": "txt", "tsv": "csv", "tif": "scan", "tiff": "scan",
}  # fmt: skip

# No public signature: the name says it, as long as the content is nothing else that is known.
BY_NAME = frozenset({"xdw", "xbd", "xct", "jhd", "oasys"})


def by_name(name: str) -> str | None:
    """The kind that the ending of `name` promises ("a.PDF": "pdf"), or None; no proof of anything."""
    stem, dot, suffix = name.rpartition(".")
    return SUFFIXES.get(suffix.lower()) if dot and stem else None
