"""The first register: dongles, SIMs, PIN attempts, runs, history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME = sa.String(35)


def upgrade() -> None:
    """Create every table; written out, because `tables` will have moved on when this runs."""
    op.create_table(
        "dongles",
        sa.Column("imei", sa.String(15), primary_key=True),
        sa.Column("model", sa.String(64)),
        sa.Column("serial", sa.String(255)),
        sa.Column("asset_no", sa.String(64)),
        sa.Column("iccid", sa.String(20)),
        sa.Column("port", sa.String(64)),
        sa.Column("credentials", sa.String(64)),
        sa.Column("first_seen", _TIME, nullable=False),
        sa.Column("last_seen", _TIME, nullable=False),
    )
    op.create_table(
        "sims",
        sa.Column("iccid", sa.String(20), primary_key=True),
        sa.Column("imei", sa.String(15)),
        sa.Column("attached", _TIME),
        sa.Column("first_seen", _TIME, nullable=False),
        sa.Column("last_seen", _TIME, nullable=False),
    )
    op.create_table(
        "pin_attempts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("iccid", sa.String(20), nullable=False, index=True),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("retries_before", sa.Integer),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME),
        sa.Column("run_id", sa.String(32)),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16)),
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
    op.create_table(
        "run_dongles",
        sa.Column("run_id", sa.String(32), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("port", sa.String(64), primary_key=True),
        sa.Column("imei", sa.String(15), index=True),
        sa.Column("iccid", sa.String(20), index=True),
        sa.Column("asset_no", sa.String(64)),
        sa.Column("model", sa.String(64)),
        sa.Column("result", sa.String(16)),
        sa.Column("code", sa.String(64)),
        sa.Column("seconds", sa.Float),
        sa.Column("evidence", sa.Text),
        sa.Column("evidence_sha256", sa.String(64)),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
    )


def downgrade() -> None:
    """Give everything up."""
    for name in ("history", "run_dongles", "runs", "pin_attempts", "sims", "dongles"):
        op.drop_table(name)
