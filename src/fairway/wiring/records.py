"""Which store of revisions the settings mean: the same choice that `helm` makes by HELM_DRIVER."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fairway.services.engine.ports import Kube, RevisionStore

KINDS = {
    "": "secrets",
    "secret": "secrets",
    "secrets": "secrets",
    "configmap": "configmaps",
    "configmaps": "configmaps",
    "sql": "sql",
}
"""Helm's words and ours → ours."""


def records_kind(settings: Settings) -> str:
    """`secrets`, `configmaps` or `sql`. Raises `UserError` for anything else."""
    kind = KINDS.get(settings.records.lower())
    if kind is None:
        raise UserError(
            f'no place for release records is called "{settings.records}" (FAIRWAY_RECORDS, or else HELM_DRIVER)',
            fix="write secrets, configmaps or sql; what helm calls memory would forget every release at the end",
        )
    return kind


@asynccontextmanager
async def open_store(settings: Settings, kube: Kube, *, now: Callable[[], datetime]) -> AsyncIterator[RevisionStore]:
    """The store for as long as the block lasts; only `sql` has something to close."""
    import secrets

    match records_kind(settings):
        case "sql":
            from fairway.adapters.helm.sql_database import CONNECTION_STRING

            if not settings.records_database:
                raise UserError(
                    "release records in SQL need a database, and none is given",
                    fix=f"{CONNECTION_STRING}=postgresql://user:password@host:5432/database, as for helm",
                )
            from fairway.adapters.helm.sql import SqlRevisionStore

            store = SqlRevisionStore(settings.records_database, now=now)
            try:
                yield store
            finally:
                await store.close()
        case "configmaps":
            from fairway.adapters.helm.configmaps import ConfigMapRevisionStore

            yield ConfigMapRevisionStore(kube, now=now, new_id=lambda: secrets.token_hex(8))
        case _:
            from fairway.adapters.helm.secrets import SecretRevisionStore

            yield SecretRevisionStore(kube, now=now, new_id=lambda: secrets.token_hex(8))
