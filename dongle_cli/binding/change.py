"""Part of a pair is replaced: what may differ then, and whether the certificate has to be made anew.

A certificate is made anew when its key changes, or when something changes that it names: the paired profile names IMEI
and laptop UUID, the opaque one neither, and no profile names the SIM.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from dongle_cli.binding import issue, pkcs10, revoke
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.register import bindings
from dongle_cli.register.bindings import Binding, Pair
from dongle_cli.register.words import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

    from dongle_cli.binding.authorities import Authority, PublicKey
    from dongle_cli.binding.issue import Deliver
    from dongle_cli.binding.revoke import Named
    from dongle_cli.identity import DongleIdentity, Laptop
    from dongle_cli.register.register import Register

_PAIR = [field.name for field in fields(Pair)]
_NAMED = ("asset_no", "imei14", "laptop_uuid")


@dataclass(frozen=True)
class Change:
    """What is in force, and what shall be."""

    what: str  # sim, dongle, board, laptop, key
    before: Binding
    after: Pair

    @property
    def differences(self) -> dict[str, tuple[str | None, str | None]]:
        """Each column that changes, with what stood there and what will."""
        pairs = {name: (getattr(self.before, name), getattr(self.after, name)) for name in _PAIR}
        return {name: values for name, values in pairs.items() if values[0] != values[1]}

    @property
    def new_certificate(self) -> bool:
        """Whether the certificate in force says something that will not be so, or is for another key."""
        if self.before.spki_sha256 != self.after.spki_sha256:
            return True
        named = any(getattr(self.before, name) != getattr(self.after, name) for name in _NAMED)
        return named and self.before.profile != "opaque"


def in_force(register: Register, named: Named) -> Binding:
    """The binding in force of that name; DongleError `binding.unknown`, or `binding.ended` where it is over."""
    found = named.find(register)
    live = next((one for one in found if one.live), None)
    if live is None:
        raise DongleError(
            _("{asset} has no binding in force: the last one is {state}.").format(
                asset=found[0].asset_no, state=_(STATES[found[0].state])
            ),
            code="binding.ended",
            hint=_("Bind it anew: dongle-cli bind"),
        )
    return live


def _after(before: Binding, **values: str | None) -> Pair:
    return replace(Pair(**{name: getattr(before, name) for name in _PAIR}), **values)  # type: ignore[arg-type]


def sim(before: Binding, iccid: str) -> Change:
    """Another SIM in the same dongle."""
    return Change("sim", before, _after(before, iccid=iccid))


def check_dongle(before: Binding, who: DongleIdentity) -> None:
    """DongleError `binding.other-dongle` where the plugged dongle is not the one that is bound."""
    if who.imei is None or who.imei.significant != before.imei14:
        raise DongleError(
            _("The plugged dongle has IMEI {seen}; {asset} is bound to {bound}.").format(
                seen=who.imei or "-", asset=before.asset_no, bound=before.imei
            ),
            code="binding.other-dongle",
            hint=_("Where the dongle was replaced too: dongle-cli change dongle --asset {asset}").format(
                asset=before.asset_no
            ),
        )


def dongle(before: Binding, who: DongleIdentity) -> Change:
    """Another dongle for the same laptop, with the SIM that is in it."""
    iccid = str(who.iccid) if who.iccid else None
    return Change("dongle", before, _after(before, imei=str(who.imei), iccid=iccid))


def laptop(what: str, before: Binding, described: Laptop, spki: str | None, *, force: bool) -> Change:
    """The laptop's "board", its "key", or the whole "laptop"; `spki` is that of a new key, None keeps the old one."""
    values = {
        "laptop_uuid": described.uuid,
        "laptop_serial": described.serial or (before.laptop_serial if what != "laptop" else None),
        "laptop_host": described.host or before.laptop_host,
        "laptop_ek": described.ek_sha256 or (before.laptop_ek if what == "key" else None),
        "spki_sha256": spki or before.spki_sha256,
    }
    change = Change(what, before, _after(before, **values))
    if not force:
        _check_laptop(change, described)
    return change


def _check_laptop(change: Change, described: Laptop) -> None:
    before, after = change.before, change.after
    known = before.laptop_serial is not None and described.serial is not None
    other = known and str(before.laptop_serial).casefold() != str(described.serial).casefold()
    if change.what == "board" and other:
        raise _other_laptop(before.laptop_serial, described.serial, "laptop")
    if change.what == "key" and before.laptop_uuid not in (described.uuid, described.swapped_uuid):
        raise _other_laptop(before.laptop_uuid, described.uuid, "board")
    if change.what == "laptop" and before.spki_sha256 == after.spki_sha256:
        raise DongleError(
            _("The request of the new laptop holds the old laptop's key. A key does not move from one to another."),
            code="request.same-key",
            hint=_("Make a key of its own on the new laptop: dongle-cli bind request --new-key"),
        )


def _other_laptop(bound: str | None, seen: str | None, verb: str) -> DongleError:
    return DongleError(
        _("The request is from the laptop {seen}; the binding has {bound}.").format(seen=seen, bound=bound),
        code="binding.other-laptop",
        hint=_("If that is meant: dongle-cli change {verb}. If the number itself was corrected, use --force.").format(
            verb=verb
        ),
    )


def check(register: Register, change: Change) -> None:
    """DongleError `binding.taken` where the new part is bound elsewhere, `request.key-compromised` for a burnt key."""
    begun = issue.earlier(register, change.after)
    if begun is None or begun.id == change.before.id:
        issue.check_free(register, change.after, change.before)


def public_key(before: Binding) -> PublicKey:
    """The key that is certified now."""
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate((before.certificate or "").encode("ascii"))
    return pkcs10.public_key(certificate.public_key())


def apply(
    register: Register,
    authority: Authority | None,
    change: Change,
    deliver: Deliver,
    *,
    request: x509.CertificateSigningRequest | None = None,
    days: int | None = None,
    force: bool = False,
) -> Binding:
    """The binding as it is then; `authority` may be None where no certificate is made."""
    if not change.new_certificate:
        values = {name: after for name, (_before, after) in change.differences.items()}
        if "imei" in values:
            values["imei14"] = change.after.imei14
        if values:
            bindings.change(register, change.before.id, change.what, **values)
        return bindings.get(register, change.before.id)
    if authority is None:
        raise ValueError("a new certificate needs an authority")
    key = pkcs10.public_key(request.public_key()) if request is not None else public_key(change.before)
    return issue.issue(
        register, authority, change.after, key, deliver,
        request=request, days=days, replaces=change.before, force=force,
    )  # fmt: skip


def to_release(register: Register, named: Named) -> list[Binding]:
    """What is on hold, or else what is in force already; `binding.not-held` where neither is left."""
    known = named.find(register)
    if held := [one for one in known if one.state == "held"]:
        return held
    if known[0].state == "active":
        return known[:1]
    raise DongleError(
        _("The certificate of {asset} was not on hold: it is {state} ({reason}), and that is not taken back.").format(
            asset=known[0].asset_no, state=_(STATES[known[0].state]), reason=known[0].reason or "-"
        ),
        code="binding.not-held",
        hint=_("Reset the dongle, make a new key on the laptop (bind request --new-key), and bind them anew."),
    )


def release(register: Register, held: Sequence[Binding]) -> list[Binding]:
    """Take these off hold."""
    return revoke.end(register, held, "removeFromCRL")
