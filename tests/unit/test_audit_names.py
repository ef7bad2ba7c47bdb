"""Any name a file can have: shown harmlessly, percent-encoded without loss, masked so that nothing of it is left."""

from __future__ import annotations

import resource
import tempfile
import unicodedata
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identified import look, sevened

from dongle_cli.audit.masking import Mask
from dongle_cli.audit.model import Finding, Gap, Severity, State, Verdict
from dongle_cli.audit.reports.csv_report import guarded
from dongle_cli.audit.reports.spool import Changed, Spool
from dongle_cli.audit.reports.text import short, shown, uri

# What a name can hold: any character, control, bidirectional mark, undecodable byte or lone surrogate.
NAMES = st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=30)
MASK = Mask(b"k" * 32)


@given(NAMES)
def test_what_is_shown_is_printable_and_shown_once(name: str) -> None:
    text = shown(name)
    assert not [
        c for c in text if unicodedata.category(c) in ("Cc", "Cs") or unicodedata.bidirectional(c) in ("RLO", "LRO")
    ]
    assert shown(text) == text
    text.encode("utf-8")


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw))
def test_a_uri_gives_back_every_byte(raw: bytes) -> None:
    name = raw.decode("utf-8", "surrogateescape")
    assert unquote_to_bytes(uri(name)) == raw


@given(NAMES)
def test_a_uri_is_ascii_whatever_windows_let_through(name: str) -> None:
    assert uri(name).isascii() and not set(uri(name)) & set(' <>"#?\\^`{|}[]')


@given(NAMES, st.integers(10, 40))
def test_what_is_shortened_keeps_its_ends(name: str, most: int) -> None:
    text = short(name, most)
    assert len(text) <= most and (text == name or (text[0], text[-1]) == (name[0], name[-1]))


@given(st.sampled_from("=+-@\t\r\n＝＋－＠") | st.just(""), st.text(max_size=10))
def test_no_cell_begins_a_formula(first: str, rest: str) -> None:
    cell = guarded(first + rest)
    assert cell.endswith(rest) and not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


PLAIN = st.text(st.sampled_from("山田太郎退職願いろは"), min_size=4, max_size=12)


@given(PLAIN, PLAIN, st.sampled_from([".docx", ".PDF", "", ".tar.gz", "."]))
def test_nothing_of_a_name_is_left_but_its_ending(person: str, name: str, ending: str) -> None:
    masked = MASK.path(f"Users/{person}/Documents/{name}{ending}")
    folder, last = masked.rsplit("/", 1)
    assert folder.startswith("Users/~") and folder.endswith("/Documents")
    assert not set(name + person) & set(masked)
    assert last.endswith(ending.lower() if ending != "." else "")
    assert MASK.path(f"Users/{person}/Documents/{name}{ending}") == masked
    assert Mask(b"x" * 32).path(f"Users/{person}/Documents/{name}{ending}") != masked


@pytest.mark.parametrize(("path", "kept"), [
    ("Users/Public/a.pdf", "Users/Public/"),
    ("home/root/a.pdf", "home/root/"),
    ("Windows/System32/spool/PRINTERS/00002.SPL", "Windows/System32/spool/PRINTERS/"),
    ("$Recycle.Bin/S-1-5-18/$R1.docx", "$Recycle.Bin/S-1-5-18/"),
])  # fmt: skip
def test_folders_that_are_nobodys_stay(path: str, kept: str) -> None:
    assert MASK.path(path).startswith(kept)


@pytest.mark.parametrize("person", ["yamada.taro", "佐藤.花子", "S-1-5-21-1-2-3-1001.bak"])
def test_a_person_has_no_ending_wherever_the_name_stands(person: str) -> None:
    mask = MASK.who(person)
    assert "." not in mask and MASK.person(person) == mask
    assert MASK.path(f"Users/{person}/a.pdf").startswith(f"Users/{mask}/~")
    assert MASK.homes(f"Users/{person}") == MASK.path(f"Users/{person}", folder=True) == f"Users/{mask}"
    assert MASK.member(f"home/{person}/a.pdf").split("/")[1] == mask
    before = f"C:\\Users\\{person}\\Desktop\\a.pdf"
    one = Finding("E-deleted-documents", Severity.HIGH, Verdict.VIOLATION, "recycle-bin", "$Recycle.Bin/x/$R1.pdf",
                  kind="pdf", detail=(("original", before),))  # fmt: skip
    assert str(dict(MASK.finding(one).detail)["original"]).startswith(f"C:\\Users\\{mask}\\Desktop\\~")


def test_a_target_says_whose_its_folders_are_and_names_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desktop = tmp_path / "disk/Users/yamada.taro/Desktop"
    desktop.mkdir(parents=True)
    (tmp_path / "way").symlink_to(tmp_path / "disk/Users")
    (tmp_path / "mine").symlink_to(desktop.parent)
    monkeypatch.chdir(desktop)
    who = MASK.who("yamada.taro")
    whole = str(desktop).replace("yamada.taro", who)
    assert {MASK.target(target) for target in (str(desktop), f"{desktop}/", ".", "../Desktop")} == {whole}
    assert MASK.target(f"{tmp_path}/way/yamada.taro") == f"{tmp_path}/way/{who}"
    for plain in ("", str(tmp_path / "disk"), str(tmp_path / "mine"), "../../../Users/Public", "/"):
        assert MASK.target(plain) == plain
    for target, path, masked in (
        (tmp_path / "disk", "Users/yamada.taro/Desktop/x", f"Users/{who}/Desktop/"),
        (tmp_path / "disk/Users", "yamada.taro/Desktop/x", f"{who}/Desktop/"),
        (tmp_path / "way", "yamada.taro/Desktop/x", f"{who}/Desktop/"),
        (tmp_path / "disk/Users", "Public/x", "Public/"),
        (desktop, "work/x", "work/"),
    ):
        one = Finding("E-local-documents", Severity.HIGH, Verdict.VIOLATION, "folder", path, kind="pdf",
                      target=str(target))  # fmt: skip
        assert MASK.finding(one).path == masked + MASK.name("x")
        gap = MASK.gap(Gap(path, "permission", target=str(target)))
        assert (gap.path, gap.target) == (masked + MASK.name("x"), MASK.target(str(target)))
    assert MASK.gap(Gap("yamada.taro", "permission", target=str(tmp_path / "disk/Users"))).path == who


def test_accounts_streams_and_details_are_masked_too() -> None:
    one = Finding(
        "E-deleted-documents", Severity.HIGH, Verdict.VIOLATION, "recycle-bin",
        "$Recycle.Bin/S-1-5-21-1-2-3-1001/$RABC.docx", kind="docx", owner="yamada", member="山田/履歴書.docx",
        state=State.LIVE, fingerprint="f" * 32,
        detail=(("user", "yamada"), ("original", "C:\\Users\\yamada\\Desktop\\履歴書.docx"), ("place", "desktop"),
                ("deleted_at", "2026-11-01T00:00:00+00:00"), ("my_numbers", 3)),
    )  # fmt: skip
    masked = MASK.finding(one)
    said = repr(masked)
    assert not any(secret in said for secret in ("yamada", "履歴書", "山田", "1001", "f" * 32, "RABC"))
    detail = dict(masked.detail)
    assert detail["place"] == "desktop" and detail["my_numbers"] == 3 and detail["user"] == masked.owner
    assert str(detail["original"]).startswith("C:\\Users\\~") and str(detail["original"]).endswith(".docx")
    assert MASK.path("a/履歴書.pdf:要旨.docx").count("~") == 2
    gap = MASK.gap(Gap("a/履歴書.zip", "damaged", "ValueError: '/home/yamada/履歴書'"))
    assert "履歴書" not in repr(gap) and "yamada" not in repr(gap)


def test_names_in_archives_and_images_are_no_word_of_ours() -> None:
    locked = sevened({"yamada-taro.bin": bytes(500)}, password="x", header_encryption=False)
    flat = (
        b'# Disk DescriptorFile\nversion=1\nCID=57d9f5d7\nparentCID=ffffffff\ncreateType="monolithicFlat"\n\n'
        b'# Extent description\nRW 2048 FLAT "yamada-flat.vmdk" 0\n\n# The Disk Data Base\n#DDB\n\n'
        b'ddb.virtualHWVersion = "4"\nddb.geometry.cylinders = "2"\nddb.geometry.heads = "16"\n'
        b'ddb.geometry.sectors = "63"\nddb.adapterType = "ide"\n'
    )
    for content, reason in ((locked, "encrypted"), (flat, "unsupported")):
        (gap,) = look(content, "x")
        assert isinstance(gap, Gap)
        assert gap.reason == reason and "yamada" in gap.detail
        assert "yamada" not in MASK.gap(gap).detail


def test_a_setting_keeps_its_hive_and_value() -> None:
    one = Finding(
        "E-local-drives", Severity.HIGH, Verdict.VIOLATION, "settings",
        "Users/yamada/NTUSER.DAT: Software\\Policies\\Explorer\\NoDrives",
        detail=(("found", 0), ("wanted", "4")),
    )  # fmt: skip
    masked = MASK.finding(one)
    assert masked.path.endswith("/NTUSER.DAT: Software\\Policies\\Explorer\\NoDrives") and "yamada" not in masked.path


@given(st.lists(st.integers()), st.integers(1, 5))
def test_a_spool_is_a_list_that_can_be_read_at_several_places_at_once(things: list[int], held: int) -> None:
    spool: Spool[int] = Spool(held)
    for thing in things:
        spool.append(thing)
    assert list(spool) == things and len(spool) == len(things)
    assert list(zip(spool, spool, strict=True)) == list(zip(things, things, strict=True))
    assert list(Changed(spool, lambda n: n + 1)) == [n + 1 for n in things]


def test_a_full_temporary_folder_costs_memory_and_no_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    spool: Spool[str] = Spool(10)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        for n in range(1000):
            spool.append(f"{n:050d}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(spool) == [f"{n:050d}" for n in range(1000)]
