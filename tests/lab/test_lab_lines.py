"""The lab's reading of command lines: any text is either commands or refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.lab.at import Call, Refused, commands, split

NAMES = st.from_regex(r"[+^#$%*!][A-Z][A-Z0-9]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"'), max_size=12)


@given(st.text(max_size=80))
def test_any_text_ends(text):
    try:
        for call in commands(text):
            assert call.name
    except Refused as refusal:
        assert refusal.cme is None


@given(st.lists(st.tuples(NAMES, st.lists(VALUES, min_size=1, max_size=4)), min_size=1, max_size=4))
def test_a_chain_is_taken_apart_as_it_was_put_together(chain):
    text = ";".join(f"{name}=" + ",".join(f'"{value}"' for value in values) for name, values in chain)
    assert list(commands(text)) == [
        Call(name, "set", tuple(value.strip() for value in values)) for name, values in chain
    ]


def test_basic_commands_run_together():
    assert [call.name for call in commands("E0V1X4&C1+CMEE=1;+CGSN")] == ["E", "V", "X", "&C", "+CMEE", "+CGSN"]
    assert list(commands("S3?S0=2")) == [Call("S3", "read"), Call("S0", "set", ("2",))]


def test_parameters():
    assert split('1,"a,b;c",,') == ["1", "a,b;c", "", ""]
