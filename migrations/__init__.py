"""The database schema, owned by Alembic: event store, read models and bars."""
