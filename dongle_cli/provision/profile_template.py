"""The text that a new profile begins as: every key with a comment, in the person's language."""

from __future__ import annotations

from dongle_cli.i18n import N_, _

# Lines as they stand in the file; a comment is translated, the rest is TOML.
_LINES: tuple[tuple[str, str], ...] = (
    ("schema = 1", ""),
    ('name = "{name}"', ""),
    ('version = "1"', N_("change it with every change: the evidence names it")),
    ("", ""),
    ("[context]", ""),
    ("cid = 1", N_("1 to 16")),
    ('apn = "closed.example"', N_("as the contract says")),
    ('type = "IP"', "IP | IPV6 | IPV4V6"),
    ('auth = "chap"', "none | pap | chap"),
    ('user = "{{user}}"', N_("{imsi} {iccid} {msisdn} {imei} {asset_no} or any column of the SIM list")),
    ('password = "{{password}}"', N_('or where it is kept: "keyring:SERVICE/USER", "file:PATH"')),
    ("only = true", N_("remove all other contexts")),
    ("", ""),
    ("[sim]", ""),
    ('iccid = ["8981*"]', N_("refuse other SIMs; [] takes every one")),
    ('pin = "keep"', N_("keep | disable | change (to new_pin of the SIM list)")),
    ("", ""),
    ("[verify]", ""),
    ("register = true", N_("wait until the network has let the dongle in")),
    ("timeout = 60", N_("seconds")),
    ("", ""),
    ("[models]", ""),
    ('allow = ["*"]', N_('such as ["huawei-*"]')),
)


def profile_template(name: str) -> str:
    """A valid profile called `name` that a person then fills in."""
    widest = max(len(line.format(name=name)) for line, comment in _LINES if comment)
    lines = []
    for line, comment in _LINES:
        text = line.format(name=name)
        lines.append(f"{text:<{widest}}  # {_(comment)}" if comment else text)
    return "\n".join(lines) + "\n"
