"""The AT dialogue with one port: one command, one answer, and a deadline on every wait."""

from __future__ import annotations

import logging
import time

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import without_subscriber
from dongle_cli.modem.at import Final, Reply, ReplyReader
from dongle_cli.modem.causes import cme_meaning
from dongle_cli.secrets import redact
from dongle_cli.transport.base import Transport

log = logging.getLogger("dongle_cli.at")

# +CME ERROR numbers that mean "not yet": 14 SIM busy (3GPP TS 27.007 clause 9.2), 515 please wait (Wavecom, Quectel).
BUSY = frozenset({14, 515})
_BUSY_PATIENCE = 20.0  # seconds a dongle may go on answering "busy"
_BUSY_PAUSE = 0.5  # seconds between two tries; whatever the port says meanwhile is read

# Seconds a command may take where 5 is too short: those that ask the SIM or the network (27.007 gives no figures; the
# longest answer times of the vendors' manuals).
_PATIENCE = {
    "+CPIN": 10.0, "+CPWD": 10.0, "+CLCK": 10.0, "+CFUN": 20.0, "+CGATT": 75.0, "+CGACT": 60.0, "+COPS": 60.0,
    "+CRSM": 10.0, "+CSIM": 10.0, "+CCID": 10.0,
}  # fmt: skip
_DEFAULT_PATIENCE = 5.0
_DRAIN = 2.0  # seconds; a port that never stops talking (GPS) is not drained
_LONGEST_LINE = 65536


class AtEngine:
    """Sends one command at a time over a Transport and gives back its Reply."""

    def __init__(self, transport: Transport, *, patience: float | None = None) -> None:
        self.transport = transport
        self.sent = 0
        self._patience = patience
        self._stale = True  # what an earlier program or a lost answer left on the port may still come

    def send(self, command: str, *, timeout: float | None = None, once: bool = False) -> Reply:
        """Send `command` ("+CGSN", without AT) and wait for its final result code.

        An answer of "busy" is asked again for up to 20 s, unless the command may go out only `once` (a PIN). Errors:
        `at.silent` (not one byte came), `at.half-line` (the answer broke off), `usb.vanished`.
        """
        if once:
            return self._exchange(command, timeout)
        give_up = time.monotonic() + _BUSY_PATIENCE
        while True:
            reply = self._exchange(command, timeout)
            number = reply.final.number if reply.final else None
            if number not in BUSY or reply.final is None or reply.final.ok or time.monotonic() > give_up:
                return reply
            self.listen(_BUSY_PAUSE)

    def ask(self, command: str, *, timeout: float | None = None) -> Reply:
        """Like `send`, but a refusal is an error: `at.refused` with the modem's own reason."""
        reply = self.send(command, timeout=timeout)
        if not reply.ok:
            raise self.refused(reply)
        return reply

    def refused(self, reply: Reply) -> DongleError:
        """The error that a refused command is."""
        return DongleError(
            _("{port}: the dongle refused {command}: {reason}.").format(
                port=self.transport.name, command=self.shown("AT" + reply.command), reason=reason(reply)
            ),
            code="at.refused",
            hint=_("Unplug the dongle, wait ten seconds, plug it in and run the command again."),
            cme=reply.final.number if reply.final else None,
        )

    def listen(self, seconds: float) -> None:
        """Wait `seconds`, or until the modem has said something by itself."""
        deadline = time.monotonic() + seconds
        buffer = b""
        while (left := deadline - time.monotonic()) > 0:
            data = self.transport.read(left)
            buffer = (buffer + data)[-_LONGEST_LINE:]
            if buffer.endswith((b"\r", b"\n")) and buffer.strip():
                break

    @staticmethod
    def shown(text: str) -> str:
        """A line of the dialogue as it may be shown: without secrets, and where user and password stand side by side
        without either, because some firmwares swap the two."""
        return redact(text, order="unknown")

    def settle(self, seconds: float) -> None:
        """Leave the firmware alone for `seconds`, reading what it says by itself."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.listen(left)

    def synchronise(self, *, tries: int = 3, timeout: float = 1.0) -> bool:
        """Whether the port answers AT at all; what an earlier program left half-sent is ended by the first try."""
        return any(self._attempt("", timeout) is not None for _attempt in range(tries))

    def _attempt(self, command: str, timeout: float) -> Reply | None:
        try:
            reply = self._exchange(command, timeout)
        except DongleError as error:
            if error.code in ("at.silent", "at.half-line"):
                return None
            raise
        return reply if reply.ok else None

    def _exchange(self, command: str, timeout: float | None) -> Reply:
        if self._stale:
            self._drain()
        reader = ReplyReader(command)
        self.transport.write(f"AT{command}\r".encode("ascii"))
        started = time.monotonic()  # a line that was full is not the dongle's silence
        self.sent += 1
        self._log(">", command, f"AT{command}")
        deadline = started + (timeout or self._patience or patience(command))
        reply = self._collect(reader, deadline)
        self._stale = reply is None
        if reply is None:
            raise self._no_answer(command, reader, time.monotonic() - started)
        self._log("<", command, *reply.lines, *([final_text(reply.final)] if reply.final else []))
        return reply

    def _log(self, sign: str, command: str, *lines: str) -> None:
        if log.isEnabledFor(logging.DEBUG):  # masking costs more than the exchange itself
            for line in lines:
                log.debug("%s %s", sign, without_subscriber(command, self.shown(line)))

    def _collect(self, reader: ReplyReader, deadline: float) -> Reply | None:
        while True:
            left = max(0.0, deadline - time.monotonic())
            data = self.transport.read(left)
            if data and (reply := reader.feed(data)) is not None:
                return reply
            if len(reader.received) > _LONGEST_LINE:
                return None
            if not data and left == 0:  # what has arrived by then counts, however late a busy machine looks
                return reader.at_deadline()

    def _drain(self) -> None:
        give_up = time.monotonic() + _DRAIN
        while self.transport.read(0) and time.monotonic() < give_up:
            pass

    def _no_answer(self, command: str, reader: ReplyReader, seconds: float) -> DongleError:
        values = {"port": self.transport.name, "command": self.shown("AT" + command), "seconds": f"{seconds:.1f}"}
        if reader.received.strip():
            return DongleError(
                _("{port}: the answer to {command} broke off; nothing more came for {seconds} s.").format(**values),
                code="at.half-line",
                hint=_("Unplug the dongle, wait ten seconds, plug it in and run the command again."),
            )
        return DongleError(
            _("{port}: no answer to {command} within {seconds} s.").format(**values),
            code="at.silent",
            hint=_("Unplug the dongle, wait ten seconds, plug it in. If it stays silent, take another dongle."),
        )


def patience(command: str) -> float:
    """Seconds to wait for the answer to `command`."""
    name = command.split("=")[0].split("?")[0].upper()
    return _PATIENCE.get(name, _DEFAULT_PATIENCE)


def reason(reply: Reply) -> str:
    """Why a command was refused, in words: the meaning of a +CME ERROR number, or what the modem wrote."""
    final = reply.final
    if final is None:
        return "?"
    meaning = cme_meaning(final.number) if final.number is not None and final.word == "+CME ERROR" else None
    return final_text(final) + (f" ({meaning})" if meaning else "")


def final_text(final: Final) -> str:
    """A final result code as the modem wrote it."""
    rest = final.text if final.number is None else final.number
    return f"{final.word}: {rest}" if rest not in (None, "") else final.word
