"""Keys of teams, known to this process alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from fairway.domain.dispatch.team_keys import (
    KEY_BYTES,
    RANDOM_BITS,
    KeysOfTeam,
    TeamKey,
    good_keys,
    next_id,
    rotated,
    slug,
    told,
)


class MemoryTeamKeys:
    """See `services.hookd.ports.TeamKeys`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._keys: dict[str, list[TeamKey]] = {}

    async def keys(self, team: str) -> list[bytes]:
        return [one.key for one in good_keys(self._keys.get(slug(team), ()), self._now())]

    async def rotate(self, team: str, *, keep_old_for: float) -> bytes:
        now, name = self._now(), slug(team)
        known = self._keys.get(name, [])
        id_ = next_id(known, now, secrets.randbits(RANDOM_BITS))
        new = TeamKey(id_, name, now, secrets.token_bytes(KEY_BYTES))
        self._keys[name] = rotated(known, new, timedelta(seconds=keep_old_for))
        return new.key

    async def revoke(self, team: str) -> int:
        return len(good_keys(self._keys.pop(slug(team), ()), self._now()))

    async def teams(self) -> list[KeysOfTeam]:
        return told((one for keys in self._keys.values() for one in keys), self._now())

    async def close(self) -> None:
        return
