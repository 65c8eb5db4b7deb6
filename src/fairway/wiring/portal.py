"""The portal put together: GitHub's sign-in, sessions, and the registrations that it changes.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.services.portal.options import PortalOptions
from fairway.settings import Settings
from fairway.wiring.access import Access

if TYPE_CHECKING:
    from fairway.services.portal.parts import PortalParts
    from fairway.services.portal.ports import SessionStore


@asynccontextmanager
async def open_portal(
    settings: Settings, options: PortalOptions, access: Access, *, secret_key_file: Path | None = None
) -> AsyncIterator[PortalParts]:
    """What `WebParts.portal` takes, for as long as the block lasts. Raises as `open_access`, and for wrong options."""
    from datetime import timedelta

    from fairway.adapters.forges.github.signing_in import GithubWebFlow
    from fairway.services.portal.parts import PortalParts
    from fairway.services.portal.portal import Portal
    from fairway.services.portal.sessions import Sessions
    from fairway.services.portal.signing_in import SigningIn
    from fairway.wiring.clock import now
    from fairway.wiring.secretbox import open_secret_box

    options = options.checked()
    seal = open_secret_box(settings, secret_key_file)
    github = GithubWebFlow(
        options.github_web,
        options.github_api,
        options.github_client_id,
        options.github_client_secret,
        options.callback,
        scopes=options.github_scopes,
    )
    async with _session_store(settings) as store:
        sessions = Sessions(
            store,
            seal,
            now,
            idle=timedelta(seconds=options.session_idle_seconds),
            longest=timedelta(seconds=options.session_longest_seconds),
        )
        portal = Portal(github, sessions, access.changing(), now, options.github_organizations)
        signing_in = SigningIn(github, sessions, seal, now, options.github_organizations)
        yield PortalParts(options, portal, signing_in, sessions)


@asynccontextmanager
async def _session_store(settings: Settings) -> AsyncIterator[SessionStore]:
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.sessions import MemorySessions

        yield MemorySessions()
        return
    from fairway.adapters.sql.schema import open_database
    from fairway.adapters.sql.sessions import SqlSessions

    database = await asyncio.to_thread(open_database, url)
    try:
        yield SqlSessions(database)
    finally:
        await asyncio.to_thread(database.close)
