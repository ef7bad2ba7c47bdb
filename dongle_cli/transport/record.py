"""What was said to and by a dongle, masked, for a file that can be replayed and for the digest in the evidence."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.identity import without_subscriber
from dongle_cli.secrets import redact
from dongle_cli.transport.base import Transport
from dongle_cli.transport.transcript import escape, masked, received

_LONGEST = 65536  # bytes without a line break; more is no text
# A line with the line break before it, if that is of a piece with it; empty lines and stray breaks stand alone.
_LINE = re.compile(r"(?:\r\n)?[^\r\n][^\n]*\n|\r\n(?=[\r\n])|\r(?=[^\n])|\n")
_TITLE = "# AT transcript of dongle-cli, masked"


class Recorder:
    """Records every transport it wraps, one after the other, into one transcript.

    `order` is the dialect's order of user and password; until it is known both are masked. `numbers` are the
    subscriber's, each with its mask, because a user name may be made of one. A line is masked as a whole,
    however many reads it came in, so nothing is written down before its line break is there.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.order = "unknown"
        self.numbers: Mapping[str, str] = {}
        self._lines: list[str] = []
        self._file: IO[str] | None = _private(path) if path is not None else None
        self._path = path
        self._trouble: OSError | None = None
        self._held = ""
        self._asked = ""
        self._note(_TITLE)

    def wrap(self, transport: Transport) -> Recorded:
        """`transport`, recorded from now on."""
        self._flush()
        self._note(f"# {transport.name}")
        return Recorded(transport, self)

    def text(self) -> str:
        """The transcript so far."""
        return "".join(f"{line}\n" for line in self._lines)

    def digest(self) -> str:
        """SHA-256 of the transcript so far, in hexadecimal."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def close(self) -> None:
        """Write down what still waits for its line break, and close the file; calling it twice is harmless.

        DongleError `record.unwritable` where the file could not take it all: the dialogue itself was not disturbed.
        """
        self._flush()
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise _unwritable(self._path, trouble, code="record.unwritable")

    def sent(self, data: bytes) -> None:
        """Take down a command."""
        if not re.search(r"[0-9A-Za-z\"]", self._held):  # a prompt must come before what answers it
            self._flush()
        self._asked = data.decode("latin-1")
        self._note(f"> {escape(self._without_numbers(masked(self._asked, self.order)))}")

    def heard(self, data: bytes) -> None:
        """Take down what came, line by line."""
        self._held += data.decode("latin-1")
        while match := _LINE.match(self._held):
            self._received(match[0])
            self._held = self._held[match.end() :]
        if len(self._held) > _LONGEST:
            self._flush()

    def _received(self, text: str) -> None:
        start = len(text) - len(text.lstrip("\r\n"))
        end = len(text.rstrip("\r\n"))
        if end > start:
            text = text[:start] + self._shown(text[start:end]) + text[end:]
        self._note(received(text))

    def _shown(self, line: str) -> str:
        return self._without_numbers(without_subscriber(self._asked, redact(line, order=self.order)))

    def _without_numbers(self, text: str) -> str:
        for number, mask in self.numbers.items():
            text = text.replace(number, mask)
        return text

    def _flush(self) -> None:
        if self._held:
            self._received(self._held)
            self._held = ""

    def _note(self, line: str) -> None:
        self._lines.append(line)
        if self._file is not None:
            try:
                self._file.write(f"{line}\n")
                self._file.flush()
            except OSError as error:  # must not end a dialogue half-way: it is told when all is said
                self._trouble = error
                with contextlib.suppress(OSError):  # what is buffered finds no room either
                    self._file.close()
                self._file = None


class Recorded:
    """A transport whose traffic its recorder takes down."""

    def __init__(self, transport: Transport, recorder: Recorder) -> None:
        self.name = transport.name
        self._transport = transport
        self._recorder = recorder

    def write(self, data: bytes) -> None:
        """Taken down before it is sent: a command that ends the connection was sent all the same."""
        self._recorder.sent(data)
        self._transport.write(data)

    def read(self, timeout: float) -> bytes:
        """As the transport reads."""
        data = self._transport.read(timeout)
        if data:
            self._recorder.heard(data)
        return data

    def close(self) -> None:
        """Close the transport; the recorder stays open for the next one."""
        self._transport.close()


def _private(path: Path) -> IO[str]:
    """`path`, new or emptied, for its owner alone; DongleError `usage.record` where it cannot be written.

    Nothing but a transcript is ever emptied: the SIM list stands on the same command line.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            if os.pread(descriptor, len(_TITLE), 0) not in (b"", _TITLE.encode()):
                os.close(descriptor)
                raise DongleError(
                    _("{path} holds something else and is not overwritten.").format(path=path),
                    code="usage.record",
                    hint=_("Name another file with --record."),
                )
            os.ftruncate(descriptor, 0)
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise _unwritable(path, error, code="usage.record") from None
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _unwritable(path: Path | None, error: OSError, *, code: str) -> DongleError:
    return DongleError(
        _("The transcript cannot be written to {path}: {reason}.").format(path=path, reason=reason(error)),
        code=code,
        hint=_("Name another file with --record."),
    )
