"""`fairway ledger migrate` and `status`: the only doors to a database whose schema does not fit."""

from __future__ import annotations

from fairway.adapters.sql.urls import LedgerKind, LedgerUrl
from fairway.domain.deployments.condition import DatabaseCondition
from fairway.domain.deployments.status import UNFINISHED
from fairway.domain.errors import FairwayError, UserError


def migrate_at(url: LedgerUrl) -> tuple[str, str]:
    """Schema before and after. Raises `UserError` when there is no database at all."""
    if url.kind is LedgerKind.NONE:
        raise UserError("there is no database to migrate: FAIRWAY_LEDGER_URL is none")
    from fairway.adapters.sql.database import Database
    from fairway.adapters.sql.schema import make_folder, migrate

    database = Database(url)
    try:
        make_folder(database)
        return migrate(database)
    finally:
        database.close()


def inspect_at(url: LedgerUrl) -> DatabaseCondition:
    """Looks and changes nothing; a file that is not there is not made."""
    if url.kind is LedgerKind.NONE:
        return DatabaseCondition("none")
    from sqlalchemy import func, select

    from fairway.adapters.sql.database import Database
    from fairway.adapters.sql.schema import REVISIONS, read_schema
    from fairway.adapters.sql.tables import deployments

    if url.path is not None and not url.path.exists():
        return DatabaseCondition(url.shown, schema_wanted=REVISIONS[-1])
    try:
        database = Database(url)
    except UserError as error:
        return DatabaseCondition(url.shown, problem=error.message, fix=error.fix or "")
    try:
        found = read_schema(database)
        if found != REVISIONS[-1]:
            return DatabaseCondition(url.shown, found, REVISIONS[-1])
        unfinished = deployments.c.state.in_(sorted(UNFINISHED))
        with database.reading() as connection:
            count, oldest = connection.execute(select(func.count(), func.min(deployments.c.id))).one()
            open_ = connection.execute(select(func.count()).select_from(deployments).where(unfinished)).scalar_one()
        return DatabaseCondition(url.shown, found, REVISIONS[-1], count, open_, oldest or "")
    except FairwayError as error:
        return DatabaseCondition(url.shown, "", REVISIONS[-1], problem=error.message, fix=error.fix or "")
    finally:
        database.close()
