"""How a pipeline proves who it is to hookd: with its team's key, or with a token of GitHub Actions.

The rule not to break: a key signs and is never sent; a token is made for hookd's audience alone, and kept in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote

from fairway.adapters.forges.api import Api, Patience, token_login
from fairway.domain.dispatch.team_signatures import HEADER, sign
from fairway.domain.errors import Terminal, UserError

TOKEN_SECONDS = 240.0
"""Tokens of Actions are good for five minutes."""


class Signer(Protocol):
    async def headers(self, body: bytes) -> Mapping[str, str]: ...

    async def aclose(self) -> None: ...


class TeamKey:
    """`key` in hexadecimal, as it was provisioned."""

    def __init__(self, key: str) -> None:
        try:
            self._key = bytes.fromhex(key.strip())
        except ValueError:
            self._key = b""
        if not self._key:
            fix = "take it as it was provisioned: hexadecimal digits"
            raise UserError("the team's key can't be read", fix=fix) from None

    async def headers(self, body: bytes) -> Mapping[str, str]:
        return {HEADER: sign(body, self._key)}

    async def aclose(self) -> None:
        return


class ActionsToken:
    """`url` and `token` are what a job with `id-token: write` has in its environment."""

    def __init__(self, url: str, token: str, audience: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        login = token_login({"Authorization": f"Bearer {token}"})
        self._api = Api("GitHub Actions", url, login, patience=Patience(attempts=3, timeout=15.0))
        self._address = f"{url}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}"
        self._clock = clock
        self._token = ""
        self._until = 0.0

    async def headers(self, body: bytes) -> Mapping[str, str]:
        if self._clock() >= self._until:
            found = await self._api.get(self._address)
            value = found.get("value") if isinstance(found, dict) else None
            if not isinstance(value, str) or not value:
                raise Terminal("GitHub Actions gave no token", fix="give the job permissions: id-token: write")
            self._token, self._until = value, self._clock() + TOKEN_SECONDS
        return {"Authorization": f"Bearer {self._token}"}

    async def aclose(self) -> None:
        await self._api.aclose()
