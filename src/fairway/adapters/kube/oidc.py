"""The `oidc` auth-provider: an id token that is renewed with a refresh token at its issuer.

The rule not to break: nothing is written back into the kubeconfig; the new token lives as long as this process.
Source: OpenID Connect Core 1.0, section 12, and Discovery 1.0.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from typing import Any

import orjson

from fairway.adapters.kube.credentials import EARLY, Credential
from fairway.adapters.kube.target import OidcProvider
from fairway.domain.errors import Transient, UserError

_TIMEOUT = 30.0


class OidcSource:
    """First the id token of the kubeconfig while it holds, then what the issuer gives for the refresh token."""

    def __init__(self, provider: OidcProvider, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._clock = clock
        self._refresh = provider.refresh_token
        self._first = provider.id_token

    async def fetch(self) -> Credential:
        """Raises UserError when a new login is needed, Transient when the issuer can't be reached."""
        first, self._first = self._first, ""
        if first:
            expires = expiry_of(first)
            if expires is None or expires - EARLY > self._clock():
                return Credential(f"Bearer {first}", expires=expires)
        if not self._refresh:
            raise UserError(
                f"the id token of {self._provider.issuer} has run out and there is no refresh token",
                fix="log in again with the tool that wrote it into the kubeconfig",
            )
        answer = await self._ask()
        token = str(answer.get("id_token") or "")
        if not token:
            raise UserError(
                f"{self._provider.issuer} gave no id token",
                fix="log in again with the scope openid, or ask its operator",
            )
        self._refresh = str(answer.get("refresh_token") or self._refresh)
        return Credential(f"Bearer {token}", expires=expiry_of(token))

    async def _ask(self) -> dict[str, Any]:
        import aiohttp

        provider = self._provider
        trust = ssl.create_default_context()
        if provider.ca:
            trust.load_verify_locations(cadata=provider.ca.decode())
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
        form = {"grant_type": "refresh_token", "refresh_token": self._refresh, "client_id": provider.client_id}
        if provider.client_secret:
            form["client_secret"] = provider.client_secret
        try:
            async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=trust)) as session:
                async with session.get(f"{provider.issuer}/.well-known/openid-configuration") as found:
                    found.raise_for_status()
                    endpoint = orjson.loads(await found.read())["token_endpoint"]
                async with session.post(endpoint, data=form) as answer:
                    body = await answer.read()
                    if answer.status in (400, 401):
                        raise UserError(
                            f"{provider.issuer} refused to renew the id token",
                            fix="log in again with the tool that wrote it into the kubeconfig",
                        )
                    answer.raise_for_status()
                    token: dict[str, Any] = orjson.loads(body)
                    return token
        except (aiohttp.ClientError, TimeoutError, KeyError, orjson.JSONDecodeError) as error:
            raise Transient(f"no new id token from {provider.issuer}: {type(error).__name__}") from error


def expiry_of(token: str) -> float | None:
    """`exp` of a JSON Web Token in seconds since 1970, unverified; None when it has none or is no such token."""
    try:
        payload = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None
