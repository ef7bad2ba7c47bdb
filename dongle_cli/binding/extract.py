"""A signed extract of the register: what the help desk compares with where no register can be reached."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dongle_cli.binding import publish
from dongle_cli.errors import DongleError
from dongle_cli.evidence import verify
from dongle_cli.evidence.canonical import canonical
from dongle_cli.evidence.trust import Anchors
from dongle_cli.i18n import _
from dongle_cli.register import bindings, certificates
from dongle_cli.register.bindings import Binding

if TYPE_CHECKING:
    from dongle_cli.binding.signing import Signer
    from dongle_cli.register.register import Register

KIND = "register-extract"
_LEFT_OUT = {"certificate"}  # whoever verifies brings it, and its fingerprint is there
_STATES = ("active", "held", "revoked", "superseded", "abandoned")


def rows(register: Register) -> list[Binding]:
    """What goes into an extract: every binding for which a certificate was made."""
    return bindings.find(register, states=_STATES)


def write(register: Register, path: Path, signer: Signer) -> int:
    """Write the extract and its signature FILE.p7s; returns how many bindings are in it.

    JSON lines: the first one says of when it is, the rest is one binding each, without its certificate.
    """
    found = rows(register)
    last = register.last_link()
    head: dict[str, object] = {
        "schema": 1,
        "kind": KIND,
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "issuers": [row["certificate"] for row in certificates.authority_certificates(register, "issuing")],
        "history": {"seq": last.seq, "digest": last.digest} if last else None,
        "bindings": len(found),
    }
    lines = [head, *(_line(row) for row in found)]
    publish.write(path, b"".join(canonical(line) + b"\n" for line in lines), mode=0o640)
    signer.sign(path)
    return len(found)


def _line(row: Binding) -> dict[str, object]:
    """One binding as `ExtractKnown` finds it again: by serial number, by the IMEI's 14 digits, by the laptop."""
    return {name: value for name, value in asdict(row).items() if name not in _LEFT_OUT} | {"imei14": row.imei14}


class ExtractKnown:
    """What an extract knows; it is believed only with a signature of an authority in `anchors`."""

    def __init__(self, path: Path, anchors: Anchors) -> None:
        """Check the signature first; DongleError `evidence.extract` where it is not ours, or was changed."""
        found = verify.file(path, anchors)
        # A list that says whether the bench itself was revoked is not at hand at a help desk: that may stay open.
        wrong = [one for one in found.checks if one.result != "ok" and one.what != "revocation"]
        wrong += [one for one in found.checks if one.result == "bad" and one.what == "revocation"]
        if wrong:
            said = f"{_(verify.WHAT[wrong[0].what])}: {wrong[0].said}"
            raise DongleError(
                _("The extract {path} is not believed: {reason}.").format(path=path, reason=said),
                code="evidence.extract",
                hint=_("Fetch it again from the bench, together with its .p7s file."),
            )
        self._data = found.content or b""
        try:
            head: dict[str, Any] = json.loads(self._data.partition(b"\n")[0])
            if head.get("kind") != KIND:
                raise ValueError
            self.as_of: str | None = head["at"]
            self._issuers: list[str] = head["issuers"]
            self._count: int = head["bindings"]
        except (ValueError, KeyError, AttributeError):
            raise DongleError(
                _("{path} is no extract of a register.").format(path=path),
                code="evidence.extract",
                hint=_("Have one written with: {command}").format(command="dongle-cli register extract --out FILE"),
            ) from None

    def issuers(self) -> list[str]:
        return self._issuers

    def bindings(self, **equal: str) -> list[Binding]:
        # A line is parsed only where it holds the value: of a hundred thousand one is wanted.
        wanted = [canonical({name: value})[1:-1] for name, value in equal.items()]
        found = []
        at = self._data.find(wanted[0])
        while at >= 0:
            begin, end = self._data.rfind(b"\n", 0, at) + 1, self._data.find(b"\n", at)
            line = self._data[begin:end]
            values = json.loads(line)
            if begin > 0 and all(values.get(name) == value for name, value in equal.items()):
                values.pop("imei14", None)
                found.append(Binding(**values, certificate=None))
            at = self._data.find(wanted[0], end)
        return found

    def empty(self) -> bool:
        return self._count == 0
