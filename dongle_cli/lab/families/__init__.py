"""Every model the lab can make, by name; a family is one module of data with the few commands only it knows."""

from __future__ import annotations

from collections.abc import Mapping

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.lab.families import huawei, japan, modules, plain, qualcomm, quectel
from dongle_cli.lab.family import Family

FAMILIES: Mapping[str, Family] = {
    family.name: family for group in (huawei, quectel, plain, modules, qualcomm, japan) for family in group.FAMILIES
}

# What a bench sees on one day, where nothing else is ordered: LTE sticks that AT commands manage.
MIX = ("huawei-e3372", "quectel-ec25", "cdc-acm", "zte-1428", "simcom-7600", "telit-le910", "fs040u", "lg-l03f")


def choose(models: list[str], count: int) -> list[Family]:
    """`count` families, `models` taken in turn; DongleError `usage.model` where one is not known."""
    for name in models:
        if name not in FAMILIES:
            raise DongleError(
                _("The lab has no model {name}.").format(name=name),
                code="usage.model",
                hint=_("It has: {names}.").format(names=", ".join(FAMILIES)),
            )
    names = models or list(MIX)
    return [FAMILIES[names[index % len(names)]] for index in range(count)]
