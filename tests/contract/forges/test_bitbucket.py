"""What only Bitbucket Cloud has: default reviewers, people without names, and neither labels nor auto-merge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.contract.forges.conftest import bitbucket_api
from tests.contract.forges.test_every_forge import WANTED
from tests.support.forges.bitbucket import BitbucketServer
from tests.support.forges.serving import serving
from tests.support.forges.world import ME

from fairway.adapters.forges.bitbucket import BitbucketForge
from fairway.services.forges.ports import CommitState, Status


@pytest.fixture
def server() -> Iterator[BitbucketServer]:
    with serving(BitbucketServer()) as running:
        assert isinstance(running, BitbucketServer)
        yield running


@pytest.fixture
async def forge(server: BitbucketServer) -> AsyncIterator[BitbucketForge]:
    api = bitbucket_api(server)
    yield BitbucketForge(api, server.world.path, server.url)
    await api.aclose()


async def test_default_reviewers_are_asked_but_never_the_author(server: BitbucketServer, forge: BitbucketForge) -> None:
    server.defaults = [ME, "carla"]
    server.world.push(WANTED.branch)
    await forge.propose(replace(WANTED, reviewers=["anna"]))
    assert server.world.requests[1].reviewers == ["anna", "carla"]


async def test_a_reviewer_whom_somebody_took_off_is_not_put_back_by_default(
    server: BitbucketServer, forge: BitbucketForge
) -> None:
    server.defaults = ["carla"]
    server.world.push(WANTED.branch)
    await forge.propose(WANTED)
    server.world.requests[1].reviewers = []
    await forge.propose(replace(WANTED, title="newer"))
    assert server.world.requests[1].reviewers == []


async def test_people_are_found_by_nickname_account_or_uuid(server: BitbucketServer, forge: BitbucketForge) -> None:
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, reviewers=["{dora-uuid}", "557058:bert", "nobody"]))
    assert server.world.requests[1].reviewers == ["dora", "bert"]
    assert made.notes == ("nobody could not be asked for a review: no such member",)


async def test_auto_merge_is_a_note(server: BitbucketServer, forge: BitbucketForge) -> None:
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, auto_merge=True))
    assert (made.auto_merge, len(made.notes)) == (False, 1)


async def test_long_contexts_stay_apart(server: BitbucketServer, forge: BitbucketForge) -> None:
    for n in range(2):
        name = f"fairway/plan deployments/environments.yaml production-{n}"
        await forge.set_status(Status("a" * 40, name, CommitState.SUCCESS, "fine"))
    keys = {one.body["key"] for one in server.asked if one.body}
    assert len(keys) == 2
    assert server.world.said[0].url.endswith("/commits/" + "a" * 40)
