"""Profiles: every rule with what breaks it, the line it names, and what is filled in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.errors import DongleError
from dongle_cli.identity import DongleIdentity, Iccid, Imei, Imsi
from dongle_cli.provision.lines import line_of
from dongle_cli.provision.profile import ApnProfile, load_profile, parse_profile, values_for
from dongle_cli.provision.profile_template import profile_template
from dongle_cli.provision.sims import SimRow
from dongle_cli.provision.template import apn_problem
from dongle_cli.secrets import MASK, Secret

CANARY = "Kanarienvogel-77"
GOOD = """\
schema = 1
name = "pref-closed"
version = "2026.11"
[context]
cid = 1
apn = "closed.pref.example"
type = "IP"
auth = "chap"
user = "{user}"
password = "{password}"
only = true
[sim]
iccid = ["8981*"]
pin = "keep"
[verify]
register = true
timeout = 60
[models]
allow = ["*"]
"""


def parsed(text: str) -> ApnProfile:
    return parse_profile(text.encode(), Path("p.toml"))


def refused(text: str | bytes) -> DongleError:
    with pytest.raises(DongleError) as caught:
        parse_profile(text if isinstance(text, bytes) else text.encode(), Path("p.toml"))
    assert caught.value.code == "profile.invalid"
    return caught.value


def problems(text: str) -> list[tuple[int, str]]:
    found = refused(text).details["problems"]
    assert isinstance(found, list)
    return [(one["line"], one["key"]) for one in found]


def test_the_contract_s_profile_is_read_as_it_stands() -> None:
    profile = parsed(GOOD)
    assert (profile.cid, profile.apn, profile.type, profile.auth) == (1, "closed.pref.example", "IP", "chap")
    assert (profile.user, profile.password, profile.only) == ("{user}", "{password}", True)
    assert (profile.iccid_patterns, profile.pin, profile.register, profile.timeout) == (("8981*",), "keep", True, 60.0)
    assert profile.fields == ("user", "password")


def test_what_is_left_out_has_a_default_that_destroys_nothing() -> None:
    profile = parsed('schema = 1\nname = "a"\nversion = "1"\n[context]\napn = "a.b"\n')
    assert (profile.cid, profile.type, profile.auth, profile.only, profile.pin) == (1, "IP", "none", False, "keep")
    assert values_for(profile, None, DongleIdentity()).user is None
    assert profile.allows_sim(Iccid("8981030000012620008"))


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("schema = 1", "schema = 2", 1, "schema"),
        ("schema = 1", "schema = true", 1, "schema"),
        ("cid = 1", "cid = 0", 5, "context.cid"),
        ("cid = 1", "cid = 17", 5, "context.cid"),
        ("cid = 1", "cid = true", 5, "context.cid"),
        ("cid = 1", "cid = 1.0", 5, "context.cid"),
        ('"closed.pref.example"', '"1closed"', 6, "context.apn"),
        ('"closed.pref.example"', '"a..b"', 6, "context.apn"),
        ('"closed.pref.example"', '"-a"', 6, "context.apn"),
        ('"closed.pref.example"', f'"{"a" * 64}"', 6, "context.apn"),
        ('"closed.pref.example"', '"a\\r\\nAT+CFUN=0"', 6, "context.apn"),
        ('"closed.pref.example"', "5", 6, "context.apn"),
        ('"IP"', '"ip"', 7, "context.type"),
        ('"chap"', '"CHAP"', 8, "context.auth"),
        ('"{user}"', '"{user"', 9, "context.user"),
        ('"{user}"', '"{user!r}"', 9, "context.user"),
        ('"{user}"', '"{user.digits}"', 9, "context.user"),
        ('"{user}"', '"{}"', 9, "context.user"),
        ('"{user}"', '"{password}"', 9, "context.user"),
        ('"{user}"', '"a\\"b"', 9, "context.user"),
        ('"{user}"', '"東"', 9, "context.user"),
        ('"{user}"', f'"{"u" * 128}"', 9, "context.user"),
        ('"{password}"', f'"{"p" * 65}"', 10, "context.password"),
        ('"{password}"', '"a\\nb"', 10, "context.password"),
        ('"{password}"', '""', 10, "context.password"),
        ("only = true", "only = 1", 11, "context.only"),
        ('["8981*"]', '"8981*"', 13, "sim.iccid"),
        ('["8981*"]', '[\n "8981*",\n "x",\n]', 13, "sim.iccid"),
        ('"keep"', '"off"', 14, "sim.pin"),
        ("timeout = 60", "timeout = 0", 17, "verify.timeout"),
        ("timeout = 60", "timeout = 601", 17, "verify.timeout"),
        ("timeout = 60", "timeout = nan", 17, "verify.timeout"),
        ("timeout = 60", "timeout = inf", 17, "verify.timeout"),
        ('["*"]', "[]", 19, "models.allow"),
        ("only = true", "onyl = true", 11, "context.onyl"),
        ("[models]", "[moduls]", 18, "moduls"),
        ("[sim]\n", "[sim.card]\n", 12, "sim.card"),
    ],
)
def test_a_broken_rule_is_named_with_its_line_and_key(old: str, new: str, line: int, key: str) -> None:
    assert old in GOOD
    assert (line, key) in problems(GOOD.replace(old, new, 1))


def test_every_mistake_is_named_at_once() -> None:
    text = GOOD.replace("cid = 1", "cid = 99").replace('"IP"', '"X"').replace("timeout = 60", 'timeout = "60"')
    assert problems(text) == [(5, "context.cid"), (7, "context.type"), (17, "verify.timeout")]


def test_missing_keys_point_to_their_table() -> None:
    assert problems(GOOD.replace('apn = "closed.pref.example"\n', "")) == [(4, "context.apn")]
    assert problems(GOOD.replace('user = "{user}"\n', "")) == [(4, "context.user")]


def test_authentication_and_credentials_belong_together() -> None:
    found = problems(GOOD.replace('"chap"', '"none"'))
    assert found == [(9, "context.user"), (10, "context.password")]


def test_a_syntax_error_has_its_line_and_a_bad_encoding_too() -> None:
    assert "line 6" in refused(GOOD.replace("apn =", "apn")).message
    assert "line 9" in refused(GOOD.encode().replace(b"{user}", b"\x8c\xa7")).message


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake() -> None:
    assert parse_profile(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(), Path("p")).apn == "closed.pref.example"


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = 1" + "0" * 5000, "a = 0x1" + "f" * 5000, "\n" * 600])
def test_what_would_hurt_the_reader_is_refused(text: str) -> None:
    refused(text)


def test_a_password_is_never_repeated() -> None:
    secret = parsed(GOOD.replace("{password}", CANARY))
    assert isinstance(secret.password, Secret)
    assert CANARY not in repr(secret) + json.dumps(secret.as_json())
    for wrong in (
        GOOD.replace("{password}", CANARY + "\\n"),
        GOOD.replace('password = "{password}"', f'passwrd = "{CANARY}"'),
        GOOD.replace('password = "{password}"', f'password = ["{CANARY}"]'),
        GOOD.replace('password = "{password}"', f'password = "{CANARY}'),
        GOOD.replace("[context]", f'password = "{CANARY}"\n[context]'),
    ):
        error = refused(wrong)
        assert CANARY not in str(error) + repr(error) + json.dumps(error.as_json())


def test_the_digest_covers_the_settings_and_no_secret() -> None:
    profile = parsed(GOOD)
    assert profile.digest == parsed("# a comment\n" + GOOD).digest
    assert profile.digest != parsed(GOOD.replace("only = true", "only = false")).digest
    assert parsed(GOOD.replace("{password}", CANARY)).digest == parsed(GOOD.replace("{password}", "other")).digest


def test_a_name_is_looked_for_among_the_person_s_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    (tmp_path / "config" / "profiles").mkdir(parents=True)
    (tmp_path / "config" / "profiles" / "pref.toml").write_text(GOOD, encoding="utf-8")
    assert load_profile("pref").name == "pref-closed"
    for name, code in (("nobody", "profile.missing"), (str(tmp_path), "profile.unreadable")):
        with pytest.raises(DongleError) as caught:
            load_profile(name)
        assert caught.value.code == code


def test_the_template_for_a_new_profile_is_itself_right() -> None:
    assert parsed(profile_template("neu")).name == "neu"


# What is filled in

ROW = SimRow(
    row=7,
    iccid=Iccid("8981030000012620008"),
    user="u1",
    password=Secret(CANARY),
    msisdn="09012345678",
    fields={"realm": "closed.example", "braces": "{user}"},
    secrets={"card_key": Secret("12345678")},
)
WHO = DongleIdentity(imei=Imei("861234567890101"), imsi=Imsi("440101234567890"))


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
        ("{user}@{realm}", "u1@closed.example"),
        ("{imsi}", "440101234567890"),
        ("{iccid}.{imei}", "8981030000012620008.861234567890101"),
        ("{msisdn}", "09012345678"),
        ("{{{user}}}", "{u1}"),
        ("{braces}", "{user}"),
    ],
)
def test_fields_are_filled_from_row_and_dongle(template: str, becomes: str) -> None:
    values = values_for(parsed(GOOD.replace("{user}", template)), ROW, WHO)
    assert values.user == becomes
    assert values.password == Secret(CANARY)


@pytest.mark.parametrize(
    ("user", "row", "where"),
    [
        ("{asset_no}", ROW, "row 7"),
        ("{card_key}", ROW, "row 7"),
        ("{user}", None, "no SIM list"),
        ("{imsi}", ROW, "IMSI"),
    ],
)
def test_a_missing_field_is_named_with_its_row(user: str, row: SimRow | None, where: str) -> None:
    with pytest.raises(DongleError) as caught:
        values_for(parsed(GOOD.replace("{user}", user)), row, DongleIdentity())
    assert caught.value.code == "profile.field-missing"
    assert where in caught.value.message


@pytest.mark.parametrize("bad", ['a"b', "a\rb", "a\nb", "a\x1ab", "a\x00b", "東", "u" * 128])
def test_what_is_filled_in_is_checked_again(bad: str) -> None:
    for row in (replace(ROW, user=bad), replace(ROW, password=Secret(bad))):
        with pytest.raises(DongleError) as caught:
            values_for(parsed(GOOD), row, WHO)
        assert caught.value.code == "profile.value-invalid"
        assert row.password is not None
        assert row.password.reveal() not in str(caught.value) + json.dumps(caught.value.as_json())


def test_a_password_may_be_kept_elsewhere(tmp_path: Path) -> None:
    place = tmp_path / "secret"
    place.write_text(CANARY + "\n", encoding="utf-8")
    place.chmod(0o600)
    profile = parsed(GOOD.replace("{password}", f"file:{place}"))
    assert profile.as_json()["context"]["password"] == f"file:{place}"  # type: ignore[index]
    assert values_for(profile, ROW, WHO).password == Secret(CANARY)


# Whatever the bytes


@given(st.binary(max_size=400))
def test_any_bytes_give_a_profile_or_an_error(raw: bytes) -> None:
    try:
        parse_profile(raw, Path("p"))
    except DongleError as error:
        assert error.code == "profile.invalid"


VALUES = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3)
)


@given(st.sampled_from(GOOD.splitlines()), VALUES)
def test_any_value_under_any_key_is_taken_or_refused_at_its_line(line: str, value: object) -> None:
    if "=" not in line:
        return
    key = line.split(" ")[0]
    shown = {True: "true", False: "false"}[value] if isinstance(value, bool) else json.dumps(value).replace("\x7f", "")
    shown = shown.replace("Infinity", "inf").replace("NaN", "nan")
    text = GOOD.replace(line, f"{key} = {shown}", 1)
    number = GOOD.splitlines().index(line) + 1
    try:
        parsed(text)
    except DongleError as error:
        assert error.code == "profile.invalid"
        assert f"line {number}:" in error.message or "auth" in error.message


@given(st.text(alphabet='aZ9-._\r\n" {}', max_size=110))
def test_an_apn_that_is_taken_can_end_no_command(apn: str) -> None:
    if apn_problem(apn) is None:
        assert apn.isascii()
        assert 1 <= len(apn) <= 100
        assert not set(apn) & set('\r\n" {}_')
        assert all(label and len(label) <= 63 and label.strip("-") == label for label in apn.split("."))


def test_the_line_of_a_key_is_found_in_every_way_of_writing_it() -> None:
    text = 'x = """\n[a]\nb = 1\n"""\n# c\na.b = [\n  1,\n]\n\na.c = {d = 1}\n[e]\n\nf = 1\n[[g]]\n'
    assert [line_of(text, key) for key in ("x", "a.b", "a.c", "a.c.d", "e", "e.f", "e.nothing", "g", "nothing")] == [
        1, 6, 10, 10, 11, 13, 11, 14, 1,
    ]  # fmt: skip


def test_the_mask_is_what_stands_for_a_password() -> None:
    assert parsed(GOOD.replace("{password}", CANARY)).as_json()["context"]["password"] == MASK  # type: ignore[index]
