"""AutoRecover: where Office puts copies of documents that are open."""

from __future__ import annotations

from dongle_cli.audit.model import Severity
from dongle_cli.audit.rules.check import Check, Family, Wanted, on_a_server
from dongle_cli.audit.rules.rule import Rule
from dongle_cli.i18n import N_

_ID = "E-autorecover"
_VALUES = (
    ("word", "Word", "AUTOSAVE-PATH"),
    ("excel", "Excel", "AutoRecoverPath"),
    ("powerpoint", "PowerPoint", "PathToAutoRecoveryInfo"),
)


def _check(product: str, program: str, name: str) -> Check:
    keys = tuple(
        rf"HKCU\Software{policies}\Microsoft\Office\{version}\{program}\Options"
        for policies in (r"\Policies", "")
        for version in ("16.0", "15.0", "14.0")
    )
    return Check(_ID, (Wanted(name, keys, on_a_server, r"\\server\..."),), product)


FAMILY = Family(
    (
        Rule(
            _ID,
            N_("Office keeps its AutoRecover copies on a server"),
            N_(
                "While a document from the server is open, Word, Excel and PowerPoint write copies of it to the "
                "user's folder."
            ),
            N_('Set the policy "AutoRecover save location" of Word, Excel and PowerPoint to a folder on the server.'),
            Severity.LOW,
            subject="user",
        ),
    ),
    tuple(_check(*value) for value in _VALUES),
)
