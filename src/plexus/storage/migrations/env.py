"""Run by Alembic: revisions in the transaction of the connection that ``storage.migrate`` passes."""

from alembic import context

from plexus.storage.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
