"""Where documents gather: the spots that Windows and Linux have for them, and the word for each."""

from __future__ import annotations

from dongle_cli.audit.places.place import Place
from dongle_cli.audit.places.places import Places

__all__ = ["Place", "Places"]
