"""BitLocker volumes opened with what the operator gave: password, recovery key, startup key; by libbde."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dongle_cli.audit.sources.containers import Refused, library
from dongle_cli.audit.sources.media import Cached, Media, MediaFile, Yal, said
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.secrets import Secret

Key = tuple[str, Secret]  # ("password" | "recovery", value) or ("startup", path of the .BEK file)


class Locked(Exception):
    """No key that was given opens the volume; its words say which keys would."""


def checked(recovery: str) -> str:
    """A recovery key as Windows prints it; DongleError `secret.recovery-key` names the group that is mistyped.

    Each of the eight groups is a multiple of eleven below 720,896 (16 bits of the key).
    """
    groups = recovery.replace("-", " ").split()
    wrong = [
        number
        for number, group in enumerate(groups, 1)
        if len(group) != 6 or not group.isascii() or not group.isdigit() or int(group) % 11 or int(group) >= 720_896
    ]
    if len(groups) == 8 and not wrong:
        return "-".join(groups)
    raise DongleError(
        _("The recovery key is mistyped in group {number}.").format(number=wrong[0])
        if len(groups) == 8
        else _("A recovery key has 8 groups of 6 digits, and this has {count}.").format(count=len(groups)),
        code="secret.recovery-key",
        hint=_("Compare it with the one that is kept for this laptop, digit by digit."),
    )


def suspended(media: Media) -> bool:
    """Whether the volume's key lies in the clear beside it, so that anybody can open it."""
    try:
        return _opened(media, None) is not None
    except Refused:
        return False


def unlock(media: Media, keys: Sequence[Key]) -> Media:
    """The decrypted volume; Locked without a fitting key, Refused where its metadata are damaged."""
    for key in keys:
        volume = _opened(media, key)
        if volume is not None:
            return Cached(Yal(volume, int(volume.get_size()), media))
    volume = _opened(media, None)
    if volume is not None:  # protection is suspended: the key lies in the clear
        return Cached(Yal(volume, int(volume.get_size()), media))
    raise Locked(_protectors(media))


def _opened(media: Media, key: Key | None) -> Any:
    """The volume where `key` (None: no key at all) opens it, else None."""
    volume = library("pybde").volume()
    if key is not None:
        _set(volume, *key)
    try:
        volume.open_file_object(MediaFile(media))
        return None if volume.is_locked() else volume
    except (OSError, MemoryError, OverflowError, ValueError) as error:
        if key is not None:
            return None  # whether key or volume is at fault shows without a key
        raise Refused("damaged", f"BitLocker: {said(error)}") from None


def _set(volume: Any, kind: str, secret: Secret) -> None:
    if kind == "password":
        volume.set_password(secret.reveal())
    elif kind == "recovery":
        volume.set_recovery_password(checked(secret.reveal()))
    else:
        try:
            volume.read_startup_key(secret.reveal())
        except OSError as error:
            raise DongleError(
                _("The startup key cannot be used: {reason}.").format(
                    reason=reason(error) if error.errno else said(error)
                ),
                code="secret.startup-key",
                hint=_("Name the .BEK file that was saved when BitLocker was turned on."),
            ) from None


def _protectors(media: Media) -> str:
    """What would open it: the kinds of its key protectors, in words of BitLocker."""
    volume = library("pybde").volume()
    volume.open_file_object(MediaFile(media))
    kinds = (volume.get_key_protector(index).type for index in range(volume.number_of_key_protectors))
    return ", ".join(sorted({_KINDS.get(kind, f"0x{kind:04x}") for kind in kinds}))


# Key protection types of a volume master key, as libbde documents the format.
_KINDS = {
    0x0000: "clear key", 0x0100: "TPM", 0x0200: "startup key", 0x0500: "TPM and PIN", 0x0800: "recovery key",
    0x2000: "password",
}  # fmt: skip
