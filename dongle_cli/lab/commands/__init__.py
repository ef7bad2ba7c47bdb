"""The commands of ITU-T V.250 and 3GPP TS 27.007 that every virtual modem knows unless its family lacks them."""

from __future__ import annotations

from collections.abc import Mapping

from dongle_cli.lab.commands import basic, contexts, registration, sim
from dongle_cli.lab.modem import Command

STANDARD: Mapping[str, Command] = {**basic.COMMANDS, **sim.COMMANDS, **contexts.COMMANDS, **registration.COMMANDS}
