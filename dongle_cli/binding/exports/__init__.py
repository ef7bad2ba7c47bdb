"""Files for the gateways of a closed network: one module for each product, found by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dongle_cli.binding.exports.folder import Export
    from dongle_cli.binding.exports.material import Material
    from dongle_cli.binding.exports.wishes import Wishes

# What a person calls the product, and the module that knows its files: export(material, wishes) -> Export.
EXPORTS = {
    "freeradius": "dongle_cli.binding.exports.freeradius",
    "nginx": "dongle_cli.binding.exports.nginx",
    "strongswan": "dongle_cli.binding.exports.strongswan",
    "networkmanager": "dongle_cli.binding.exports.networkmanager",
    "wpa": "dongle_cli.binding.exports.wpa",
}


def made(name: str, material: Material, wishes: Wishes) -> Export:
    """The files for the product `name`, and what its administrator has to do with them; `usage.*` for a bad wish."""
    export: Export = import_module(EXPORTS[name]).export(material, wishes.checked())
    return export
