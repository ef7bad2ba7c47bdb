"""What a binding's states are called; `_` translates them where they are shown."""

from __future__ import annotations

from dongle_cli.i18n import N_

STATES = {
    "pending": N_("being made"), "signed": N_("signed, not in force"), "active": N_("in force"),
    "held": N_("on hold"), "revoked": N_("revoked"), "superseded": N_("replaced"), "abandoned": N_("given up"),
}  # fmt: skip
