"""The road from one version of the register to the next (Alembic)."""
