"""Who we say we are, request by request: each kind of credential gives an Authorization header, or a certificate.

The rule not to break: a source is asked for each request, so it answers from memory unless its answer has expired, and
`rejected` (after a 401) makes it fetch a new one.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fairway.adapters.kube.target import Target
from fairway.domain.errors import UserError

REREAD_AFTER = 60.0
"""Seconds after which a token file is read again: the kubelet replaces it well before it expires."""

EARLY = 30.0
"""Seconds before its end at which a credential counts as expired."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a source gives now. `expires` is in the clock's seconds, None when it says nothing of it."""

    authorization: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    expires: float | None = None


class Credentials(Protocol):
    """A source of credentials. `changes` is False when the first answer holds for ever."""

    changes: bool

    async def current(self, *, rejected: bool = False) -> Credential: ...


class Fixed:
    """Certificates, a token or a password that stand in the kubeconfig."""

    changes = False

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def current(self, *, rejected: bool = False) -> Credential:
        return self._credential


class TokenFile:
    """A bearer token in a file that somebody else renews."""

    changes = True

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._credential = Credential(expires=0.0)

    async def current(self, *, rejected: bool = False) -> Credential:
        expires = self._credential.expires
        if rejected or not self._credential.authorization or (expires is not None and self._clock() >= expires):
            try:
                token = (await asyncio.to_thread(self._path.read_text, encoding="utf-8")).strip()
            except OSError as error:
                raise UserError(f"the token file {self._path} can't be read: {error.strerror}") from error
            if not token:
                raise UserError(f"the token file {self._path} is empty")
            self._credential = Credential(f"Bearer {token}", expires=self._clock() + REREAD_AFTER)
        return self._credential


class Renewed:
    """Keeps what an expensive source gave until shortly before it expires; one renewal at a time."""

    changes = True

    def __init__(self, source: Renewable, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._held: Credential | None = None
        self._lock = asyncio.Lock()
        self._renewals = 0

    async def current(self, *, rejected: bool = False) -> Credential:
        held = self._held
        if held is not None and not rejected and self._is_fresh(held):
            return held
        seen = self._renewals
        async with self._lock:
            # Many requests are refused at once when a token runs out; only the first of them renews it.
            if self._held is None or seen == self._renewals:
                self._held = await self._source.fetch()
                self._renewals += 1
            return self._held

    def _is_fresh(self, credential: Credential) -> bool:
        return credential.expires is None or self._clock() < credential.expires - EARLY


class Renewable(Protocol):
    async def fetch(self) -> Credential: ...


def credentials_of(target: Target, *, clock: Callable[[], float], env: Mapping[str, str]) -> Credentials:
    """The source for a target's user, in client-go's order: exec, oidc, token file, token, password, certificate."""
    user = target.user
    if user.exec is not None:
        from fairway.adapters.kube.exec_plugin import ExecSource

        return Renewed(ExecSource(user.exec, target, env), clock)
    if user.oidc is not None:
        from fairway.adapters.kube.oidc import OidcSource

        return Renewed(OidcSource(user.oidc, clock), clock)
    if user.token_file is not None:
        return TokenFile(user.token_file, clock)
    authorization = ""
    if user.token:
        authorization = f"Bearer {user.token}"
    elif user.username:
        pair = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
        authorization = f"Basic {pair}"
    return Fixed(Credential(authorization, user.certificate, user.key))
