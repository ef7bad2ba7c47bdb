"""The evidence of one dongle in one run: a canonical JSON file that is written once and never again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli import __version__
from dongle_cli.evidence.canonical import canonical
from dongle_cli.evidence.files import safe, write_once
from dongle_cli.secrets import redact

if TYPE_CHECKING:
    from dongle_cli.provision.job import Job
    from dongle_cli.provision.outcome import Outcome


def record_of(outcome: Outcome, *, job: Job) -> dict[str, object]:
    """What the evidence says, as one JSON object; no password and no PIN, the IMSI masked."""
    profile = job.profile
    return {
        "schema": 1,
        "kind": job.kind,
        "tool": {"name": "dongle-cli", "version": __version__},
        "run_id": str(job.run_id),
        "profile": {"name": profile.name, "version": profile.version, "digest": profile.digest},
        "sims": {"digest": job.sims.digest} if job.sims is not None else None,
        "operator": job.operator,
        "checker": job.checker,
        "bench": job.bench,
        "asset_no": outcome.asset_no,
        "dongle": {
            "port": outcome.port,
            "usb": outcome.usb,
            "model": outcome.model,
            "imei": outcome.imei,
            "iccid": outcome.iccid,
        },
        "started": outcome.started,
        "finished": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "seconds": round(outcome.seconds, 3),
        "result": outcome.result,
        "code": outcome.code,
        # The words of an error may repeat what a modem said.
        "message": _clean(outcome.message),
        "hint": _clean(outcome.hint),
        "notes": [_clean(note) for note in outcome.notes],
        "before": outcome.before,
        "after": outcome.after,
        "changes": outcome.changes,
        "proven": outcome.proven,
        "steps": [
            {"step": s.step, "result": s.result, "at": s.at, "seconds": round(s.seconds, 3), "detail": s.detail}
            for s in outcome.steps
        ],
        "transcript_digest": outcome.transcript_digest,
    }


def _clean(text: str | None) -> str | None:
    return redact(text) if text else text


def write_record(outcome: Outcome, *, job: Job, folder: Path) -> Path:
    """Write the evidence into `folder` and return its path; whole or not at all, and never over another.

    The name is ASSET_KIND_YYYYMMDD-HHMMSS.json, with the IMEI or the port where there is no asset number. Readable
    by the group, for whoever checks. DongleError `evidence.unwritable`.
    """
    data = canonical(record_of(outcome, job=job))
    name = safe(outcome.asset_no or outcome.imei or f"port-{outcome.port}")
    stem = f"{name}_{job.kind}_{datetime.now():%Y%m%d-%H%M%S}"
    return write_once(folder, stem, data)
