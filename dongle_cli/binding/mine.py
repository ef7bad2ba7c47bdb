"""This laptop's own key and certificate: made for a request, found again when the answer comes and when it is verified.

Which keystore, and under which label, is written down beside the data; the key itself is where the keystore keeps it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli import paths
from dongle_cli.binding import publish
from dongle_cli.binding.keystores import FOLDERS, Algorithm, Credential, Keystore, open_keystore
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.authorities import PublicKey
    from dongle_cli.binding.keystores import PrivateKey
    from dongle_cli.binding.unlock import Unlock

LABEL = "laptop"  # of the first key; a new one is laptop-2, laptop-3...


@dataclass(frozen=True)
class Mine:
    """Where the key of this laptop is."""

    keystore: str
    label: str = LABEL


def _file() -> Path:
    return paths.data_dir() / "laptop-key.json"


def load() -> Mine | None:
    """What was written down, None where this machine never asked for a certificate."""
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
        return Mine(str(found["keystore"]), str(found["label"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise DongleError(
            _("{path} should say where this laptop's key is, and does not.").format(path=_file()),
            code="keystore.damaged",
            hint=_("Name the keystore with --keystore; the file is written again."),
        ) from None


def remember(mine: Mine) -> None:
    """Write down where the key is."""
    _file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    publish.write(_file(), json.dumps({"schema": 1, **asdict(mine)}).encode(), mode=0o600)


def absolute(spec: str) -> str:
    """`spec` so that it means the same place from every folder."""
    kind, colon, place = spec.partition(":")
    return f"{kind}:{Path(place).expanduser().absolute()}" if kind in FOLDERS and place else kind + colon + place


def chosen(spec: str | None) -> Mine:
    """The keystore that is named, or else the one that was used before, or else encrypted files."""
    if spec is None:
        return load() or Mine("pem")
    try:
        known = load()
    except DongleError:
        known = None
    wanted = absolute(spec)
    return known if known and known.keystore == wanted else Mine(wanted)


def key(spec: str | None, unlock: Unlock, algorithm: Algorithm, *, new: bool) -> tuple[Mine, PrivateKey]:
    """The key to ask a certificate for: the one that is there, or one that is made now; `new` leaves the old one."""
    mine = chosen(spec)
    store = open_keystore(mine.keystore, unlock)
    labels = store.labels()
    if new:
        numbers = (f"{LABEL}-{number}" for number in range(2, len(labels) + 3))
        mine = Mine(mine.keystore, next(name for name in (LABEL, *numbers) if name not in labels))
    made = store.key(mine.label) if mine.label in labels else store.create(mine.label, algorithm)
    remember(mine)
    return mine, made


def holder(public_key: PublicKey, spec: str | None, unlock: Unlock) -> tuple[Mine, Keystore]:
    """The keystore and the label that hold the private half of `public_key`; DongleError `binding.other-key`."""
    mine = chosen(spec)
    store = open_keystore(mine.keystore, unlock)
    labels = store.labels()
    for label in sorted(labels, key=lambda label: label != mine.label):
        if store.key(label).public_key() == public_key:
            return Mine(mine.keystore, label), store
    raise DongleError(
        _("The certificate was made for a key that is not in {keystore}.").format(keystore=mine.keystore),
        code="binding.other-key",
        hint=_("Take the answer to this laptop's own request, or name the keystore with --keystore."),
    )


def credential(spec: str | None, unlock: Unlock) -> Credential | None:
    """The certificate of this laptop with its chain, None where there is none yet."""
    mine = chosen(spec)
    return open_keystore(mine.keystore, unlock).certificate(mine.label)
