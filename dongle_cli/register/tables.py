"""The register's tables; imported only by functions, because SQLAlchemy takes a tenth of a second."""

from __future__ import annotations

import sqlalchemy as sa

HEAD = "0001"  # the newest migration: what `alembic_version` holds where nothing is left to do

metadata = sa.MetaData()

# Times are ISO 8601 text with offset, as they stand in evidence, so that digests over them hold in every database.
_TIME = sa.String(35)

dongles = sa.Table(
    "dongles",
    metadata,
    sa.Column("imei", sa.String(15), primary_key=True),
    sa.Column("model", sa.String(64)),
    sa.Column("serial", sa.String(255)),  # of the USB descriptor; many dongles have none, or all the same
    sa.Column("asset_no", sa.String(64)),
    sa.Column("iccid", sa.String(20)),  # the SIM that was in it last
    sa.Column("port", sa.String(64)),
    sa.Column("credentials", sa.String(64)),  # keyed fingerprint of what was read back last; null: not known
    sa.Column("first_seen", _TIME, nullable=False),
    sa.Column("last_seen", _TIME, nullable=False),
)

sims = sa.Table(
    "sims",
    metadata,
    sa.Column("iccid", sa.String(20), primary_key=True),
    sa.Column("imei", sa.String(15)),  # the dongle that it was in last
    sa.Column("attached", _TIME),  # its first attach that we made; null: its line may not be open yet
    sa.Column("first_seen", _TIME, nullable=False),
    sa.Column("last_seen", _TIME, nullable=False),
)

pin_attempts = sa.Table(
    "pin_attempts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("iccid", sa.String(20), nullable=False, index=True),
    sa.Column("fingerprint", sa.String(64)),  # keyed; the key is not in the register
    sa.Column("retries_before", sa.Integer),  # as read just before; null: could not be read
    sa.Column("state", sa.String(16), nullable=False),  # attempted, accepted, refused
    sa.Column("at", _TIME, nullable=False),
    sa.Column("settled_at", _TIME),
    sa.Column("run_id", sa.String(32)),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16)),  # provision, flash
    sa.Column("started", _TIME, nullable=False),
    sa.Column("finished", _TIME),
    sa.Column("profile", sa.String(64)),
    sa.Column("profile_version", sa.String(64)),
    sa.Column("profile_digest", sa.String(64)),
    sa.Column("sims_digest", sa.String(64)),
    sa.Column("operator", sa.String(255)),
    sa.Column("checker", sa.String(255)),
    sa.Column("bench", sa.String(255)),
    sa.Column("tool_version", sa.String(64)),
)

run_dongles = sa.Table(
    "run_dongles",
    metadata,
    sa.Column("run_id", sa.String(32), sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("port", sa.String(64), primary_key=True),
    sa.Column("imei", sa.String(15), index=True),
    sa.Column("iccid", sa.String(20), index=True),
    sa.Column("asset_no", sa.String(64)),
    sa.Column("model", sa.String(64)),
    sa.Column("result", sa.String(16)),  # null: seen, not finished
    sa.Column("code", sa.String(64)),
    sa.Column("seconds", sa.Float),
    sa.Column("evidence", sa.Text),
    sa.Column("evidence_sha256", sa.String(64)),
    sa.Column("at", _TIME, nullable=False),
)

history = sa.Table(
    "history",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", _TIME, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # canonical JSON
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
)
