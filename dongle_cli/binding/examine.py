"""Evidence against the register: is this file what was written here, and does the history still say what it said?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding.signing import HEAD
from dongle_cli.errors import DongleError
from dongle_cli.evidence import verify
from dongle_cli.evidence.canonical import digest
from dongle_cli.evidence.trust import Anchors
from dongle_cli.evidence.verify import Check, Verified
from dongle_cli.i18n import _
from dongle_cli.register import evidence as kept

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.register.register import Register


def history(register: Register, name: str) -> Verified:
    """Whether the register's history is whole; a register that cannot be read is not what was written either."""
    found = Verified(Path(name))
    try:
        broken = register.history_break()
    except (DongleError, ValueError, TypeError) as error:  # a bit that is no text or number any more
        said = error.message if isinstance(error, DongleError) else str(error)
        found.checks.append(Check("history", "bad", said))
        return found
    if broken is None:
        found.checks.append(Check("history", "ok"))
    else:
        said = _("it does not hold from entry {seq} on").format(seq=broken)
        found.checks.append(Check("history", "bad", said))
    return found


def one(
    path: Path,
    anchors: Anchors,
    register: Register | None = None,
    known: dict[str, kept.Kept] | None = None,
    stamp_roots: Sequence[x509.Certificate] = (),
) -> Verified:
    """The file's signature and signer, its digest against the register's, and a head against the history.

    `known`: what `register.evidence.files` gave, read once for many files.
    """
    found = verify.file(path, anchors, stamp_roots)
    content = found.content
    if content is None:
        return found
    entry = (known or {}).get(path.name)
    if entry is not None:
        same = digest(content) == entry.sha256
        said = "" if same else _("it is not the file that the register knows under this name")
        found.checks.append(Check("register", "ok" if same else "bad", said))
    if register is not None:
        found.checks += _head(content, register)
    return found


def wants_signature(path: Path, anchors: Anchors, known: dict[str, kept.Kept], *, force: bool = False) -> bool:
    """Whether the file still lacks a signature of ours; DongleError where a signature would make good what is not.

    `evidence.altered`: the register knows another file of this name; `file.unreadable`; `usage.signature`: the
    signature beside it is of something else or of somebody else, and only `force` replaces it.
    """
    found = one(path, anchors, None, known)
    checks = {check.what: check for check in found.checks}
    if found.content is None:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=checks["file"].said), code="file.unreadable"
        )
    if "register" in checks and checks["register"].result == "bad":
        raise DongleError(
            _("{path} is not signed: the register knows another file of this name, {sha256}.").format(
                path=path, sha256=known[path.name].sha256
            ),
            code="evidence.altered",
            hint=_("Put the file back as it was written. What is meant to be another file gets a name of its own."),
        )
    at = verify.signature_of(path)
    ours = all(name in checks and checks[name].result == "ok" for name in ("signature", "signer"))
    if at.exists() and not ours and not force:
        wrong = next((check.said for check in found.checks if check.result != "ok"), "")
        raise DongleError(
            _("{path} is not signed: {name} beside it is another signature ({reason}).").format(
                path=path, name=at.name, reason=wrong
            ),
            code="usage.signature",
            hint=_("Check whose it is: dongle-cli evidence verify. --force replaces it."),
        )
    return any(check.result != "ok" for check in found.checks if check.what != "time")


def _head(content: bytes, register: Register) -> list[Check]:
    """Where the file is a head of the history: whether the history went through it."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return []
    if not isinstance(told, dict) or told.get("kind") != HEAD or not isinstance(told.get("seq"), int):
        return []
    link = kept.link(register, told["seq"])
    if link is None:
        return [Check("history", "bad", _("it ends before entry {seq}").format(seq=told["seq"]))]
    if link.digest != told.get("digest"):
        return [Check("history", "bad", _("entry {seq} is another one now").format(seq=told["seq"]))]
    return [Check("history", "ok", _("up to entry {seq}").format(seq=told["seq"]))]
