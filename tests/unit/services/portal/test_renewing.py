"""A token that ends is renewed by whoever comes first, in whichever process that is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fairway.adapters.memory.access import MemoryAccess, MemoryTrail
from fairway.adapters.memory.sessions import MemorySessions
from fairway.adapters.secretbox import SecretBox, new_key
from fairway.domain.access.people import SignedOut
from fairway.domain.errors import Refused
from fairway.services.access.changing import Changing
from fairway.services.portal.portal import Portal
from fairway.services.portal.ports import Person, RepositoryAtGithub, TeamAtGithub, UserToken
from fairway.services.portal.sessions import Session, Sessions

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD = UserToken("old", "refresh", NOON)
NEW = UserToken("new", "refresh-2", NOON + timedelta(hours=8))


class AsAnna:
    """Everything is hers."""

    async def me(self) -> Person:
        return Person("anna", 1)

    async def is_member(self, organization: str) -> bool:
        return True

    async def repositories(self) -> tuple[list[RepositoryAtGithub], bool]:
        return [RepositoryAtGithub("shop/web", is_admin=True)], False

    async def repository(self, name: str) -> RepositoryAtGithub | None:
        return RepositoryAtGithub(name, is_admin=True)

    async def teams(self, repository: RepositoryAtGithub, login: str) -> list[TeamAtGithub]:
        return [TeamAtGithub("web", "Web", is_maintained=True)]


class Github:
    """`renewing` happens when a token is renewed; `used` are the tokens that were asked with."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.renewing: Callable[[], Awaitable[UserToken]] | None = None

    def authorize_url(self, state: str, challenge: str) -> str:
        return "https://github.example"

    async def exchange(self, code: str, verifier: str) -> UserToken:
        return OLD

    async def renew(self, token: UserToken) -> UserToken:
        assert self.renewing is not None
        return await self.renewing()

    async def revoke(self, token: UserToken) -> None:
        return

    @asynccontextmanager
    async def as_person(self, token: UserToken) -> AsyncIterator[AsAnna]:
        self.used.append(token.access)
        yield AsAnna()


@pytest.fixture
def github() -> Github:
    return Github()


@pytest.fixture
def sessions() -> Sessions:
    box = SecretBox([new_key()])
    return Sessions(MemorySessions(), box, lambda: NOON, idle=timedelta(hours=1), longest=timedelta(hours=8))


@pytest.fixture
def portal(github: Github, sessions: Sessions) -> Portal:
    return Portal(github, sessions, Changing(MemoryAccess(), MemoryTrail(), lambda: NOON), lambda: NOON)


async def signed_in(sessions: Sessions) -> Session:
    session = await sessions.begin(Person("anna", 1), OLD, "state")
    assert session is not None
    return session


async def test_a_token_that_is_over_is_renewed_and_kept(portal: Portal, github: Github, sessions: Sessions) -> None:
    session = await signed_in(sessions)

    async def renew() -> UserToken:
        return NEW

    github.renewing = renew
    await portal.view(session, "shop/web")
    found = await sessions.find(session.secret)
    assert found is not None
    assert (found.token, github.used) == (NEW, ["new"])


async def test_another_process_that_was_quicker_is_believed(portal: Portal, github: Github, sessions: Sessions) -> None:
    session = await signed_in(sessions)

    async def renew() -> UserToken:
        await sessions.renewed(session, NEW)
        raise Refused("GitHub did not accept the sign-in (bad_refresh_token)")

    github.renewing = renew
    await portal.view(session, "shop/web")
    assert github.used == ["new"]


async def test_a_refresh_token_that_is_over_ends_the_session(
    portal: Portal, github: Github, sessions: Sessions
) -> None:
    session = await signed_in(sessions)

    async def renew() -> UserToken:
        raise Refused("GitHub did not accept the sign-in (bad_refresh_token)")

    github.renewing = renew
    with pytest.raises(SignedOut):
        await portal.view(session, "shop/web")
    assert await sessions.find(session.secret) is None
    assert github.used == []
