"""What Alembic runs: on the connection that `dongle_cli.register.engine` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from dongle_cli.register.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
