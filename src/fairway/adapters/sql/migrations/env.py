"""Run by Alembic, always on the open connection of `adapters.sql.schema`: there is no alembic.ini and no second URL."""

from __future__ import annotations

from alembic import context

import fairway.adapters.sql.access_tables
import fairway.adapters.sql.key_tables
import fairway.adapters.sql.queue_tables
import fairway.adapters.sql.request_tables
import fairway.adapters.sql.taken_tables  # noqa: F401
from fairway.adapters.sql.schema import VERSION_TABLE
from fairway.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
