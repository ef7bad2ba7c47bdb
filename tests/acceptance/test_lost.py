"""A lost dongle from the call to the letters: on hold and back, stolen for good; claimed and measured apart."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from gateways.bench import Bench

pytestmark = pytest.mark.strangers
LETTERS = ["1-carrier.txt", "2-directory.txt", "3-wipe.txt", "4-police.txt", "5-csirt.txt"]


def crl(bench: Bench) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((bench.ca / "crl.pem").read_bytes())


def test_a_lost_dongle_is_cut_off_and_everybody_else_is_written_to(lab: Callable[..., Any], tmp_path: Path) -> None:
    bench = Bench(lab(count=2, models=["quectel-ec25"]), tmp_path)
    bench.init()
    bound = bench.bind(1)
    serial = int(bound.answer["serial"], 16)
    named = ("lost", "--imei", bound.answer["imei"], "--requests", tmp_path / "requests", *bench.unlock)
    hours_ago = (datetime.now().astimezone() - timedelta(hours=3)).isoformat(timespec="minutes")
    claimed = ("--claimed-time", hours_ago, "--place", "Platform 3\n[English]\nfalse line", "--user", "sato")
    planned = bench.json(*named, "--how", "maybe", *claimed, "--dry-run")
    assert planned["result"] == "planned" and not (tmp_path / "requests").exists()
    assert crl(bench).get_revoked_certificate_by_serial_number(serial) is None

    maybe = bench.json(*named, "--how", "maybe", *claimed, "--sims", bench.lab.sims, "--laptop", "with", "--yes")
    entry = crl(bench).get_revoked_certificate_by_serial_number(serial)
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.certificate_hold
    assert maybe["claimed"]["lost"].startswith(hours_ago[:16]) and maybe["elapsed"]["claimed_to_revoked"] >= 10_800
    assert maybe["elapsed"]["received_to_revoked"] < 60 and maybe["measured"]["gateway_refused"] is None
    assert maybe["measured"]["received"] <= maybe["measured"]["crl_published"]
    _letters_say_what_each_reader_needs(bench, tmp_path / "requests", bound.answer["iccid"])

    bench.run("found", "--imei", bound.answer["imei"], "--yes", *bench.unlock)
    assert crl(bench).get_revoked_certificate_by_serial_number(serial) is None
    stolen = bench.json(*named, "--how", "stolen", *claimed, "--yes")
    entry = crl(bench).get_revoked_certificate_by_serial_number(serial)
    assert entry is not None and stolen["bindings"][0]["reason"] == "keyCompromise"
    since = entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    assert since == datetime.fromisoformat(hours_ago)
    assert "被害届" in (tmp_path / "requests" / "4-police.txt").read_text()
    again = bench.json(*named, "--how", "stolen", "--yes")
    assert again["result"] == "already" and again["measured"]["revoked"] == stolen["measured"]["revoked"]
    bench.run("register", "check")


def _letters_say_what_each_reader_needs(bench: Bench, folder: Path, iccid: str) -> None:
    assert sorted(path.name for path in folder.iterdir()) == LETTERS
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    text = {path.name[2:-4]: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    with bench.lab.sims.open(encoding="utf-8") as file:
        (number,) = [row["msisdn"] for row in csv.DictReader(file) if row["iccid"] == iccid]
    assert iccid in text["carrier"] and number in text["carrier"]
    assert not any(iccid in letter or number in letter for name, letter in text.items() if name != "carrier")
    assert "Disable-ADAccount -Identity 'lt1$'" in text["directory"] and "-Identity 'sato'" in text["directory"]
    assert "Platform 3 [English] false line" in text["police"]
    assert all("【日本語】" in letter and "[English]" in letter and "@{" not in letter for letter in text.values())


def test_a_dongle_without_a_laptop_still_has_a_line_and_an_unknown_one_is_said(
    lab: Callable[..., Any], tmp_path: Path
) -> None:
    bench = Bench(lab(count=1, models=["quectel-ec25"]), tmp_path)
    bench.run("provision", bench.lab.profile, "--sims", bench.lab.sims, "--all", "--yes", "--no-attach")
    imei = bench.lab.status()[0]["imei"]
    answer = bench.json("lost", "--imei", imei, "--requests", tmp_path / "requests", "--yes")
    assert answer["bindings"] == [] and len(answer["requests"]) == 5 and answer["measured"]["last_seen"]
    bench.run("lost", "--imei", "490154203237518", "--yes", code=1)
    later = (datetime.now() + timedelta(days=1)).isoformat(timespec="minutes")
    bench.run("lost", "--imei", imei, "--claimed-time", later, "--yes", code=2)
