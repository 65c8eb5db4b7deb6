"""Checks OpenID tokens (JWT) with the keys that their issuer publishes (JWKS).

The rule not to break: keys come from the configured address alone, whatever a token says; what strangers send makes us
ask again, but not more often than once in a while, and never twice at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fairway.domain.errors import FairwayError, Refused, Transient

if TYPE_CHECKING:
    import jwt

GOOGLE = ("https://accounts.google.com", "accounts.google.com")
ALGORITHMS = ("RS256", "ES256")
FOR = 3600.0
"""Seconds that keys are kept."""
PAUSE = 60.0
"""Seconds between two questions for the sake of an unknown key."""
STALE = 24 * 3600.0
"""Seconds that keys are good for while their issuer does not answer."""
LARGEST = 256 * 1024
LEEWAY = 30
"""Seconds that clocks may differ."""


class PublishedKeys:
    """Implements `services.intake.ports.TokenJudge` for one issuer and one audience."""

    def __init__(
        self,
        url: str,
        audience: str,
        issuers: Sequence[str] = GOOGLE,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._audience = audience
        self._issuers = list(issuers)
        self._clock = clock
        self._keys: jwt.PyJWKSet | None = None
        self._asked = 0.0
        self._fetching: asyncio.Task[jwt.PyJWKSet] | None = None

    async def claims(self, token: str) -> Mapping[str, Any]:
        import jwt

        try:
            id = jwt.get_unverified_header(token).get("kid", "")
            key = await self._key(str(id))
            return dict(
                jwt.decode(
                    token,
                    key=key,
                    algorithms=list(ALGORITHMS),
                    audience=self._audience,
                    issuer=self._issuers,
                    leeway=LEEWAY,
                    options={"require": ["exp", "iat", "aud", "iss"]},
                )
            )
        except FairwayError:
            raise
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            # Its own words may quote the token.
            raise Refused(f"the token is not good: {type(error).__name__}") from None

    async def _key(self, id: str) -> jwt.PyJWK:
        age = self._clock() - self._asked
        key = _find(self._keys, id) if self._keys is not None else None
        if self._keys is None or age > FOR or (age > PAUSE and key is None):
            try:
                self._keys = await self._fetched_once()
                self._asked = self._clock()
                key = _find(self._keys, id)
            except Transient:
                if key is None or age > STALE:
                    raise
        if key is None:
            raise Refused("the token is signed with a key that its issuer does not publish")
        return key

    async def _fetched_once(self) -> jwt.PyJWKSet:
        """Whoever comes while they are being fetched waits for the same answer."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched())
            self._fetching.add_done_callback(self._end_of_fetching)
        return await asyncio.shield(self._fetching)

    def _end_of_fetching(self, task: asyncio.Task[jwt.PyJWKSet]) -> None:
        self._fetching = None
        if not task.cancelled():
            # Who waited may have gone; then nobody else reads it.
            task.exception()

    async def _fetched(self) -> jwt.PyJWKSet:
        import httpx2
        import jwt

        try:
            async with httpx2.AsyncClient(timeout=10, follow_redirects=False) as client:
                answer = await client.get(self._url)
            if answer.status_code != 200 or len(answer.content) > LARGEST:
                raise Transient(f"the keys at {self._url} cannot be had: status {answer.status_code}")
            return jwt.PyJWKSet.from_dict(answer.json())
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Transient(f"the keys at {self._url} cannot be had: {type(error).__name__}") from error
        except (jwt.PyJWTError, ValueError, AttributeError, TypeError) as error:
            raise Transient(f"what is at {self._url} are no keys") from error


def _find(keys: jwt.PyJWKSet, id: str) -> jwt.PyJWK | None:
    return next((key for key in keys.keys if key.key_id == id), None)
