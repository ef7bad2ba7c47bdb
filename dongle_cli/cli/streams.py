"""The three standard streams, whatever the caller did to them, and what a machine refuses in words."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

# What a machine refuses without any fault of ours: rights, room, a path that leads nowhere.
_REFUSED = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EISDIR,
    errno.EEXIST, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE, errno.EFBIG,
}  # fmt: skip
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def complete() -> None:
    """Make /dev/null of a standard stream that the caller closed, or the next file opened would get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest free number: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - to the end


def plain(text: str) -> str:
    """`text` with its control characters shown, not obeyed: a firmware or a list may hold any, and terminals obey."""
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" or unicodedata.category(char) != "Cc" else ascii(char)[1:-1] for char in text)


@contextmanager
def unbroken() -> Iterator[None]:
    """Let Ctrl-C wait until what is being written stands whole; a second one waits for nothing.

    A signal ends a write in the middle (write(2)): what came after would stand on the rest of a line.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = False

    def later(_number: int, _frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    signal.signal(signal.SIGINT, later)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if pressed:
            raise KeyboardInterrupt


def hear(text: str) -> None:
    """Print `text` on stderr; where nobody can read it any more, the work goes on in silence."""
    try:
        print(plain(text), file=sys.stderr, flush=True)
    except OSError:
        silence(2)


def silence(number: int) -> None:
    """Let what is still to come on the stream `number`, also what is buffered, go nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)


def settle() -> None:
    """Drop what stdout cannot take: the interpreter would try it once more at its end, and end with 120."""
    try:
        sys.stdout.flush()
    except OSError:
        silence(1)


def refused(error: OSError) -> DongleError | None:
    """What a person is told where the machine refused a file; None where the error is something else."""
    if error.errno not in _REFUSED:
        return None
    if error.filename is None:
        message = _("Something cannot be written: {reason}.").format(reason=reason(error))
    else:
        message = _("{path} cannot be used: {reason}.").format(path=os.fsdecode(error.filename), reason=reason(error))
    if error.errno in _FULL:
        hint = _("Make room on the disk, then run the same command again.")
    else:
        hint = _("Get the right to use it, or set DONGLE_HOME to a folder of your own.")
    return DongleError(message, code="file.refused", hint=hint)
