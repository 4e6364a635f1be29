"""Run by Alembic: the steps of the schema, all in one transaction, on the connection `interfaces/database.py` gives."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
