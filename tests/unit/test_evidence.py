"""Evidence: canonical bytes, the chain, and records that are whole, masked, and never overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import canonical, plain
from dongle_cli.evidence.chain import START, Link, first_break, linked
from dongle_cli.identity import Iccid, Imei, Imsi
from dongle_cli.provision.job import Job
from dongle_cli.provision.outcome import Change, Outcome, StepResult
from dongle_cli.provision.profile import parse_profile
from dongle_cli.provision.profile_template import profile_template
from dongle_cli.provision.record import write_record
from dongle_cli.register.register import Register
from dongle_cli.secrets import Secret

CANARY = "Kanarienvogel-99"

# Numbers as RFC 8785 appendix B gives them, as IEEE 754 bits and text.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_rfc_does(bits: str, text: str) -> None:
    import struct

    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number).decode() == text


def test_keys_are_sorted_by_utf_16_units_and_strings_escaped_as_the_rfc_does() -> None:
    # RFC 8785 clause 3.2.3 (keys) and 3.2.2.2 (strings)
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert [json.loads(canonical(keys).decode())[key] for key in json.loads(canonical(keys))] == [2, 4, 6, 7, 1, 5, 3]
    assert canonical('\u20ac$\u000f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_says_what_it_was_given_and_is_its_own_canonical_form(value: object) -> None:
    data = canonical(value)
    assert json.loads(data) == value
    assert canonical(json.loads(data)) == data


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, object(), {"a": {1: object()}}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_secrets_and_the_imsi_are_masked_wherever_they_stand() -> None:
    value = {"a": [Secret(CANARY)], "b": Change("password", None, Secret(CANARY)), "c": Imsi("440101234567890")}
    assert plain(value) == {
        "a": ["****"],
        "b": {"what": "password", "before": None, "after": "****"},
        "c": "44010******7890",
    }
    assert plain({"imei": Imei("861234567890101"), "iccid": Iccid("8981030000012620008")}) == {
        "imei": "861234567890101",
        "iccid": "8981030000012620008",
    }


# The chain


def chain(count: int) -> list[Link]:
    links: list[Link] = []
    for number in range(count):
        links.append(linked(links[-1] if links else None, at=f"t{number}", kind="k", body={"n": number}))
    return links


def test_a_chain_holds_and_starts_at_zero() -> None:
    links = chain(5)
    assert links[0].previous == START
    assert first_break(links) is None
    assert first_break([]) is None


@given(st.integers(0, 4), st.sampled_from(["seq", "at", "kind", "body", "previous", "digest"]))
def test_any_change_to_any_link_shows_where(place: int, field: str) -> None:
    links = chain(5)
    value = getattr(links[place], field)
    links[place] = replace(links[place], **{field: value + 1 if isinstance(value, int) else value + "x"})
    assert first_break(links) == place + 1


def test_a_dropped_doubled_or_moved_link_shows() -> None:
    a, b, c = chain(3)
    assert [first_break(links) for links in ([b, c], [a, c], [a, b, b, c], [a, c, b])] == [1, 2, 3, 2]


# Records


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path / "home"))
    profile = parse_profile(profile_template("p").replace("{password}", CANARY).encode(), Path("p"))
    return Job(profile, None, Register.open(), run_id="r1", operator="県庁 太郎", checker="花子", bench="b1")


def outcome(**changed: object) -> Outcome:
    return replace(
        Outcome(
            port="1-1.4",
            usb="12d1:1506",
            model="huawei-e3372",
            imei="861234567890101",
            iccid="8981030000012620008",
            asset_no="A-12/3",
            result="ok",
            changes=[Change("context.1.password", Secret(CANARY), Secret(CANARY))],
            steps=[StepResult("write", "ok", 0.12345, "2026-11-23T09:35:01.000+09:00", {"lines": 3})],
            before={"imsi": Imsi("440101234567890")},
            message=f'the modem said +CGAUTH: 1,2,"u","{CANARY}"',
            notes=[f"{CANARY}!"],
        ),
        **changed,  # type: ignore[arg-type]
    )


def test_a_record_says_everything_but_secrets(job: Job, tmp_path: Path) -> None:
    path = write_record(outcome(), job=job, folder=tmp_path / "evidence")
    raw = path.read_bytes()
    assert CANARY.encode() not in raw
    assert b"440101234567890" not in raw
    record = json.loads(raw)
    assert canonical(record) == raw
    assert record["schema"] == 1
    assert record["profile"] == {"name": "p", "version": "1", "digest": job.profile.digest}
    assert (record["operator"], record["checker"], record["bench"]) == ("県庁 太郎", "花子", "b1")
    assert record["dongle"]["iccid"] == "8981030000012620008"
    assert record["steps"] == [
        {
            "step": "write",
            "result": "ok",
            "at": "2026-11-23T09:35:01.000+09:00",
            "seconds": 0.123,
            "detail": {"lines": 3},
        }
    ]
    assert record["changes"] == [{"what": "context.1.password", "before": "****", "after": "****"}]


def test_the_name_is_safe_and_says_which_dongle(job: Job, tmp_path: Path) -> None:
    def name(**changed: object) -> str:
        return write_record(outcome(**changed), job=job, folder=tmp_path / "e").name.rsplit("_", 1)[0]

    assert name() == "A-12-3_provision"
    assert name(asset_no=None) == "861234567890101_provision"
    assert name(asset_no=None, imei=None) == "port-1-1-4_provision"
    assert name(asset_no="../../端末①\x00:*") == "端末①_provision"
    assert name(asset_no="..") == "dongle_provision"
    assert len(name(asset_no="x" * 300)) < 100


def test_records_of_one_second_stand_beside_each_other(job: Job, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        written = list(
            pool.map(lambda n: write_record(outcome(code=str(n)), job=job, folder=tmp_path / "e"), range(48))
        )
    assert len(set(written)) == 48
    assert {json.loads(path.read_bytes())["code"] for path in written} == {str(n) for n in range(48)}
    assert sorted(path.name for path in (tmp_path / "e").iterdir()) == sorted(path.name for path in written)
    assert all(path.stat().st_mode & 0o137 == 0 for path in written)


def test_evidence_that_cannot_be_written_is_an_error_and_leaves_nothing(job: Job, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DongleError) as caught:
        write_record(outcome(), job=job, folder=tmp_path / "file")
    assert caught.value.code == "evidence.unwritable"


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    """A limit on file sizes stands for the disk: the write fails in the middle."""
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from types import SimpleNamespace\n"
        "from dongle_cli.errors import DongleError\n"
        "from dongle_cli.provision.outcome import Outcome\n"
        "from dongle_cli.provision.profile import parse_profile\n"
        "from dongle_cli.provision.profile_template import profile_template\n"
        "from dongle_cli.provision.record import write_record\n"
        "profile = parse_profile(profile_template('p').encode(), Path('p'))\n"
        "job = SimpleNamespace(kind='flash', profile=profile, sims=None, run_id='', operator='', checker='',bench='')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: write_record(Outcome(port='1-1'), job=job, folder=Path(sys.argv[1]))\n"
        "except DongleError as error: print(error.code)\n"
    )
    folder = tmp_path / "e"
    result = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.stdout.strip(), result.stderr) == ("evidence.unwritable", "")
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_no_finding() -> None:
    assert DongleError("", code="evidence.unwritable").exit_code == 1
    assert DongleError("", code="evidence.chain-broken").exit_code == 5
