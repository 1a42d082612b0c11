"""Run by Alembic: applies what is missing on the connection that `upgrade` hands over, in its transaction."""

from alembic import context

from billing.adapters.sql import mail_tables, records, tables, work_tables  # noqa: F401 - imported for their tables
from billing.adapters.sql.columns import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
