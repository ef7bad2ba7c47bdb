"""Which laptop this is: from the live machine, or from the file that a laptop wrote."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.identity import Laptop, is_placeholder_serial

_LARGEST = 65_536  # bytes of a description; a real one has 200
_FIELDS = ("uuid", "serial", "host", "ek_sha256")


@dataclass(frozen=True)
class Reading:
    """What a live machine told: the laptop where its UUID could be read, and for each other field why it is None."""

    laptop: Laptop | None
    unread: dict[str, str] = field(default_factory=dict)  # field: a sentence

    def required(self) -> Laptop:
        """The laptop, or DongleError `identity.unmeasured`: it could not be measured which one this is."""
        if self.laptop is None:
            raise DongleError(
                _("It cannot be told which laptop this is: {reason}").format(reason=self.unread["uuid"]),
                code="identity.unmeasured",
                hint=_("Run this as root (the firmware's numbers are for root only), or give a file: --laptop FILE."),
            )
        return self.laptop


def describe(laptop: Laptop) -> dict[str, object]:
    """The file's form of a laptop: {"schema": 1, "serial": …, "uuid": …, "host": …}, and "ek_sha256" where known."""
    known: dict[str, object] = {"schema": 1, "serial": laptop.serial, "uuid": laptop.uuid, "host": laptop.host}
    return known | ({"ek_sha256": laptop.ek_sha256} if laptop.ek_sha256 else {})


def from_file(path: Path) -> Laptop:
    """The laptop that the JSON file at `path` describes; DongleError `identity.laptop` or `identity.unreadable`."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="identity.unreadable"
        ) from None
    return from_bytes(data, str(path))


def from_bytes(data: bytes, name: str) -> Laptop:
    """The laptop that JSON text describes, in UTF-8 or in what PowerShell's `>` writes (UTF-16 with a mark)."""
    try:
        if len(data) > _LARGEST:
            raise ValueError(_("it is too large"))
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        found = json.loads(data.decode("utf-16" if utf16 else "utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _not_described(name, error) from None
    return from_object(found, name)


def from_object(found: object, name: str) -> Laptop:
    """The laptop in parsed JSON; DongleError `identity.laptop` says which field of `name` is wrong."""
    if not isinstance(found, dict) or found.get("schema") != 1:
        raise _not_described(name, _('it needs "schema": 1'))
    values: dict[str, Any] = {each: found.get(each) for each in _FIELDS}
    for each, value in values.items():
        if not (isinstance(value, str) or (value is None and each != "uuid")):
            raise _not_described(name, _('"{field}" must be text').format(field=each))
    return Laptop.parse(**values)


def _not_described(name: str, why: object) -> DongleError:
    return DongleError(
        _("{name} does not describe a laptop: {reason}.").format(name=name, reason=why),
        code="identity.laptop",
        hint=_("Expected: {example}").format(example='{"schema": 1, "serial": "...", "uuid": "...", "host": "..."}'),
    )


def this_laptop(sys: Path = Path("/sys"), ek: Callable[[], str | None] | None = None) -> Reading:
    """What this machine's firmware and TPM say; `ek` reads the endorsement key's digest (None: no TPM is asked)."""
    unread: dict[str, str] = {}
    uuid = _dmi(sys, "product_uuid", "uuid", unread)
    serial = _dmi(sys, "product_serial", "serial", unread)
    if serial is not None and is_placeholder_serial(serial):
        unread["serial"] = _("the firmware holds a placeholder, {value}.").format(value=ascii(serial))
        serial = None
    digest = None
    if ek is not None:
        try:
            digest = ek()
        except DongleError as error:
            unread["ek_sha256"] = error.message
        else:
            if digest is None:
                unread["ek_sha256"] = _("there is no TPM.")
    if uuid is None:
        return Reading(None, unread)
    try:
        laptop = Laptop.parse(uuid=uuid, serial=serial, host=socket.gethostname() or None, ek_sha256=digest)
    except DongleError as error:
        return Reading(None, unread | {"uuid": error.message})
    return Reading(laptop, unread)


def _dmi(sys: Path, name: str, what: str, unread: dict[str, str]) -> str | None:
    path = sys / "class/dmi/id" / name
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        unread[what] = _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error))
        return None
    if not text:
        unread[what] = _("{path} is empty.").format(path=path)
        return None
    return text


def ek_digest(public_key: bytes) -> str:
    """The name of a TPM: SHA-256 of its endorsement key's SubjectPublicKeyInfo (DER), in lower-case hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


# What a comparison of two descriptions may say of a field.
SAME, OTHER, UNKNOWN, SWAPPED = "same", "other", "unknown", "byte-order"


def compare(recorded: Laptop, seen: Laptop) -> dict[str, str]:
    """For each field "same", "other", "unknown" (one side does not say), and for the UUID also "byte-order".

    The host name may change and proves nothing; it is compared because people look for it.
    """
    result = {}
    for each in _FIELDS:
        one, two = getattr(recorded, each), getattr(seen, each)
        if one is None or two is None:
            result[each] = UNKNOWN
        else:
            result[each] = SAME if one.casefold() == two.casefold() else OTHER
    if result["uuid"] == OTHER and recorded.uuid == seen.swapped_uuid:
        result["uuid"] = SWAPPED
    return result
