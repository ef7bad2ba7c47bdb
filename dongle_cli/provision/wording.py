"""What a dongle's settings and their values are called when people read of them."""

from __future__ import annotations

from dongle_cli.i18n import N_, _
from dongle_cli.provision.outcome import Change

# Words of `Change.what` and of its values for people; a script reads them as they are.
WORDS = {
    "mode": N_("mode"), "sim.state": N_("SIM"), "sim.pin": N_("PIN request"), "type": N_("type"), "apn": "APN",
    "auth": N_("authentication"), "user": N_("user"), "password": N_("password"), "storage": N_("CD-ROM"),
    "modem": N_("modem"), "unreadable": N_("(cannot be read)"), "written": N_("(written)"), "other": N_("(another)"),
    "enabled": N_("on"), "disabled": N_("off"), "old": N_("old PIN"), "new": N_("new PIN"),
}  # fmt: skip


def change_text(change: Change) -> str:
    """A change for people: what, before, after."""
    return f"{what_text(change.what)}: {value_text(change.before)} → {value_text(change.after)}"


def what_text(key: str) -> str:
    """The name of a setting ("context.1.apn") as words."""
    head, _dot, rest = key.partition(".")
    if head != "context":
        return _(WORDS.get(key, key))
    cid, _dot, field = rest.partition(".")
    return " ".join((_("context {cid}").format(cid=cid), _(WORDS.get(field, field)))).strip()


def value_text(value: object) -> str:
    """What a setting holds, as words."""
    if value is None or value == "":
        return _("(nothing)")
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part not in (None, ""))
    return _(WORDS.get(str(value), str(value)))
