"""What the portal needs from outside: GitHub in the name of a person, a place for sessions, and a seal.

The rule not to break: a person's token is asked about that person's rights and is used for nothing else.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from fairway.domain.access.choosing import TeamAtGithub
from fairway.domain.access.people import Person, RepositoryAtGithub, SessionRow, UserToken

__all__ = [
    "AsPerson", "GithubSignIn", "Person", "RepositoryAtGithub", "Seal", "SessionRow", "SessionStore",
    "TeamAtGithub", "UserToken",
]  # fmt: skip


class AsPerson(Protocol):
    """GitHub, asked with a person's token. A token that is not good any more is `SignedOut`."""

    async def me(self) -> Person: ...

    async def is_member(self, organization: str) -> bool:
        """An active one."""
        ...

    async def repositories(self) -> tuple[list[RepositoryAtGithub], bool]:
        """Those that he is an admin of, by name; and whether there are more, too many to list."""
        ...

    async def repository(self, name: str) -> RepositoryAtGithub | None:
        """None when there is none, or he may not see it."""
        ...

    async def teams(self, repository: RepositoryAtGithub, login: str) -> list[TeamAtGithub]:
        """Those with access to the repository. Only an admin may ask."""
        ...


class GithubSignIn(Protocol):
    def authorize_url(self, state: str, challenge: str) -> str:
        """Where a browser is sent to; `challenge` is that of RFC 7636, S256."""
        ...

    async def exchange(self, code: str, verifier: str) -> UserToken:
        """Raises Refused for a code that is none."""
        ...

    async def renew(self, token: UserToken) -> UserToken:
        """Raises Refused."""
        ...

    async def revoke(self, token: UserToken) -> None:
        """The token is good for nothing any more; one that is none already is fine."""
        ...

    def as_person(self, token: UserToken) -> AbstractAsyncContextManager[AsPerson]: ...


class SessionStore(Protocol):
    """Implementations: memory, SQL. Away is Transient."""

    async def add(self, row: SessionRow) -> bool:
        """False when its sign-in made a session before, also one that ended; nothing is stored then."""
        ...

    async def get(self, key: str) -> SessionRow | None: ...

    async def seen(self, key: str, at: datetime) -> None: ...

    async def renewed(self, key: str, token: bytes) -> None: ...

    async def end(self, key: str, at: datetime) -> None:
        """Its token is forgotten; the row stays until it is forgotten too."""
        ...

    async def forget(self, before: datetime) -> int:
        """Those that ended before; how many there were."""
        ...


class Seal(Protocol):
    """`adapters.secretbox.SecretBox`."""

    def seal(self, plain: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes: ...
