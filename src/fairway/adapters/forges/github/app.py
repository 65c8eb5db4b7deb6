"""Logging in to GitHub as an App: a short-lived JSON Web Token buys an installation token, kept until it is old.

The rule not to break: the private key signs and is never sent; tokens live in this object only.
Source: GitHub "Authenticating as a GitHub App installation".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from fairway.adapters.forges.answers import NotFound
from fairway.adapters.forges.api import Api, Patience
from fairway.domain.errors import UserError

EARLY = 300.0
"""Seconds before its end at which a token is replaced."""


class AppLogin:
    """A `Login` for one repository. `installation` None: that of the repository."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        app_id: int,
        private_key: str,
        path: str,
        installation: int | None = None,
        *,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app_id = app_id
        self._key = private_key
        self._path = path
        self._installation = installation
        self._clock = clock
        self._api = Api("GitHub", base, self._as_app, headers=headers, patience=patience, clock=clock)
        self._token = ""
        self._good_until = 0.0
        self._asking = asyncio.Lock()

    async def __call__(self, fresh: bool) -> Mapping[str, str]:
        before = self._token
        async with self._asking:
            refused = fresh and self._token == before
            if refused or self._clock() >= self._good_until - EARLY:
                await self._renew()
        return {"Authorization": f"Bearer {self._token}"}

    async def aclose(self) -> None:
        await self._api.aclose()

    async def _renew(self) -> None:
        try:
            if self._installation is None:
                found = await self._api.get(f"repos/{self._path}/installation")
                self._installation = int(found["id"])
            made = await self._api.send("POST", f"app/installations/{self._installation}/access_tokens")
        except NotFound as error:
            message = f"the GitHub App {self._app_id} is not installed for {self._path}"
            raise UserError(message, fix="install it there, or correct git.forge.app") from error
        self._token = str(made["token"])
        self._good_until = datetime.fromisoformat(str(made["expires_at"])).timestamp()

    async def _as_app(self, fresh: bool) -> Mapping[str, str]:
        import jwt

        now = int(self._clock())
        claims = {"iat": now - 60, "exp": now + 540, "iss": str(self._app_id)}
        try:
            signed = jwt.encode(claims, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.exceptions.PyJWTError) as error:
            raise UserError(
                "the GitHub App's private key cannot be read", fix="it is the PEM file from GitHub"
            ) from error
        return {"Authorization": f"Bearer {signed}"}
