"""Who is signed in: sessions that end by themselves, known by a secret that only the browser has.

The rule not to break: the secret is never stored, only its hash; GitHub's token is stored sealed; a session is made by
a sign-in alone, with a new secret each time, and one sign-in makes one session.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fairway.domain.errors import FairwayError
from fairway.services.portal.ports import Person, Seal, SessionRow, SessionStore, UserToken

SEEN_EVERY = timedelta(minutes=1)
"""So seldom is it written down that somebody is still there."""
KEPT_FOR = timedelta(minutes=30)
"""After its end, so that its sign-in cannot be repeated."""


@dataclass(frozen=True, slots=True)
class Session:
    person: Person
    token: UserToken
    secret: str = field(repr=False)
    row: SessionRow = field(repr=False)

    @property
    def csrf(self) -> str:
        """For forms; only who knows the secret can make it."""
        return hmac.new(self.secret.encode(), b"fairway portal form", hashlib.sha256).hexdigest()

    def is_form(self, csrf: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), csrf.encode("utf-8", "replace"))


class Sessions:
    def __init__(
        self, store: SessionStore, seal: Seal, now: Callable[[], datetime], *, idle: timedelta, longest: timedelta
    ) -> None:
        self._store = store
        self._seal = seal
        self._now = now
        self._idle = idle
        self._longest = longest

    @property
    def longest(self) -> timedelta:
        return self._longest

    async def begin(self, person: Person, token: UserToken, sign_in: str) -> Session | None:
        """None when this sign-in was used before."""
        secret = secrets.token_urlsafe(32)
        key, now = _hash(secret), self._now()
        row = SessionRow(
            key, _hash(sign_in), person.login, person.id, now, now, now + self._longest, self._sealed(key, token)
        )
        await self._store.forget(now - KEPT_FOR)
        if not await self._store.add(row):
            return None
        return Session(person, token, secret, row)

    async def find(self, secret: str) -> Session | None:
        """None for a secret that is none, and for a session that ended. Raises Transient."""
        if not secret or len(secret) > 100:
            return None
        row = await self._store.get(_hash(secret))
        now = self._now()
        if row is None or now >= row.ends_at or now >= row.seen_at + self._idle:
            return None
        try:
            token = _token(self._seal.open(row.token, _place(row.key)))
        except FairwayError:
            return None  # sealed with a key that is not known any more: sign in again
        if now - row.seen_at >= SEEN_EVERY:
            await self._store.seen(row.key, now)
        return Session(Person(row.login, row.user_id), token, secret, row)

    async def renewed(self, session: Session, token: UserToken) -> Session:
        await self._store.renewed(session.row.key, self._sealed(session.row.key, token))
        return Session(session.person, token, session.secret, session.row)

    async def end(self, session: Session) -> None:
        await self._store.end(session.row.key, self._now())

    def _sealed(self, key: str, token: UserToken) -> bytes:
        ends = token.access_ends.isoformat() if token.access_ends else ""
        plain = {"access": token.access, "refresh": token.refresh, "ends": ends}
        return self._seal.seal(json.dumps(plain).encode(), _place(key))


def _token(plain: bytes) -> UserToken:
    found = json.loads(plain)
    ends = datetime.fromisoformat(found["ends"]) if found["ends"] else None
    return UserToken(found["access"], found["refresh"], ends)


def _place(key: str) -> str:
    return f"portal_sessions/{key}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
