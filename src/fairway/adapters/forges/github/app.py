"""Logging in to GitHub as an App: a short-lived JSON Web Token buys installation tokens, kept until they are old.

The rule not to break: the private key signs and is never sent; tokens live in these objects only.
Source: GitHub "Authenticating as a GitHub App installation".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from fairway.adapters.forges.answers import NotFound
from fairway.adapters.forges.api import Api, Login, Patience
from fairway.domain.errors import UserError

EARLY = 300.0
"""Seconds before its end at which a token is replaced."""


class App:
    """The App itself, which may do little more than find its installations and get tokens for them."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        app_id: int,
        private_key: str,
        *,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.id = app_id
        self.clock = clock
        self._key = private_key
        self._api = Api("GitHub", base, self._as_app, headers=headers, patience=patience, clock=clock)

    async def slug(self) -> str:
        """Its name in addresses; so GitHub knows it, and the key is the right one."""
        return str((await self._api.get("app"))["slug"])

    async def installation_of(self, path: str) -> int:
        """The installation for the repository `path`. Raises NotFound."""
        return int((await self._api.get(f"repos/{path}/installation"))["id"])

    async def new_token(self, installation: int) -> tuple[str, float]:
        """A token, and until when it is good. Raises NotFound when there is no such installation."""
        made = await self._api.send("POST", f"app/installations/{installation}/access_tokens")
        return str(made["token"]), datetime.fromisoformat(str(made["expires_at"])).timestamp()

    async def aclose(self) -> None:
        await self._api.aclose()

    async def _as_app(self, fresh: bool) -> Mapping[str, str]:
        import jwt

        now = int(self.clock())
        claims = {"iat": now - 60, "exp": now + 540, "iss": str(self.id)}
        try:
            signed = jwt.encode(claims, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.exceptions.PyJWTError) as error:
            raise UserError(
                "the GitHub App's private key cannot be read", fix="it is the PEM file from GitHub"
            ) from error
        return {"Authorization": f"Bearer {signed}"}


class _Token:
    """The token of one installation, however many ask for it at once."""

    def __init__(self, app: App, installation: int) -> None:
        self._app = app
        self._installation = installation
        self._token = ""
        self._good_until = 0.0
        self._asking = asyncio.Lock()

    async def __call__(self, fresh: bool) -> Mapping[str, str]:
        before = self._token
        async with self._asking:
            refused = fresh and self._token == before
            if refused or self._app.clock() >= self._good_until - EARLY:
                self._token, self._good_until = await self._app.new_token(self._installation)
        return {"Authorization": f"Bearer {self._token}"}


class Installations:
    """Logins of one App for repositories of any number of owners; each owner has one installation.

    `installation` is the one for all of them, so that none has to be looked for.
    """

    def __init__(self, app: App, installation: int | None = None) -> None:
        self._app = app
        self._fixed = installation
        self._by_owner: dict[str, int] = {}
        self._tokens: dict[int, _Token] = {}

    def login(self, path: str) -> Login:
        """The login for the repository `path`. Raises UserError, when used, where the App is not installed."""

        async def log_in(fresh: bool) -> Mapping[str, str]:
            owner = path.partition("/")[0].lower()
            known = owner in self._by_owner
            try:
                return await self._log_in(owner, path, fresh)
            except NotFound as error:
                # It may have been taken out and installed again, and is another installation then.
                if known and self._by_owner.pop(owner, None) is not None:
                    return await log_in(fresh)
                message = f"the GitHub App {self._app.id} is not installed for {path}"
                raise UserError(message, fix="install it there, or correct the numbers of App and installation") from (
                    error
                )

        return log_in

    async def aclose(self) -> None:
        await self._app.aclose()

    async def _log_in(self, owner: str, path: str, fresh: bool) -> Mapping[str, str]:
        number = self._fixed or self._by_owner.get(owner)
        if number is None:
            number = self._by_owner[owner] = await self._app.installation_of(path)
        token = self._tokens.setdefault(number, _Token(self._app, number))
        return await token(fresh)
