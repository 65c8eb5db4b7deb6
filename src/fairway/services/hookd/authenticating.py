"""Who asks over the API: a team, by its key; a repository, by a token of GitHub Actions; or who provisions keys.

The rule not to break: what comes out of here is what was proven, and nothing that was merely said; a request for
another team or repository than that is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.team_keys import slug
from fairway.domain.dispatch.team_signatures import HEADER, check_team_signature, check_time, read_signature
from fairway.domain.errors import Refused, Transient, UserError
from fairway.services.hookd.ports import TeamKeys

_LOG = logging.getLogger(__name__)

MISSING = f"this needs {HEADER} or a bearer token of GitHub Actions"


class Tokens(Protocol):
    """`adapters.oidc.published_keys`: checks signature, issuer, audience and time."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Raises Refused for a token that is not good, Transient when that can't be known now."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """As they were sent; empty where they were not."""

    signature: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What a request says of itself. `timestamp` is in Unix seconds."""

    timestamp: int
    team: str = ""
    repository: RepositoryName | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """What was proven: `team` by a key, `repository` by a token, in lower case; one of the two is empty."""

    team: str = ""
    repository: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Of the token; who sent it can't have changed them."""


class Authenticating:
    """`tokens` None: no tokens are taken. `provision_keys` empty: keys can't be provisioned over the API."""

    def __init__(
        self,
        keys: TeamKeys,
        now: Callable[[], datetime],
        *,
        tokens: Tokens | None = None,
        provision_keys: Sequence[bytes] = (),
    ) -> None:
        self._keys = keys
        self._now = now
        self._tokens = tokens
        self._provision_keys = tuple(provision_keys)

    @property
    def provisions(self) -> bool:
        return bool(self._provision_keys)

    async def caller(self, credentials: Credentials, signed: bytes, said: Said) -> Caller:
        """`signed` is what the signature is made over. Raises Unacceptable (401, 403, 503)."""
        if credentials.signature and credentials.token:
            raise Unacceptable(401, f"send either {HEADER} or a bearer token, not both")
        if credentials.signature:
            return await self._team(credentials.signature, signed, said)
        if credentials.token:
            return await self._repository(credentials.token, said)
        raise Unacceptable(401, MISSING)

    def provisioner(self, credentials: Credentials, signed: bytes, said: Said) -> None:
        """Whether somebody may make keys. Raises Unacceptable (401)."""
        if not credentials.signature:
            raise Unacceptable(401, f"this needs {HEADER}, made with the provision key")
        check_team_signature(signed, read_signature(credentials.signature), self._provision_keys)
        check_time(said.timestamp, self._now())

    async def _team(self, header: str, signed: bytes, said: Said) -> Caller:
        signature = read_signature(header)
        check_team_signature(signed, signature, await self._keys_of(said.team))
        check_time(said.timestamp, self._now())
        return Caller(team=slug(said.team))

    async def _keys_of(self, team: str) -> list[bytes]:
        try:
            return await self._keys.keys(team)
        except (Transient, UserError) as error:
            _LOG.error("api.keys_unreadable", extra={"team": team, "reason": error.message})
            raise Unacceptable(503, "the team's keys cannot be read now; try again later") from None

    async def _repository(self, token: str, said: Said) -> Caller:
        if self._tokens is None:
            raise Unacceptable(401, f"tokens are not taken here; this needs {HEADER}")
        try:
            claims = await self._tokens.claims(token)
        except Transient as error:
            _LOG.error("api.tokens_unreadable", extra={"reason": error.message})
            raise Unacceptable(503, "the token cannot be checked now; try again later") from None
        except Refused as error:
            raise Unacceptable(401, error.message) from None
        repository = claims.get("repository")
        if not isinstance(repository, str) or "/" not in repository:
            raise Unacceptable(401, "the token names no repository; it is not one of GitHub Actions")
        check_time(said.timestamp, self._now())
        if said.repository is None or repository.lower() != str(said.repository).lower():
            raise Unacceptable(403, f"the token is for repository '{repository}', the request for another one")
        return Caller(repository=repository.lower(), claims=claims)
