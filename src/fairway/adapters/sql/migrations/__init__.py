"""How the ledger's tables came to be: one file per step, in `versions`, run by Alembic from inside the wheel."""
