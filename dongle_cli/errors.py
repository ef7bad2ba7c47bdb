"""What can go wrong, said once: a stable code, words, what to do now, and the exit code that follows."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The program's exit codes; 2 is Click's own for wrong usage."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_DONGLE = 3
    DONGLE = 4
    FINDINGS = 5
    KEYSTORE = 6
    INCOMPLETE = 7
    INTERRUPTED = 130


# The first word of a code says whose fault it is, and that decides the exit code. Whole codes win over first words.
_EXIT: dict[str, ExitCode] = {
    "usage": ExitCode.USAGE,
    "device": ExitCode.NO_DONGLE,
    "usb": ExitCode.DONGLE,
    "port": ExitCode.DONGLE,
    "at": ExitCode.DONGLE,
    "modem": ExitCode.DONGLE,
    "sim": ExitCode.DONGLE,
    "flash": ExitCode.DONGLE,
    "network": ExitCode.DONGLE,
    "secret": ExitCode.KEYSTORE,
    "keystore": ExitCode.KEYSTORE,
    "authority": ExitCode.KEYSTORE,
    "evidence": ExitCode.FINDINGS,
    "binding": ExitCode.FINDINGS,
    "interrupted": ExitCode.INTERRUPTED,
    # Nothing was looked at that does not verify: what was asked cannot be done.
    "binding.taken": ExitCode.FAILED,
    "binding.unknown": ExitCode.FAILED,
    "binding.state": ExitCode.FAILED,
    "binding.ended": ExitCode.FAILED,
    "binding.not-held": ExitCode.FAILED,
    # The bench's own trouble, not the dongle's: nobody touched it.
    "usb.permission": ExitCode.FAILED,
    "usb.bus": ExitCode.FAILED,
    "port.held": ExitCode.FAILED,
    "port.lock": ExitCode.FAILED,
    "usb.dbus": ExitCode.FAILED,
    # A folder that cannot be written or read says nothing about what the evidence says.
    "evidence.unwritable": ExitCode.FAILED,
    "evidence.unreadable": ExitCode.FAILED,
    # Nothing failed: somebody else's signature is still to come.
    "authority.waiting": ExitCode.INCOMPLETE,
    "evidence.timestamp": ExitCode.INCOMPLETE,
    "evidence.timestamp-missing": ExitCode.FAILED,
    # Which laptop this is could not be measured; nothing is wrong with it.
    "identity.unmeasured": ExitCode.INCOMPLETE,
}


class DongleError(Exception):
    """An error a person can act on: what happened to which device, with which value, and what to do now.

    `code` is stable and never translated ("sim.pin-refused"); `message` and `hint` are translated sentences. Neither
    ever holds a secret. `details` are values for scripts (they go into the JSON error).
    """

    def __init__(self, message: str, *, code: str, hint: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.details = details

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that this error's `code` stands for."""
        return _EXIT.get(self.code) or _EXIT.get(self.code.split(".")[0], ExitCode.FAILED)

    def as_json(self) -> dict[str, object]:
        """The one error object that `--format json` puts on stderr."""
        return {"schema": 1, "error": {"code": self.code, "message": self.message, "hint": self.hint, **self.details}}
