"""Names without the names: a keyed hash for each, the same on this machine in every run; folder, kind and ending stay.

File names are personal data ("Yamada, sick leave.docx"), and who holds a report can do without them: the folder, the
kind and the size say what is wrong, the mask says which file it is, and this machine can tell them apart again.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
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
_SLASHES = ("/", "\\", "")
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

    def who(self, name: str) -> str:
        """A person or an account as a mask, whole: what follows the dot of "yamada.taro" is no ending."""
        return f"~{hmac.digest(self.key, name.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:12]}"

    def name(self, name: str) -> str:
        """A file's name as its mask, with its ending where that is one."""
        ending = found[0] if (found := _ENDING.search(name)) and found.start() else ""
        return self.who(name) + ending.lower()

    def path(self, path: str, above: str = "", slashes: str = "/", *, folder: bool = False) -> str:
        """A path whose folders stay, but for a person's own; the last byte of a CP932 name may be a backslash.

        `above` is the folder that it begins in: what lies in "Users" is a person's. `folder`: it may end in one.
        """
        if not path.strip("./\\"):
            return path
        *folders, last = re.split(f"([{slashes}])", path)
        before, above = self._folders(folders, above)
        if not last or (folder and _is_person(last, above)):
            return before + (last and self.who(last))
        stream = _STREAM.match(last)
        return before + (f"{self.name(stream[1])}:{self.name(stream[2])}" if stream else self.name(last))

    def homes(self, path: str, above: str = "", slashes: str = r"/\\") -> str:
        """A path in which only the names of people are masked."""
        return self._folders(re.split(f"([{slashes}])", path), above)[0]

    def target(self, target: str) -> str:
        """A target as it was named; where it lies with a person, its whole path, with masks for names of people."""
        if not target:
            return target
        whole = os.path.abspath(target)  # noqa: PTH100 - not resolved: what it is called is what could be said
        people = _people(whole) | _people(os.path.realpath(target))
        masked = str(Path(*(self._folder(part, part in people) for part in Path(whole).parts)))
        return target if masked == whole else masked

    def member(self, member: str) -> str:
        """A path inside a container: every name in it was given by somebody."""
        *folders, last = re.split(r"([/\\])", member)
        out, above = [], ""
        for part in folders:
            if part in _SLASHES:
                out.append(part)
            else:
                out.append(self.who(part) if _is_person(part, above) else self.name(part))
                above = part.lower()
        return "".join(out) + (last and self.name(last))

    def person(self, who: str | None) -> str | None:
        """A user's name or account number; those of the system itself stay."""
        if not who or who.lower() in _NOBODY or (who.startswith("S-1-5-") and not _ACCOUNT.match(who)):
            return who
        return self.who(who)

    def fingerprint(self, fingerprint: str) -> str:
        """A fingerprint holds path and name, hashed without a key: who guesses a name could check it."""
        return hmac.digest(self.key, fingerprint.encode(), "sha256").hex()[:32] if fingerprint else ""

    def finding(self, one: Finding) -> Finding:
        """A finding or check without names; of a setting, hive and value stay."""
        document = one.kind in KINDS and KINDS[one.kind].is_document
        above = top(one.target)
        return replace(
            one,
            target=self.target(one.target),
            path=self.path(one.path, above) if one.kind is not None else self.homes(one.path, above),
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
            target=self.target(gap.target),
            path=self.path(gap.path, top(gap.target), folder=True),
            member=self.member(gap.member) if gap.member else gap.member,
            detail=gap.detail if plain else "",
        )

    def solved(self, one: dict[str, Any]) -> dict[str, Any]:
        """A finding of an earlier report, as its JSON object."""
        keep = ("rule", "severity", "verdict", "place", "volume", "kind", "evidence", "size", "mtime", "state")
        target = str(one.get("target") or "")
        return {
            **{key: one.get(key) for key in keep},
            "target": self.target(target),
            "path": self.path(str(one.get("path") or ""), top(target)),
            "member": self.member(str(one["member"])) if one.get("member") else None,
            "fingerprint": self.fingerprint(str(one.get("fingerprint") or "")),
        }

    def _folders(self, parts: list[str], above: str) -> tuple[str, str]:
        """These folders and slashes with masks for people, and the last of them, folded, as it was."""
        out = []
        for part in parts:
            if part in _SLASHES:
                out.append(part)
            else:
                out.append(self._folder(part, _is_person(part, above)))
                above = part.lower()
        return "".join(out), above

    def _folder(self, name: str, person: bool) -> str:
        return self.who(name) if person else _ACCOUNT.sub(lambda found: self.who(found[0]), name)

    def _detail(self, name: str, value: str | int | None, document: bool) -> str | int | None:
        if not isinstance(value, str) or name in _OPEN_DETAILS:
            return value
        if name in _PEOPLE:
            return self.person(value)
        return self.path(value, slashes=r"/\\") if document and name not in _FOLDERS else self.homes(value)


@lru_cache
def top(target: str) -> str:
    """The name, folded, of the folder in which the paths of a target begin: that of the target itself."""
    return Path(os.path.realpath(target)).name.lower() if target else ""


def _is_person(name: str, above: str) -> bool:
    """Whether a folder of this name in the folder `above` (folded) is called after whom it belongs to."""
    return above in _HOMES and name.lower() not in _NOBODY


def _people(path: str) -> set[str]:
    """The folders in a path that are called after people."""
    return {name for above, name in pairwise(Path(path).parts) if _is_person(name, above.lower())}


def _unkept(path: Path, why: str) -> DongleError:
    return DongleError(
        _("The key that masks names, {path}, cannot be used: {reason}.").format(path=path, reason=why),
        code="audit.mask-key",
        hint=_("Set DONGLE_HOME to a folder of your own, or give --names where names may be shown."),
    )
