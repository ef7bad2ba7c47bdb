"""Whether a profile and a SIM list belong together, found out before any dongle is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, ngettext
from dongle_cli.identity import DongleIdentity, Imei, Imsi
from dongle_cli.provision.profile import ApnProfile, values_for
from dongle_cli.provision.sims import SimRow, Sims
from dongle_cli.provision.template import fill
from dongle_cli.secrets import MASK, Secret, SecretRef

# What only the dongle can say, as long as it can get.
_ANY = DongleIdentity(imei=Imei("0" * 15), imsi=Imsi("0" * 15))
_SHOWN = 10


@dataclass(frozen=True)
class Misfit:
    """A row that this profile cannot serve."""

    row: int
    reason: str


def misfits(profile: ApnProfile, sims: Sims) -> list[Misfit]:
    """Every row that the profile refuses, or that lacks what it needs; DongleError `secret.*` for its own password."""
    profile = _with_password(profile)
    found: list[Misfit] = []
    for row in sims:
        reasons = [_pin_reason(profile, row)]
        if not profile.allows_sim(row.iccid):
            reasons.append(
                _("the profile takes only ICCIDs like {patterns}").format(patterns=", ".join(profile.iccid_patterns))
            )
        try:
            values_for(profile, row, replace(_ANY, iccid=row.iccid))
        except DongleError as error:
            reasons.append(error.message)
        found += [Misfit(row.row, reason) for reason in reasons if reason]
    return found


def require_fit(profile: ApnProfile, sims: Sims) -> None:
    """DongleError `sims.misfit` with the first rows where the two do not belong together."""
    found = misfits(profile, sims)
    if not found:
        return
    rows = len({one.row for one in found})
    lines = [
        ngettext(
            "The profile {profile} cannot serve {count} row of {path}.",
            "The profile {profile} cannot serve {count} rows of {path}.",
            rows,
        ).format(profile=profile.name, count=rows, path=sims.path)
    ]
    lines += [_("row {row}: {reason}").format(row=one.row, reason=one.reason) for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(_("and {count} more").format(count=len(found) - _SHOWN))
    raise DongleError(
        "\n".join(lines),
        code="sims.misfit",
        hint=_(
            "Correct the list or the profile, and check both with: dongle-cli profile check PROFILE --sims {path}"
        ).format(path=sims.path),
        rows=[{"row": one.row, "reason": one.reason} for one in found],
    )


def preview(profile: ApnProfile, row: SimRow) -> dict[str, object]:
    """What this row would be given, the password masked; what only the dongle can say stays in braces."""
    values = row.open_fields()
    user = fill(profile.user, lambda name: values.get(name) or f"{{{name}}}") if profile.user else None
    return {
        "row": row.row,
        "iccid": row.iccid.digits,
        "user": user,
        "password": MASK if profile.password is not None else None,
    }


def _pin_reason(profile: ApnProfile, row: SimRow) -> str | None:
    if profile.pin != "keep" and row.pin is None:
        return _("the profile changes the PIN, and the row has no pin")
    if profile.pin == "change" and row.new_pin is None:
        return _("the profile changes the PIN, and the row has no new_pin")
    return None


def _with_password(profile: ApnProfile) -> ApnProfile:
    """The profile with its password fetched once, and not for every row."""
    ref = SecretRef.parse(profile.password) if isinstance(profile.password, str) else None
    if ref is None:
        return profile
    literal = ref.load().reveal().replace("{", "{{").replace("}", "}}")
    return replace(profile, password=Secret(literal))
