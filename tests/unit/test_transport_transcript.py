"""What is recorded holds no secret, however it was cut up on the wire, and replays what was said."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongle_cli.errors import DongleError
from dongle_cli.secrets import Secret
from dongle_cli.transport.record import Recorder
from dongle_cli.transport.transcript import TranscriptTransport, escape, received, unescape

PASSWORD, PIN = "gehe1m-Xyz", "4821"
# One exchange after the other: a command, and what a dongle that echoes says to it.
TALK = [
    ("AT+CPIN?", "AT+CPIN?\r\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"),
    (f'AT+CPIN="{PIN}"', f'AT+CPIN="{PIN}"\r\r\nOK\r\n'),
    ("AT+CGAUTH?", f'AT+CGAUTH?\r\r\n+CGAUTH: 1,2,"taro","{PASSWORD}"\r\n\r\nOK\r\n\r\n+CEREG: 1\r\n'),
    (f'AT+CGAUTH=1,2,"taro","{PASSWORD}"', f'\r\nAT+CGAUTH=1,2,"taro","{PASSWORD}"\r\r\nOK\r\n'),
    ('AT+CMGS="1"', "\r\n> "),
    ("text\x1a", "\r\n+CMGS: 1\r\n\r\nOK\r\n"),
    ("ATI", "\r\n\xff\x00 odd\\bytes \r\n"),
]


class Script:
    """A dongle that says its lines in the given pieces."""

    name = "1-1:1.2"

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def write(self, data: bytes) -> None:
        pass

    def read(self, timeout: float) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def close(self) -> None:
        pass


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [piece for piece in (data[a:b] for a, b in zip([0, *ends], ends, strict=False)) if piece]


def record(path: Path | None, places: list[int], order: str = "user-password") -> Recorder:
    recorder = Recorder(path)
    recorder.order = order
    for command, answer in TALK:
        script = Script(cut(answer.encode("latin-1"), places))
        port = recorder.wrap(script) if command == TALK[0][0] else port  # noqa: F821
        port._transport = script
        port.write(f"{command}\r".encode("latin-1"))
        while port.read(0):
            pass
    recorder.close()
    return recorder


def replay(text: str) -> str:
    port = TranscriptTransport(text)
    heard = ""
    for command, _answer in TALK:
        port.write(f"{command}\r".encode("latin-1"))
        heard += port.read(0).decode("latin-1")
    assert port.finished
    return heard


SAID = "".join(answer for _command, answer in TALK)


@given(st.lists(st.integers(0, 200), max_size=40))
def test_however_it_is_cut_up_it_is_masked_and_replays(places: list[int]) -> None:
    text = record(None, places).text()
    assert PASSWORD not in text
    assert PIN not in text
    assert "taro" in text, "the order of user and password is known, so the user may stay"
    assert replay(text) == SAID.replace(PASSWORD, "****").replace(PIN, "****")


@given(st.lists(st.integers(0, 200), max_size=40))
def test_the_digest_does_not_depend_on_how_it_was_cut_up(places: list[int]) -> None:
    assert record(None, places).digest() == record(None, []).digest()


def test_while_the_order_is_unknown_both_are_masked() -> None:
    text = record(None, [], order="unknown").text()
    assert "taro" not in text
    assert PASSWORD not in text


def test_a_secret_in_free_text_is_masked() -> None:
    secret = Secret("Oblivion77")
    recorder = Recorder()
    port = recorder.wrap(Script([b"\r\nuser said Obli", f"{secret.reveal()[4:]} twice\r\n".encode()]))
    port.read(0)
    port.read(0)
    recorder.close()
    assert secret.reveal() not in recorder.text()


def test_the_file_is_private_complete_and_what_the_digest_is_of(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text("# AT transcript of dongle-cli, masked\n" + "of an older and longer dialogue\n" * 100)
    path.chmod(0o644)
    recorder = record(path, [3, 50, 51])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == recorder.text()
    assert recorder.digest() == hashlib.sha256(path.read_bytes()).hexdigest()
    port = TranscriptTransport.open(path)
    port.write(b"AT+CPIN?\r")
    assert port.read(0) == b"AT+CPIN?\r\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"


def test_every_line_is_in_the_file_as_soon_as_it_was_said(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    port = Recorder(path).wrap(Script([b"\r\nOK\r\n\r\nRI"]))
    port.write(b"AT\r")
    port.read(0)
    assert path.read_text().splitlines()[-2:] == ["> AT", "< OK"]


def test_a_file_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(DongleError) as error:
        Recorder(tmp_path / "none" / "run.txt")
    assert (error.value.code, error.value.exit_code) == ("usage.record", 2)


def test_a_replay_insists_on_the_order() -> None:
    port = TranscriptTransport("# two commands\n> AT\n< OK\n\n> AT+CGSN\n< 490154203237518\n< OK\n", "example")
    port.write(b"AT\r")
    assert port.read(0) == b"\r\nOK\r\n"
    assert port.read(0.01) == b""
    with pytest.raises(DongleError) as error:
        port.write(b"AT+CIMI\r")
    assert error.value.code == "transcript.differs"
    assert error.value.details == {"expected": "AT+CGSN", "sent": "AT+CIMI"}


def test_beyond_its_end_a_transcript_has_no_answer_and_betrays_no_secret() -> None:
    port = TranscriptTransport("> AT\n< OK\n")
    port.write(b"AT\r")
    with pytest.raises(DongleError) as error:
        port.write(f'AT+CPIN="{PIN}"\r'.encode())
    assert error.value.code == "transcript.differs"
    assert PIN not in f"{error.value.message} {error.value.details}"


@pytest.mark.parametrize("line", ["AT", "+ AT", ">AT", "< \\q", "< \\x4", "< あ"])
def test_a_line_that_is_neither_is_named(line: str) -> None:
    with pytest.raises(DongleError) as error:
        TranscriptTransport(f"> AT\n{line}\n", "example")
    assert (error.value.code, error.value.details) == ("transcript.malformed", {"line": 2})


def test_bytes_that_are_no_text_are_no_transcript(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_bytes(b"> AT\xff\n")
    with pytest.raises(DongleError) as error:
        TranscriptTransport.open(path)
    assert error.value.code == "transcript.unreadable"


@given(st.binary(max_size=60))
def test_every_byte_survives(data: bytes) -> None:
    text = data.decode("latin-1")
    assert unescape(escape(text)) == text
    assert escape(text).isascii()
    shown = received(text)
    assert "\n" not in shown
    port = TranscriptTransport(f"{shown}\n")
    assert port.read(0) == data
