"""Names without the names: a keyed hash for each, the same on this machine in every run; folder, kind and ending stay.

File names are personal data ("Yamada, sick leave.docx"), and who holds a report can do without them: the folder, the
kind and the size say what is wrong, the mask says which file it is, and this machine can tell them apart again.
"""

from __future__ import annotations

import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dongle_cli import atomic, paths
from dongle_cli.audit.identify.kinds import KINDS
from dongle_cli.audit.model import Finding, Gap
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}(?:\.(?:gz|bz2|xz|zip))?$")
_HOMES = ("users", "home", "documents and settings")
_NOBODY = frozenset(("public", "default", "default user", "all users", "defaultuser0", "root", "system", "0"))
_ACCOUNT = re.compile(r"S-1-5-21(?:-\d+)+|S-1-12-1(?:-\d+)+")
_STREAM = re.compile(r"^(.+):([^:]+)$")
# What a detail may say in full: words of ours, numbers and times. Everything else could hold a name.
_OPEN_DETAILS = frozenset(("place", "deleted_at", "exception_expired", "wanted", "second_opinion", "disk_image"))
_FOLDERS = frozenset(("write_filter_exclusion",))
_PEOPLE = frozenset(("user", "owner", "account"))


@dataclass(frozen=True, slots=True)
class Mask:
    """Replaces names in findings and gaps; the key never leaves this machine."""

    key: bytes

    @classmethod
    def of_this_machine(cls) -> Mask:
        """The key under the state folder, made at the first use; DongleError `audit.mask-key` where none can be."""
        path = paths.state_dir() / "audit" / "mask.key"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # of two first runs at once, one key counts
                atomic.write(path, secrets.token_bytes(32), mode=0o600, new=True)
            key = path.read_bytes()
        except OSError as error:
            raise _unkept(path, reason(error)) from None
        if len(key) != 32:
            raise _unkept(path, _("it is damaged"))
        return cls(key)

    @property
    def id(self) -> str:
        """Tells keys apart without telling anything of them."""
        return hmac.digest(self.key, b"id", "sha256").hex()[:8]

    def name(self, name: str) -> str:
        """One name as its mask, with its ending where that is one."""
        ending = found[0] if (found := _ENDING.search(name)) and found.start() else ""
        raw = name.encode("utf-8", "surrogatepass")
        return f"~{hmac.digest(self.key, raw, 'sha256').hex()[:12]}{ending.lower()}"

    def path(self, path: str, slashes: str = "/") -> str:
        """A path whose folders stay, but for a person's own; the last byte of a CP932 name may be a backslash."""
        if not path.strip("./\\"):
            return path
        *folders, last = re.split(f"([{slashes}])", path)
        if not last:
            return "".join(self._folders(folders))
        stream = _STREAM.match(last)
        masked = f"{self.name(stream[1])}:{self.name(stream[2])}" if stream else self.name(last)
        return "".join(self._folders(folders)) + masked

    def homes(self, path: str) -> str:
        """A path in which only the names of people are masked."""
        return "".join(self._folders(re.split(r"([/\\])", path)))

    def member(self, member: str) -> str:
        """A path inside a container: every name in it was given by somebody."""
        return "".join(part if part in ("/", "\\", "") else self.name(part) for part in re.split(r"([/\\])", member))

    def person(self, who: str | None) -> str | None:
        """A user's name or account number; those of the system itself stay."""
        if not who or who.lower() in _NOBODY or (who.startswith("S-1-5-") and not _ACCOUNT.match(who)):
            return who
        return self.name(who)

    def fingerprint(self, fingerprint: str) -> str:
        """A fingerprint holds path and name, hashed without a key: who guesses a name could check it."""
        return hmac.digest(self.key, fingerprint.encode(), "sha256").hex()[:32] if fingerprint else ""

    def finding(self, one: Finding) -> Finding:
        """A finding or check without names; of a setting, hive and value stay."""
        document = one.kind in KINDS and KINDS[one.kind].is_document
        return replace(
            one,
            path=self.path(one.path) if one.kind is not None else self.homes(one.path),
            member=self.member(one.member) if one.member else None,
            owner=self.person(one.owner),
            fingerprint=self.fingerprint(one.fingerprint),
            detail=tuple((name, self._detail(name, value, document)) for name, value in one.detail),
        )

    def gap(self, gap: Gap) -> Gap:
        """A gap without names; what the system said stays where it is nothing but a plain phrase."""
        plain = gap.detail.isascii() and not re.search(r"[/\\'\"]", gap.detail)
        return replace(
            gap,
            path=self.path(gap.path),
            member=self.member(gap.member) if gap.member else gap.member,
            detail=gap.detail if plain else "",
        )

    def solved(self, one: dict[str, Any]) -> dict[str, Any]:
        """A finding of an earlier report, as its JSON object."""
        keep = (
            "rule",
            "severity",
            "verdict",
            "target",
            "place",
            "volume",
            "kind",
            "evidence",
            "size",
            "mtime",
            "state",
        )
        return {
            **{key: one.get(key) for key in keep},
            "path": self.path(str(one.get("path") or "")),
            "member": self.member(str(one["member"])) if one.get("member") else None,
            "fingerprint": self.fingerprint(str(one.get("fingerprint") or "")),
        }

    def _folders(self, parts: list[str]) -> list[str]:
        out = []
        above = ""
        for part in parts:
            if part in ("/", "\\", ""):
                out.append(part)
                continue
            person = above in _HOMES and part.lower() not in _NOBODY
            out.append(self.name(part) if person else _ACCOUNT.sub(lambda found: self.name(found[0]), part))
            above = part.lower()
        return out

    def _detail(self, name: str, value: str | int | None, document: bool) -> str | int | None:
        if not isinstance(value, str) or name in _OPEN_DETAILS:
            return value
        if name in _PEOPLE:
            return self.person(value)
        return self.path(value, r"/\\") if document and name not in _FOLDERS else self.homes(value)


def _unkept(path: Path, why: str) -> DongleError:
    return DongleError(
        _("The key that masks names, {path}, cannot be used: {reason}.").format(path=path, reason=why),
        code="audit.mask-key",
        hint=_("Set DONGLE_HOME to a folder of your own, or give --names where names may be shown."),
    )
