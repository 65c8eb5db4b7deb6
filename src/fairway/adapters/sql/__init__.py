"""The ledger in SQLite or PostgreSQL, by SQLAlchemy Core. Nothing here imports SQLAlchemy before it is asked to."""
