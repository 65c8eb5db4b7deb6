"""Registered, and still a team of the repository."""

from __future__ import annotations

import asyncio

import pytest

from fairway.adapters.memory.access import MemoryAccess
from fairway.domain.errors import Transient
from fairway.services.access.caching import RememberedAccess
from fairway.services.access.enforcing import EnforcedAccess


class AtGithub:
    def __init__(self, **teams: set[str]) -> None:
        self.known = {f"shop/{name}": frozenset(slugs) for name, slugs in teams.items()}
        self.asked = 0
        self.away = False

    async def of(self, repository: str) -> frozenset[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise Transient("GitHub is away")
        return self.known.get(repository.lower(), frozenset())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def enforced(github: AtGithub, clock: Clock, *registered: str) -> EnforcedAccess:
    store = MemoryAccess()
    await store.write("shop/web", registered, expected=None)
    return EnforcedAccess(RememberedAccess(store, 0), github, 60, clock)


async def test_only_teams_that_are_in_both_may_deploy() -> None:
    access = await enforced(AtGithub(web={"web", "stock"}), Clock(), "Web", "orders")
    assert await access.teams("Shop/web") == {"web"}


async def test_a_repository_whose_teams_are_all_gone_is_registered_and_lets_nobody_through() -> None:
    access = await enforced(AtGithub(), Clock(), "web")
    assert await access.teams("shop/web") == frozenset()


async def test_github_is_not_asked_about_what_is_not_registered() -> None:
    github = AtGithub(web={"web"})
    access = await enforced(github, Clock())
    assert await access.teams("shop/web") is None
    assert github.asked == 0


async def test_github_s_answer_is_good_for_a_minute() -> None:
    github, clock = AtGithub(web={"web"}), Clock()
    access = await enforced(github, clock, "web")
    for _ in range(3):
        assert await access.teams("shop/web") == {"web"}
    assert github.asked == 1
    github.known.clear()
    clock.now = 60
    assert await access.teams("shop/web") == frozenset()


async def test_when_github_is_away_nobody_is_let_through_unasked() -> None:
    github, clock = AtGithub(web={"web"}), Clock()
    access = await enforced(github, clock, "web")
    github.away = True
    with pytest.raises(Transient):
        await access.teams("shop/web")
    github.away = False
    assert await access.teams("shop/web") == {"web"}
