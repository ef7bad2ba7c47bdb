"""Bindings of dongles to laptops, the certificates of our authority, and a history that the database itself guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TIME = sa.String(35)
_ONCE = ("imei14", "iccid", "laptop_uuid", "laptop_serial", "laptop_ek", "asset_no", "spki_sha256")
_STATES = {"live": "state IN ('active', 'held')", "open": "state IN ('pending', 'signed')"}
_KEPT = {"history": ("UPDATE", "DELETE"), "bindings": ("DELETE",), "authority_certificates": ("DELETE",)}


def upgrade() -> None:
    """Create tables and triggers; a later migration that re-creates a table has to create its triggers again."""
    op.create_table(
        "bindings",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asset_no", sa.String(64), nullable=False),
        sa.Column("imei", sa.String(15), nullable=False),
        sa.Column("imei14", sa.String(14), nullable=False),
        sa.Column("iccid", sa.String(20)),
        sa.Column("laptop_uuid", sa.String(36), nullable=False),
        sa.Column("laptop_serial", sa.String(128)),
        sa.Column("laptop_host", sa.String(255)),
        sa.Column("laptop_ek", sa.String(64)),
        sa.Column("profile", sa.String(16), nullable=False),
        sa.Column("authority", sa.String(255), nullable=False),
        sa.Column("issuer", sa.String(40)),
        sa.Column("serial", sa.String(40)),
        sa.Column("spki_sha256", sa.String(64), nullable=False),
        sa.Column("fingerprint_sha256", sa.String(64)),
        sa.Column("not_before", _TIME),
        sa.Column("not_after", _TIME),
        sa.Column("certificate", sa.Text),
        sa.Column("replaces", sa.Integer, sa.ForeignKey("bindings.id", name="fk_bindings_replaces")),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("changed", _TIME, nullable=False),
        sa.Column("revoked", _TIME),
        sa.Column("reason", sa.String(32)),
        sa.Column("invalid_from", _TIME),
    )
    op.create_index("ix_bindings_asset_no", "bindings", ["asset_no"])
    op.create_index("ix_bindings_imei14", "bindings", ["imei14"])
    op.create_index("ix_bindings_state", "bindings", ["state"])
    op.create_index("ix_bindings_spki_sha256", "bindings", ["spki_sha256"])
    op.create_index("ix_bindings_laptop_uuid", "bindings", ["laptop_uuid"])
    op.create_index("uq_bindings_serial", "bindings", ["serial", "issuer"], unique=True)
    ended = sa.text("revoked IS NOT NULL")
    op.create_index("ix_bindings_revoked", "bindings", ["issuer"], sqlite_where=ended, postgresql_where=ended)
    for name in _ONCE:
        for what, states in _STATES.items():
            where = sa.text(states)
            op.create_index(
                f"uq_bindings_{what}_{name}",
                "bindings",
                [name],
                unique=True,
                sqlite_where=where,
                postgresql_where=where,
            )
    op.create_table(
        "authority_certificates",
        sa.Column("fingerprint_sha256", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("issuer", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("not_after", _TIME, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("added", _TIME, nullable=False),
        sa.Column("revoked", _TIME),
        sa.Column("reason", sa.String(32)),
    )
    op.create_index("uq_authority_certificates_serial", "authority_certificates", ["issuer", "serial"], unique=True)
    op.create_table(
        "counters",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.create_index("uq_history_previous", "history", ["previous"], unique=True)
    _guard()


def _guard() -> None:
    """What was written stays: the database refuses to change history, and to delete what it tells of."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION dongle_kept() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are kept', TG_TABLE_NAME; END $$"
        )
        for table, verbs in _KEPT.items():
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE {' OR '.join(verbs)} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION dongle_kept()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_kept_whole BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION dongle_kept()"
            )
        return
    for table, verbs in _KEPT.items():
        for verb in verbs:
            op.execute(
                f"CREATE TRIGGER {table}_kept_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are kept'); END"
            )


def downgrade() -> None:
    """Give the bindings up; the history stays, without its guard."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION dongle_kept() CASCADE")
    else:
        op.execute("DROP TRIGGER history_kept_update")
        op.execute("DROP TRIGGER history_kept_delete")
    op.drop_index("uq_history_previous", "history")
    for name in ("counters", "authority_certificates", "bindings"):
        op.drop_table(name)
