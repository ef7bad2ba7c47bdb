"""A model file (TOML) read strictly: a key or word nobody knows is an error that names the file and the key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.models.model import AUTH_WRITERS, AuthOrder, Control, Dialect, Model, Switch, SwitchMethod, UsbId

T = TypeVar("T")

CBW_LENGTH = 31
CBW_SIGNATURE = b"USBC"
_TOP = {
    "name",
    "vendor",
    "like",
    "control",
    "radio",
    "aliases",
    "vids",
    "notes",
    "source",
    "usb",
    "switch",
    "at",
    "dialect",
}
_USB = {"ids", "mode", "interfaces", "new_id", "product", "targets", "switch"}
_SWITCH = {"method", "messages", "configuration", "wait_before", "release_delay"}
_AT = {"triples", "interfaces"}
_DIALECT = {field.name: field.type for field in fields(Dialect)}


class _Table:
    """One TOML table and the way to it, so that an error can name the key."""

    def __init__(self, file: str, where: str, raw: object, known: set[str]) -> None:
        self.file, self.where = file, where
        if not isinstance(raw, dict):
            raise self.wrong("", _("must be a table"))
        self.raw: dict[str, Any] = raw
        for key in raw:
            if key not in known:
                raise self.wrong(key, _("is not known here; known are: {keys}").format(keys=", ".join(sorted(known))))

    def wrong(self, key: str, reason: str) -> DongleError:
        path = ".".join(part for part in (self.where, key) if part) or "?"
        return DongleError(
            _("Model file {file}: {key} {reason}.").format(file=self.file, key=path, reason=reason),
            code="model.invalid",
            hint=_("The format of model files is described in docs/add-a-model.md."),
            file=self.file,
            key=path,
        )

    def get(self, key: str, kind: type[T], default: T) -> T:
        value = self.raw.get(key, default)
        if kind is float and type(value) is int:
            value = float(value)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(key, _("must be of type {type}").format(type=kind.__name__))
        return value

    def need(self, key: str) -> str:
        if key not in self.raw:
            raise self.wrong(key, _("is missing"))
        return self.get(key, str, "")

    def word(self, key: str, words: tuple[str, ...], default: str) -> Any:
        value = self.get(key, str, default)
        if value not in words:
            raise self.wrong(key, _("must be one of: {words}").format(words=", ".join(words)))
        return value

    def many(self, key: str, kind: type[T]) -> tuple[T, ...]:
        values = self.get(key, list, [])
        if not all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
            raise self.wrong(key, _("must be a list of type {type}").format(type=kind.__name__))
        return tuple(values)


def parse(text: str, *, file: str, known: dict[str, Model] | None = None) -> Model:
    """The model in `text`; `file` is its path, `known` the models that its `like` may name.

    DongleError `model.invalid` with details `file` and `key` where anything is unknown, missing or of the wrong type.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DongleError(
            _("Model file {file} is no TOML: {reason}.").format(file=file, reason=error),
            code="model.invalid",
            file=file,
        ) from None
    top = _Table(file, "", raw, _TOP)
    base = Model(id="", name="", vendor="")
    if like := top.get("like", str, ""):
        if like not in (known or {}):
            raise top.wrong("like", _("names no model that is already known: {name}").format(name=like))
        base = (known or {})[like]
    at = _Table(file, "at", raw.get("at", {}), _AT)
    interfaces = at.many("interfaces", int)
    return Model(
        id=Path(file).stem,
        name=top.need("name"),
        vendor=top.need("vendor"),
        usb=tuple(u for i, item in enumerate(top.many("usb", dict)) for u in _usb(file, i, item, interfaces)),
        switch=_switch(file, "switch", raw["switch"]) if "switch" in raw else base.switch,
        at_triples=tuple(_triple(at, text) for text in at.many("triples", str)) or base.at_triples,
        control=top.word("control", get_args(Control), base.control),
        radio=top.word("radio", ("lte", "3g"), base.radio),
        dialect=_dialect(_Table(file, "dialect", raw.get("dialect", {}), set(_DIALECT)), base.dialect),
        notes=top.get("notes", str, ""),
        source=top.need("source"),
        aliases=top.many("aliases", str),
        vids=tuple(_hex16(top, "vids", vid) for vid in top.many("vids", str)),
    )


def _usb(file: str, index: int, raw: object, interfaces: tuple[int, ...]) -> Iterator[UsbId]:
    table = _Table(file, f"usb[{index}]", raw, _USB)
    mode = table.word("mode", ("storage", "modem"), "modem")
    ids = table.many("ids", str)
    if not ids:
        raise table.wrong("ids", _("is missing"))
    for vid, pid in (_id(table, "ids", text) for text in ids):
        yield UsbId(
            vid=vid,
            pid=pid,
            mode=mode,
            at_interfaces=(table.many("interfaces", int) or interfaces) if mode == "modem" else (),
            new_id=table.get("new_id", str, "") or None,
            switch=_switch(file, f"usb[{index}].switch", table.raw["switch"]) if "switch" in table.raw else None,
            product=table.get("product", str, "") or None,
            targets=tuple(_id(table, "targets", target) for target in table.many("targets", str)),
        )


def _switch(file: str, where: str, raw: object) -> Switch:
    table = _Table(file, where, raw, _SWITCH)
    switch = Switch(
        method=table.word("method", get_args(SwitchMethod), "none"),
        messages=tuple(_message(table, text) for text in table.many("messages", str)),
        configuration=table.get("configuration", int, 0) or None,
        wait_before=table.get("wait_before", float, 0.0),
        release_delay=table.get("release_delay", float, 0.0),
    )
    if (switch.method == "message") != bool(switch.messages) or len(switch.messages) > 3:
        raise table.wrong("messages", _("must hold one to three messages with method message, and none with others"))
    if (switch.method == "configuration") != (switch.configuration is not None):
        raise table.wrong("configuration", _("goes with method configuration, and only with it"))
    return switch


def _message(table: _Table, text: str) -> bytes:
    try:
        message = bytes.fromhex(text)
    except ValueError:
        raise table.wrong("messages", _("must be hexadecimal: {value}").format(value=text)) from None
    if len(message) != CBW_LENGTH or not message.startswith(CBW_SIGNATURE):
        raise table.wrong("messages", _("must be command block wrappers of 31 bytes that start with 55534243"))
    return message


def _dialect(table: _Table, base: Dialect) -> Dialect:
    changes: dict[str, Any] = {}
    if "auth" in table.raw:
        changes["auth_order"] = None  # the order that `base` says is that of its own first writer
    for key in table.raw:
        if key == "auth_order":
            changes[key] = table.word(key, get_args(AuthOrder), "")
        elif _DIALECT[key] == "float":
            changes[key] = table.get(key, float, 0.0)
        elif _DIALECT[key] == "int":
            changes[key] = table.get(key, int, 0)
        else:
            changes[key] = table.many(key, str)
            if any(
                not word.isprintable() or not word.isascii() or word.upper().startswith("AT") for word in changes[key]
            ):
                raise table.wrong(key, _("must name commands without AT and without control characters"))
            if key == "auth" and (not changes[key] or not AUTH_WRITERS.issuperset(changes[key])):
                known = ", ".join(sorted(AUTH_WRITERS))
                raise table.wrong(key, _("is not known here; known are: {keys}").format(keys=known))
    return replace(base, **changes)


def _id(table: _Table, key: str, text: str) -> tuple[int, int]:
    vid, _colon, pid = text.partition(":")
    return _hex16(table, key, vid), _hex16(table, key, pid)


def _hex16(table: _Table, key: str, text: str) -> int:
    if not re.fullmatch(r"[0-9a-f]{4}", text):
        raise table.wrong(key, _("must be written as four lower-case hexadecimal digits, an id as 12d1:1506"))
    return int(text, 16)


def _triple(table: _Table, text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{2})", text)
    if not match:
        raise table.wrong("triples", _("must be written as class/subclass/protocol, such as ff/02/02"))
    return (int(match[1], 16), int(match[2], 16), int(match[3], 16))
