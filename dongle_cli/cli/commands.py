"""The commands, in the order of a day at the bench; a new one is a line here and a module.

Each names a module and an attribute in it: a function is a command, a Typer app (`options.group(...)`) a group of them.
The one-line help is shown by `dongle-cli --help` without importing the module.
"""

from __future__ import annotations

from dongle_cli.cli.lazy import Entry
from dongle_cli.i18n import N_

COMMANDS = {
    "list": Entry("dongle_cli.cli.list", "list_", N_("Show the dongles that are plugged in.")),
    "show": Entry("dongle_cli.cli.show", "show", N_("Show what one dongle says of itself.")),
    "profile": Entry("dongle_cli.cli.profile", "app", N_("Write, check and show APN profiles.")),
    "provision": Entry("dongle_cli.cli.provision", "provision", N_("Make dongles carry a profile, and prove it.")),
    "flash": Entry("dongle_cli.cli.provision", "flash", N_("Write a profile and read it back.")),
    "at": Entry("dongle_cli.cli.at", "at", N_("Send a reading AT command, or explain an answer.")),
    "bind": Entry("dongle_cli.cli.bind", "app", N_("Bind a dongle and a laptop to one client certificate.")),
    "change": Entry("dongle_cli.cli.change", "app", N_("Part of a pair was replaced: SIM, dongle, board, laptop.")),
    "unbind": Entry("dongle_cli.cli.revoke", "unbind", N_("End a binding: dongle or laptop came back.")),
    "verify": Entry("dongle_cli.cli.verify", "verify", N_("Do certificate, dongle and laptop belong together?")),
    "revoke": Entry("dongle_cli.cli.revoke", "revoke", N_("Revoke the certificates of a dongle.")),
    "export": Entry("dongle_cli.cli.export", "app", N_("Write files for gateways and for laptops.")),
    "lost": Entry("dongle_cli.cli.lost", "lost", N_("A dongle was lost: cut it off, and write the requests.")),
    "found": Entry("dongle_cli.cli.found", "found", N_("What was put on hold is back.")),
    "ca": Entry("dongle_cli.cli.ca", "app", N_("Make and look after the authority that signs.")),
    "audit": Entry("dongle_cli.cli.audit", "app", N_("Find documents that a laptop must not hold.")),
    "evidence": Entry("dongle_cli.cli.evidence", "app", N_("Sign records, and check what was written by whom.")),
    "register": Entry("dongle_cli.cli.register", "app", N_("Look into the register of runs and dongles.")),
    "learn": Entry("dongle_cli.cli.learn", "learn", N_("Record an unknown stick into a draft model file.")),
    "setup": Entry("dongle_cli.cli.setup", "app", N_("Prepare this machine: who may open the dongles.")),
    "lab": Entry("dongle_cli.cli.lab", "app", N_("Run virtual dongles to practise on.")),
}
