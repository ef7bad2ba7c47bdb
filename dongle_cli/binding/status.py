"""What of the authority ends when: its own certificates, its lists, the clients', and where the root's key is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from dongle_cli.binding import ca, crl
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _
from dongle_cli.register import bindings

if TYPE_CHECKING:
    from dongle_cli.binding.ca import Settings
    from dongle_cli.register.register import Register

Word = Literal["ok", "soon", "ended", "unknown"]

WHAT = {
    "root": N_("root certificate"),
    "issuing": N_("issuing certificate"),
    "ocsp": N_("OCSP certificate"),
    "evidence": N_("evidence certificate"),
    "crl": N_("CRL"),
    "root-crl": N_("the root's CRL"),
}
# How long before the end somebody has to be told: as long as it takes to do something about it.
_WARN = {
    "root": timedelta(days=3 * 365),  # what it signs may be good for as long
    "issuing": timedelta(days=3 * 365),
    "ocsp": timedelta(days=30),
    "evidence": timedelta(days=30),
    "crl": crl.WARN,
    "root-crl": timedelta(days=60),  # its key has to be fetched from where it is locked away
}


@dataclass(frozen=True)
class Item:
    """One thing that ends; `until` is None where it could not be read."""

    what: str  # a key of WHAT
    until: datetime | None
    word: Word


@dataclass(frozen=True)
class Status:
    """The authority as it is now."""

    items: tuple[Item, ...]
    root_key: Literal["here", "away", "token"]
    active: int
    ending: tuple[bindings.Binding, ...]  # in force, and at their end within the asked time


def look(register: Register, settings: Settings, before: timedelta) -> Status:
    """Everything that ends, and the bindings in force whose certificate ends within `before`."""
    now = datetime.now(UTC)
    items = tuple(_item(what, _until(settings, what), now) for what in WHAT)
    active = bindings.find(register, states=bindings.LIVE)
    limit = (now + before).isoformat()
    ending = tuple(one for one in active if one.not_after is not None and one.not_after <= limit)
    return Status(items, root_key(settings), len(active), tuple(sorted(ending, key=lambda one: one.not_after or "")))


def root_key(settings: Settings) -> Literal["here", "away", "token"]:
    """Where the root's key is: in this folder, on a medium that is not here, or in a token."""
    kind, _colon, where = settings.root_keystore.partition(":")
    if kind not in ("pem", "pkcs12", "tpm2"):
        return "token"
    return "here" if (settings.folder / where).is_dir() else "away"


def _until(settings: Settings, what: str) -> datetime | None:
    from cryptography import x509

    try:
        if not what.endswith("crl"):
            return ca.certificate(settings, what).not_valid_after_utc
        return x509.load_pem_x509_crl((settings.folder / f"{what}.pem").read_bytes()).next_update_utc
    except (DongleError, OSError, ValueError):
        return None


def _item(what: str, until: datetime | None, now: datetime) -> Item:
    if until is None:
        return Item(what, None, "unknown")
    return Item(what, until, "ended" if until <= now else "soon" if until - now <= _WARN[what] else "ok")


def advice(item: Item) -> str:
    """What to do about an item that is not good, in the reader's language."""
    match item.what:
        case "crl":
            return _("Make a new one: {command}").format(command="dongle-cli ca crl")
        case "root-crl":
            return _("Make a new one: {command}").format(command="dongle-cli ca crl --root --root-from DIR")
        case "ocsp" | "evidence":
            return _("Make a new one: {command}").format(command="dongle-cli ca renew --signers")
    return _("Plan a new authority: laptops have to be given its certificates before this one ends.")
