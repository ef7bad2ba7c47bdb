r"""A recorded conversation with an AT port: how it is written down, and a port that replays it.

A transcript is UTF-8 text, one thing a line, in the order in which it happened:

    # a comment, or an empty line
    > AT+CGSN              sent; the carriage return that ends a command is left out
    < AT+CGSN\r\r\n        received, one line at a time, with every byte as it came
    < OK                   short for \r\nOK\r\n, the line breaks of ITU-T V.250 clause 5.7.1
    < \r\n> \c             \c: nothing follows, not even a line break (a prompt)

Escapes are \r, \n, \\, \c at the end, and \xNN for every byte that is no printable ASCII character. What was sent is
masked like everything else, so a replay compares the masked form of a command: the password itself need not be known.
"""

from __future__ import annotations

import re
import time
from collections import deque
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import without_subscriber
from dongle_cli.secrets import redact

_ESCAPE = re.compile(r"\\(r|n|\\|x[0-9A-Fa-f]{2})")
_BARE = re.compile(r"((?:[^\\]|\\(?:r|n|\\|x[0-9A-Fa-f]{2}))*)\\c")  # ends with \c, and not with a backslash and a c
_VALUES = {"r": "\r", "n": "\n", "\\": "\\"}


def escape(text: str) -> str:
    """`text` (one character a byte) as it stands in a transcript."""
    shown = "".join(
        {"\\": "\\\\", "\r": "\\r", "\n": "\\n"}.get(char) or (char if " " <= char <= "~" else f"\\x{ord(char):02x}")
        for char in text
    )
    return shown[:-1] + "\\x20" if shown.endswith(" ") else shown


def unescape(shown: str) -> str:
    """The text behind `shown`; ValueError where a backslash stands alone."""
    if "\\" in _ESCAPE.sub("", shown):
        raise ValueError(shown)
    return _ESCAPE.sub(lambda match: _VALUES.get(match[1]) or chr(int(match[1][1:], 16)), shown)


def received(text: str) -> str:
    """The transcript line for `text`, which came from the dongle."""
    if match := re.fullmatch(r"\r\n([ -~]+)\r\n", text):
        shown = escape(match[1])
        if "\\" not in shown:
            return f"< {shown}"
    return f"< {escape(text)}" + ("" if text.endswith("\n") else "\\c")


def masked(command: str, order: str = "unknown") -> str:
    """A command as it stands after ">": without its carriage return, secrets and a subscriber's numbers."""
    shown = redact(command.removesuffix("\r"), order=order)
    return without_subscriber(shown, shown)


class TranscriptTransport:
    """A port that answers as the transcript says and insists on the order of its commands."""

    def __init__(self, text: str, name: str = "transcript") -> None:
        self.name = name
        self._script = deque(_parse(text, name))
        self._arrived = b""
        self._release()

    @classmethod
    def open(cls, path: Path) -> TranscriptTransport:
        """Replay the file at `path`; DongleError `transcript.unreadable` or `transcript.malformed`."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DongleError(
                _("The transcript {path} cannot be read: {reason}.").format(path=path, reason=error),
                code="transcript.unreadable",
            ) from None
        return cls(text, path.name)

    @property
    def finished(self) -> bool:
        """Whether every command of the transcript was sent."""
        return not self._script

    def write(self, data: bytes) -> None:
        """Send the next command; DongleError `transcript.differs` where the transcript has another one here."""
        sent = masked(data.decode("latin-1"))
        expected = self._script.popleft()[1] if self._script else None
        if expected is None or masked(expected) != sent:
            there = escape(expected) if expected is not None else _("its end")
            raise DongleError(
                _("{name} has {expected} where {sent} was sent.").format(
                    name=self.name, expected=there, sent=escape(sent)
                ),
                code="transcript.differs",
                expected=expected,
                sent=sent,
            )
        self._release()

    def read(self, timeout: float) -> bytes:
        """Everything received up to the next command; then b"" after `timeout` seconds, as a silent port would."""
        if not self._arrived:
            time.sleep(max(0.0, timeout))
        data, self._arrived = self._arrived, b""
        return data

    def close(self) -> None:
        """Nothing to let go."""

    def _release(self) -> None:
        while self._script and self._script[0][0] == "<":
            self._arrived += self._script.popleft()[1].encode("latin-1")


def _parse(text: str, name: str) -> list[tuple[str, str]]:
    script = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, shown = line[:1], line[2:]
        try:
            if kind not in "<>" or line[1:2] not in ("", " "):
                raise ValueError(line)
            script.append((kind, _heard(shown) if kind == "<" else unescape(shown).removesuffix("\r")))
        except (ValueError, UnicodeEncodeError):
            raise DongleError(
                _("{name}, line {number}: this is neither sent (>) nor received (<): {line}").format(
                    name=name, number=number, line=line
                ),
                code="transcript.malformed",
                line=number,
            ) from None
    return script


def _heard(shown: str) -> str:
    if match := _BARE.fullmatch(shown):
        return unescape(match[1])
    text = unescape(shown)
    text.encode("latin-1")
    return text if text.endswith("\n") else f"\r\n{text}\r\n"
