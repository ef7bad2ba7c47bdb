"""An APN profile: what every dongle of a kind should carry, written by a person in TOML and read strictly."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from dongle_cli import paths
from dongle_cli.errors import DongleError
from dongle_cli.evidence.canonical import canonical, digest
from dongle_cli.i18n import _, reason
from dongle_cli.identity import DongleIdentity, Iccid
from dongle_cli.provision.lines import line_of
from dongle_cli.provision.profile_rules import SECRET_KEYS, Problem, defaults, problems_in
from dongle_cli.provision.template import (
    PASSWORD_MAX,
    USER_MAX,
    credential_problem,
    fields_of,
    fill,
    literal_of,
)
from dongle_cli.secrets import MASK, Secret, SecretRef

if TYPE_CHECKING:
    from dongle_cli.provision.sims import SimRow

PdpType = Literal["IP", "IPV6", "IPV4V6"]
Auth = Literal["none", "pap", "chap"]
PinAction = Literal["keep", "disable", "change"]

MAX_BYTES = 16 * 1024
MAX_LINES = 500  # telling the line of a mistake reads the text again and again


@dataclass(frozen=True)
class ContextValues:
    """User and password of one dongle's context, filled in and checked; both None without authentication."""

    user: str | None = None
    password: Secret | None = None


@dataclass(frozen=True)
class ApnProfile:
    """The context a dongle should carry, which SIMs and models it is for, and how it is proven."""

    schema: int
    name: str
    version: str
    cid: int  # 1 to 16, TS 27.007 clause 10.1.1
    apn: str
    type: PdpType
    auth: Auth
    user: str | None  # a template: "{msisdn}@closed"
    password: str | Secret | None  # a template of fields or a SecretRef as text; a Secret where a password stands in it
    only: bool  # other contexts are removed
    iccid_patterns: tuple[str, ...]  # "8981*"; empty: every SIM
    pin: PinAction
    register: bool  # wait for registration
    timeout: float  # s
    models_allow: tuple[str, ...]  # model ids with * and ?
    path: Path = field(default=Path(), compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of every setting; of a password written out, only that there is one."""
        settings = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "path"}
        return digest(canonical(settings | {"timeout": float(self.timeout)}))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that user and password want to be filled with, each once."""
        names = fields_of(self.user or "")
        secret = self.password.reveal() if isinstance(self.password, Secret) else self.password or ""
        if not SecretRef.parse(secret):
            names += fields_of(secret)
        return tuple(dict.fromkeys(names))

    def as_json(self) -> dict[str, object]:
        """The tables as in the file, with `path` and `digest`; a password that is written out is masked."""
        context = {name: getattr(self, name) for name in ("cid", "apn", "type", "auth", "user", "password", "only")}
        return {
            "name": self.name,
            "version": self.version,
            "context": {name: str(value) if isinstance(value, Secret) else value for name, value in context.items()},
            "sim": {"iccid": list(self.iccid_patterns), "pin": self.pin},
            "verify": {"register": self.register, "timeout": self.timeout},
            "models": {"allow": list(self.models_allow)},
            "path": str(self.path),
            "digest": self.digest,
        }

    def allows_sim(self, iccid: Iccid) -> bool:
        """Whether the profile is meant for this SIM."""
        return not self.iccid_patterns or any(fnmatchcase(iccid.digits, p.upper()) for p in self.iccid_patterns)

    def allows_model(self, model_id: str) -> bool:
        """Whether the profile is meant for dongles of this model."""
        return any(fnmatchcase(model_id, pattern) for pattern in self.models_allow)


def load_profile(name_or_path: str | Path) -> ApnProfile:
    """The profile in a file, or the one of that name among `paths.profile_dirs()`; DongleError `profile.*`.

    A file that breaks a rule is refused as a whole with every broken line (`profile.invalid`).
    """
    path = find_profile(name_or_path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DongleError(
            _("The profile {path} cannot be read: {reason}.").format(path=path, reason=reason(error)),
            code="profile.unreadable",
        ) from None
    if len(raw) > MAX_BYTES:
        raise _invalid(path, [Problem("", None, _("a profile has at most {max} bytes").format(max=MAX_BYTES), line=1)])
    return parse_profile(raw, path)


def find_profile(name_or_path: str | Path) -> Path:
    """Where the profile is: text with a path separator or ".toml" is a path, anything else a name."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or os.sep in text or text.endswith(".toml"):
        return Path(text).expanduser()
    candidates = [folder / f"{text}.toml" for folder in paths.profile_dirs()]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DongleError(
        _("There is no profile {name}. Looked for: {places}.").format(
            name=text, places=", ".join(str(candidate) for candidate in candidates)
        ),
        code="profile.missing",
        hint=_("Name a file, or begin one with: dongle-cli profile new {name}").format(name=text),
    )


def parse_profile(raw: bytes, path: Path) -> ApnProfile:
    """The profile that the bytes of `path` hold; DongleError `profile.invalid` names every line that breaks a rule."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _invalid(path, [Problem("", None, _("not UTF-8 text: save the file as UTF-8"), line=line)]) from None
    text = text.replace("\r\n", "\n")
    if text.count("\n") > MAX_LINES:
        too_long = _("a profile has at most {max} lines").format(max=MAX_LINES)
        raise _invalid(path, [Problem("", None, too_long, line=MAX_LINES + 1)])
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise _invalid(path, [_syntax_problem(text, error)]) from None
    problems = problems_in(data)
    if problems:
        raise _invalid(path, [p.at(line_of(text, p.key)) for p in problems])
    return _build(data, path)


def _build(data: dict[str, dict[str, object]], path: Path) -> ApnProfile:
    flat: dict[str, Any] = defaults()  # problems_in() has checked every type
    for key, value in data.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": inner_value for inner, inner_value in value.items()})
        else:
            flat[key] = value
    password = flat["context.password"]
    return ApnProfile(
        schema=flat["schema"],
        name=flat["name"],
        version=flat["version"],
        cid=flat["context.cid"],
        apn=flat["context.apn"],
        type=flat["context.type"],
        auth=flat["context.auth"],
        user=flat["context.user"],
        password=_guarded(password) if isinstance(password, str) else None,
        only=flat["context.only"],
        iccid_patterns=tuple(flat["sim.iccid"]),
        pin=flat["sim.pin"],
        register=flat["verify.register"],
        timeout=float(flat["verify.timeout"]),
        models_allow=tuple(flat["models.allow"]),
        path=path,
    )


def _guarded(password: str) -> str | Secret:
    """`password` itself where it only says where the secret is, a Secret where it is one."""
    return password if SecretRef.parse(password) or not literal_of(password) else Secret(password)


def values_for(profile: ApnProfile, sim: SimRow | None, identity: DongleIdentity) -> ContextValues:
    """User and password for this dongle.

    Errors: `profile.field-missing` where a template names what this SIM or dongle has not, `profile.value-invalid`
    where the filled value breaks a rule, and those of `SecretRef.load`.
    """
    if profile.auth == "none":
        return ContextValues()
    found = {"imei": identity.imei, "iccid": identity.iccid, "imsi": identity.imsi}
    read = {name: value.digits for name, value in found.items() if value}
    listed = sim.open_fields() if sim else {}
    # What the dongle says of itself holds; only the ICCID is written as the list writes it, check digit or not.
    open_values = listed | read | {name: listed[name] for name in ("iccid",) if name in listed}
    secrets = sim.secret_fields() if sim else {}

    def open_value(name: str) -> str:
        return open_values[name] if name in open_values else _missing(profile, name, sim)

    def any_value(name: str) -> str:
        return secrets[name].reveal() if name in secrets else open_value(name)

    user = fill(profile.user or "", open_value)
    template = profile.password.reveal() if isinstance(profile.password, Secret) else profile.password or ""
    ref = SecretRef.parse(template)
    password = ref.load() if ref else Secret(fill(template, any_value))
    for key, value, shown, limit in (
        ("user", user, user, USER_MAX),
        ("password", password.reveal(), MASK, PASSWORD_MAX),
    ):
        problem = credential_problem(value, limit)
        if problem:
            raise DongleError(
                _("{where}: {key} becomes {value!r}: {reason}.").format(
                    where=_where(key, sim), key=key, value=shown, reason=problem
                ),
                code="profile.value-invalid",
                field=key,
                row=sim.row if sim else None,
            )
    return ContextValues(user, password)


def _missing(profile: ApnProfile, name: str, sim: SimRow | None) -> NoReturn:
    raise DongleError(
        _("The profile {profile} needs {{{field}}}, but {where} has none.").format(
            profile=profile.name, field=name, where=_where(name, sim)
        ),
        code="profile.field-missing",
        hint=None if sim else _("Give the values of each SIM with --sims FILE."),
        field=name,
        row=sim.row if sim else None,
    )


def _where(name: str, sim: SimRow | None) -> str:
    if name == "imsi":
        return _("the dongle (its IMSI was not read)")
    if sim:
        return _("row {row} of the SIM list (ICCID {iccid})").format(row=sim.row, iccid=sim.iccid)
    return _("this run (there is no SIM list)")


def _invalid(path: Path, problems: list[Problem]) -> DongleError:
    lines = [
        _("{path}, line {line}: {problem}").format(path=path, line=problem.line, problem=problem.sentence())
        for problem in problems
    ]
    return DongleError(
        "\n".join(lines),
        code="profile.invalid",
        hint=_("Correct the file, then look again with: dongle-cli profile check {path}").format(path=path),
        path=str(path),
        problems=[
            {"line": p.line, "key": p.key, "value": MASK if p.key in SECRET_KEYS else p.shown, "reason": p.reason}
            for p in problems
        ],
    )


def _syntax_problem(text: str, error: Exception) -> Problem:
    found = re.search(r"\(at line (\d+), column \d+\)", str(error))
    line = int(found.group(1)) if found else text.rstrip("\n").count("\n") + 1
    # Only TOML's own complaint is repeated, and not the line itself: a password may stand in it.
    reason = (
        re.sub(r" \(at .*\)$", "", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else _("nested too deep")
    )
    return Problem("", None, _("not valid TOML: {reason}").format(reason=reason), line=line)
