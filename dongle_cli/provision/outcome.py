"""What became of one dongle in one run: what changed, step by step, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from dongle_cli.evidence.canonical import plain

StepVerdict = Literal["ok", "already", "failed", "skipped", "unproven"]
Verdict = Literal["ok", "already", "failed", "skipped"]


def now() -> str:
    """This moment in ISO 8601, to the millisecond, with the local offset."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Change:
    """One thing that the dongle has now and had not before, both as read back; a password is a Secret."""

    what: str  # "context.1.apn", "auth.1.user", "pin"
    before: object
    after: object


@dataclass(frozen=True)
class StepResult:
    """One step done: how it ended, how long it took (s), when it began (ISO 8601 with offset), and what was seen."""

    step: str  # "claim", "switch", "unlock", "write", "read-back", "attach"
    result: StepVerdict
    seconds: float
    at: str = field(default_factory=now)
    detail: dict[str, object] = field(default_factory=dict)


@dataclass
class Outcome:
    """One dongle's part of a run; `result` is "failed" until somebody proves otherwise."""

    port: str  # USB port path
    usb: str = ""  # "12d1:1506"
    model: str | None = None  # model id
    imei: str | None = None
    iccid: str | None = None
    asset_no: str | None = None
    result: Verdict = "failed"
    code: str | None = None  # of the error, never translated
    message: str | None = None
    hint: str | None = None
    changes: list[Change] = field(default_factory=list)
    steps: list[StepResult] = field(default_factory=list)
    seconds: float = 0.0
    started: str = field(default_factory=now)
    before: dict[str, object] = field(default_factory=dict)  # the dongle as it was found
    after: dict[str, object] = field(default_factory=dict)  # the dongle as it was read last
    proven: dict[str, str] = field(
        default_factory=dict
    )  # {"password": "read-back" | "attach" | "recorded" | "unproven"}
    notes: list[str] = field(default_factory=list)
    transcript_digest: str | None = None  # SHA-256 of the redacted transcript
    evidence: str | None = None  # path of the record

    @property
    def good(self) -> bool:
        """Whether the dongle is now what the profile wants."""
        return self.result in ("ok", "already")

    def mask(self, numbers: Mapping[str, str]) -> None:
        """Put the masks of a subscriber's `numbers` in their place: a user name may be made of one."""
        self.changes = [
            replace(change, before=_masked(change.before, numbers), after=_masked(change.after, numbers))
            for change in self.changes
        ]
        self.before = {key: _masked(value, numbers) for key, value in self.before.items()}
        self.after = {key: _masked(value, numbers) for key, value in self.after.items()}
        self.message = self.message and str(_masked(self.message, numbers))

    def as_json(self) -> dict[str, object]:
        """The object that `flash` and `provision --format json` print; secrets and IMSI are masked."""
        return {
            "schema": 1,
            "port": self.port,
            "usb": self.usb,
            "model": self.model,
            "imei": self.imei,
            "iccid": self.iccid,
            "asset_no": self.asset_no,
            "result": self.result,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "changes": [plain(change) for change in self.changes],
            "steps": [{"step": s.step, "result": s.result, "seconds": round(s.seconds, 3)} for s in self.steps],
            "seconds": round(self.seconds, 3),
            "proven": dict(self.proven),
            "notes": list(self.notes),
            "evidence": self.evidence,
        }


def _masked(value: object, numbers: Mapping[str, str]) -> object:
    match value:
        case str():
            for number, mask in numbers.items():
                value = value.replace(number, mask)
            return value
        case dict():
            return {key: _masked(item, numbers) for key, item in value.items()}
        case list():
            return [_masked(item, numbers) for item in value]
    return value
