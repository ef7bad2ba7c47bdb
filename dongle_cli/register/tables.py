"""The register's tables; imported only by functions, because SQLAlchemy takes a tenth of a second."""

from __future__ import annotations

import sqlalchemy as sa

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

# A chain does not fork: two links that carry the same digest are refused by the database, too.
sa.Index("uq_history_previous", history.c.previous, unique=True)

bindings = sa.Table(
    "bindings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("state", sa.String(16), nullable=False),  # pending, signed; active, held; revoked, superseded, abandoned
    sa.Column("asset_no", sa.String(64), nullable=False),
    sa.Column("imei", sa.String(15), nullable=False),
    sa.Column("imei14", sa.String(14), nullable=False),  # what is compared: the check digit is never transmitted
    sa.Column("iccid", sa.String(20)),  # null: the dongle did not say
    sa.Column("laptop_uuid", sa.String(36), nullable=False),
    sa.Column("laptop_serial", sa.String(128)),
    sa.Column("laptop_host", sa.String(255)),
    sa.Column("laptop_ek", sa.String(64)),  # SHA-256 of the TPM's endorsement key
    sa.Column("profile", sa.String(16), nullable=False),  # paired, opaque
    sa.Column("authority", sa.String(255), nullable=False),
    sa.Column("issuer", sa.String(40)),  # key identifier of the issuing certificate
    sa.Column("serial", sa.String(40)),  # lower-case hexadecimal, even length; null while the authority has not said
    sa.Column("spki_sha256", sa.String(64), nullable=False),  # of the public key that is certified
    sa.Column("fingerprint_sha256", sa.String(64)),
    sa.Column("not_before", _TIME),
    sa.Column("not_after", _TIME),
    sa.Column("certificate", sa.Text),  # PEM
    sa.Column("replaces", sa.Integer, sa.ForeignKey("bindings.id", name="fk_bindings_replaces")),
    sa.Column("created", _TIME, nullable=False),
    sa.Column("changed", _TIME, nullable=False),
    sa.Column("revoked", _TIME),
    sa.Column("reason", sa.String(32)),  # of RFC 5280 clause 5.3.1
    sa.Column("invalid_from", _TIME),  # since when the key is not to be trusted, where somebody said so
    sa.Index("ix_bindings_asset_no", "asset_no"),
    sa.Index("ix_bindings_imei14", "imei14"),
    sa.Index("ix_bindings_state", "state"),
    sa.Index("ix_bindings_spki_sha256", "spki_sha256"),
    sa.Index("ix_bindings_laptop_uuid", "laptop_uuid"),
)

# What may exist once among the bindings in force, and once among those being made.
ONCE = ("imei14", "iccid", "laptop_uuid", "laptop_serial", "laptop_ek", "asset_no", "spki_sha256")
LIVE, OPEN = ("active", "held"), ("pending", "signed")
for _name in ONCE:
    for _what, _states in (("live", LIVE), ("open", OPEN)):
        _where = bindings.c.state.in_(_states)
        sa.Index(f"uq_bindings_{_what}_{_name}", bindings.c[_name], unique=True,
                 sqlite_where=_where, postgresql_where=_where)  # fmt: skip
# The number first: people name certificates by it alone.
sa.Index("uq_bindings_serial", bindings.c.serial, bindings.c.issuer, unique=True)
_ended = bindings.c.revoked.is_not(None)  # what a CRL lists, among many that are good
sa.Index("ix_bindings_revoked", bindings.c.issuer, sqlite_where=_ended, postgresql_where=_ended)

authority_certificates = sa.Table(
    "authority_certificates",
    metadata,
    sa.Column("fingerprint_sha256", sa.String(64), primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),  # root, issuing, ocsp, evidence
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("issuer", sa.String(40), nullable=False),
    sa.Column("serial", sa.String(40), nullable=False),
    sa.Column("not_after", _TIME, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("added", _TIME, nullable=False),
    sa.Column("revoked", _TIME),
    sa.Column("reason", sa.String(32)),
    sa.Index("uq_authority_certificates_serial", "issuer", "serial", unique=True),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),  # "crl:" and the issuer's key identifier
    sa.Column("value", sa.Integer, nullable=False),
)
