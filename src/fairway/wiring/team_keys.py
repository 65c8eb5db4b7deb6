"""Keys of teams, beside the ledger, and who proves himself with them.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.clock import now
from fairway.wiring.secretbox import open_secret_box

if TYPE_CHECKING:
    from fairway.services.hookd.authenticating import Authenticating
    from fairway.services.hookd.ports import TeamKeys


@asynccontextmanager
async def open_team_keys(settings: Settings) -> AsyncIterator[TeamKeys]:
    """For as long as the block lasts; without a ledger they are forgotten with the process.

    Raises `Transient`, `UserError` or `Refused` when the database cannot be opened or the server's key is not there.
    """
    import asyncio

    opened = await asyncio.to_thread(_opened, settings)
    try:
        yield opened
    finally:
        await opened.close()


def api_authenticating(
    keys: TeamKeys,
    *,
    audience: str = "",
    issuer: str = "",
    published_keys: str = "",
    provision_keys: Sequence[bytes] = (),
) -> Authenticating:
    """Without an audience no tokens are taken: one that was made for somebody else must not be good here."""
    from fairway.services.hookd.authenticating import Authenticating

    if not audience:
        return Authenticating(keys, now, provision_keys=provision_keys)
    from fairway.adapters.oidc.published_keys import PublishedKeys

    tokens = PublishedKeys(published_keys or f"{issuer}/.well-known/jwks", audience, [issuer])
    return Authenticating(keys, now, tokens=tokens, provision_keys=provision_keys)


def _opened(settings: Settings) -> TeamKeys:
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.team_keys import MemoryTeamKeys

        return MemoryTeamKeys(now)
    from fairway.adapters.sql.team_keys import open_team_keys as open_stored

    return open_stored(url, open_secret_box(settings), now)
