"""Team access put together: where it is kept, its trail, and the quick answer for every request.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fairway.services.access.options import AccessOptions
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.adapters.sql.database import Database
    from fairway.services.access.caching import RememberedAccess
    from fairway.services.access.changing import Changing
    from fairway.services.access.ports import AccessStore, AuditTrail, TeamAccess
    from fairway.wiring.github_deployments import GithubLogin


class Access(NamedTuple):
    store: AccessStore
    teams: RememberedAccess
    trail: AuditTrail

    def changing(self) -> Changing:
        """Changes that are written down; what this process remembers of the repository is forgotten at once."""
        from fairway.services.access.changing import Changing
        from fairway.wiring.clock import now

        return Changing(self.store, self.trail, now, self.teams.forget)


@dataclass(frozen=True, slots=True)
class _Opened:
    store: AccessStore
    trail: AuditTrail


@asynccontextmanager
async def open_access(settings: Settings, options: AccessOptions = AccessOptions()) -> AsyncIterator[Access]:
    """For as long as the block lasts. The trail is always in the ledger's database, if there is one.

    Raises `Transient`, `UserError` or `Refused` when a store cannot be opened.
    """
    import asyncio

    from fairway.services.access.caching import RememberedAccess

    database = await asyncio.to_thread(_database, settings)
    try:
        opened = _kept_in(database)
        if not options.in_s3:
            yield Access(opened.store, RememberedAccess(opened.store, options.access_cache_seconds), opened.trail)
            return
        async with _bucket(options) as store:
            yield Access(store, RememberedAccess(store, options.access_cache_seconds), opened.trail)
    finally:
        if database is not None:
            await asyncio.to_thread(database.close)


def _database(settings: Settings) -> Database | None:
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        return None
    from fairway.adapters.sql.schema import open_database

    return open_database(url)


def _kept_in(database: Database | None) -> _Opened:
    if database is None:
        from fairway.adapters.memory.access import MemoryAccess, MemoryTrail

        return _Opened(MemoryAccess(), MemoryTrail())
    from fairway.adapters.sql.access import SqlAccess, SqlTrail

    return _Opened(SqlAccess(database), SqlTrail(database))


@asynccontextmanager
async def _bucket(options: AccessOptions) -> AsyncIterator[AccessStore]:
    from fairway.adapters.s3.access import open_s3_access
    from fairway.adapters.s3.bucket import Bucket, Place

    place = Place(
        options.bucket,
        options.endpoint_url,
        options.s3_access_key,
        options.s3_secret_key,
        options.s3_bucket_location,
        options.s3_create_bucket,
    )
    bucket = Bucket(place)
    try:
        yield await open_s3_access(bucket)
    finally:
        bucket.close()


@asynccontextmanager
async def deciding_access(
    options: AccessOptions, access: Access, login: GithubLogin | None
) -> AsyncIterator[TeamAccess]:
    """What hookd asks: registrations alone, or with `enforce_membership` GitHub too. Raises UserError without login."""
    from fairway.domain.errors import UserError

    if not options.enforce_membership:
        yield access.teams
        return
    if login is None or not login.is_there:
        raise UserError(
            "--enforce-membership asks GitHub, and there is no login for it",
            fix="give hookd the number and the key of its GitHub App",
        )
    from fairway.adapters.forges.api import token_login
    from fairway.adapters.forges.github import github_headers
    from fairway.adapters.forges.github.app import App, Installations
    from fairway.adapters.forges.github.repository_teams import PATIENCE, GithubRepositoryTeams
    from fairway.services.access.enforcing import EnforcedAccess

    if not login.app_id:
        way = token_login({"Authorization": f"Bearer {login.token}"})
        yield EnforcedAccess(access.teams, GithubRepositoryTeams(login.api, lambda path: way))
        return
    app = App(login.api, github_headers(), login.app_id, login.private_key, patience=PATIENCE)
    installations = Installations(app, login.installation)
    try:
        yield EnforcedAccess(access.teams, GithubRepositoryTeams(login.api, installations.login))
    finally:
        await installations.aclose()
