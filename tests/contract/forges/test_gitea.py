"""What only Gitea and Forgejo have: labels that must be made first, and merges that are scheduled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.contract.forges.conftest import gitea_api
from tests.contract.forges.test_every_forge import WANTED
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.serving import serving

from fairway.adapters.forges.gitea import GiteaForge


@pytest.fixture
def server() -> Iterator[GiteaServer]:
    with serving(GiteaServer()) as running:
        assert isinstance(running, GiteaServer)
        yield running


@pytest.fixture
async def forge(server: GiteaServer) -> AsyncIterator[GiteaForge]:
    api = gitea_api(server)
    yield GiteaForge(api, server.world.path, server.url)
    await api.aclose()


async def test_only_labels_that_are_lacking_are_made(server: GiteaServer, forge: GiteaForge) -> None:
    server.world.labels = {n: f"other {n}" for n in range(1, 5)} | {9: "upgrade"}
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, labels=["upgrade", "fairway"]))
    assert sorted(made.labels) == ["fairway", "upgrade"]
    assert sorted(server.world.labels.values()).count("upgrade") == 1


async def test_where_nothing_is_left_to_wait_for_it_is_merged(server: GiteaServer, forge: GiteaForge) -> None:
    server.world.clean = True
    commit = server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, auto_merge=True))
    assert (made.merged, made.auto_merge) == (True, False)
    assert server.world.branches["main"] == commit


async def test_a_reviewer_who_is_unknown_is_a_note(server: GiteaServer, forge: GiteaForge) -> None:
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, reviewers=["nobody", "anna", "shop/owners"]))
    assert (server.world.requests[1].reviewers, server.world.requests[1].teams) == (["anna"], ["owners"])
    assert [note.partition(" ")[0] for note in made.notes] == ["nobody"]


async def test_a_token_that_may_not_say_who_it_is_finds_its_comment_all_the_same(
    server: GiteaServer, forge: GiteaForge
) -> None:
    server.tells_who = False
    server.world.push(WANTED.branch)
    number = (await forge.propose(WANTED)).number
    await forge.add_comment(number, "ours")
    server.world.note(number, "anna", "hers")
    assert [one.body for one in await forge.comments(number)] == ["ours", "hers"]
