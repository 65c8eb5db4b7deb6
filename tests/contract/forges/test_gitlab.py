"""What only GitLab has: nested groups, pipelines to wait for, and a state machine behind a commit's status."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.contract.forges.conftest import gitlab_api
from tests.contract.forges.test_every_forge import WANTED
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.serving import serving

from fairway.adapters.forges.gitlab import GitlabForge
from fairway.domain.errors import Terminal, UserError
from fairway.services.forges.ports import CommitState, Status


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with serving(GitlabServer()) as running:
        assert isinstance(running, GitlabServer)
        yield running


@pytest.fixture
async def forge(server: GitlabServer) -> AsyncIterator[GitlabForge]:
    api = gitlab_api(server)
    yield GitlabForge(api, server.world.path, server.url, pause=0.001)
    await api.aclose()


async def test_a_project_in_nested_groups_is_one_word(server: GitlabServer, forge: GitlabForge) -> None:
    server.world.push(WANTED.branch)
    made = await forge.propose(WANTED)
    assert made.url.endswith("shop/platform/deployments/-/merge_requests/1")
    assert {one.path.split("/")[2] for one in server.asked} == {"shop%2Fplatform%2Fdeployments"}


async def test_auto_merge_waits_until_gitlab_knows(server: GitlabServer, forge: GitlabForge) -> None:
    server.undecided = 5
    server.world.push(WANTED.branch)
    assert (await forge.propose(replace(WANTED, auto_merge=True))).auto_merge


async def test_without_a_pipeline_nothing_is_merged(server: GitlabServer, forge: GitlabForge) -> None:
    server.pipeline = ""
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, auto_merge=True))
    assert (made.merged, made.auto_merge) == (False, False)
    assert made.notes == ("auto-merge was not switched on: there is no pipeline of this commit to wait for",)


@pytest.mark.parametrize(("pipeline", "merged"), [("success", True), ("failed", False)])
async def test_a_pipeline_that_has_ended_decides_at_once(
    pipeline: str, merged: bool, server: GitlabServer, forge: GitlabForge
) -> None:
    server.pipeline = pipeline
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, auto_merge=True))
    assert (made.merged, bool(made.notes)) == (merged, not merged)


async def test_an_auto_merge_that_cannot_be_taken_back_is_an_error(server: GitlabServer, forge: GitlabForge) -> None:
    server.world.push(WANTED.branch)
    await forge.propose(replace(WANTED, auto_merge=True))
    server.keeps_auto_merge = True
    with pytest.raises(Terminal, match="could not be taken back"):
        await forge.propose(WANTED)


async def test_groups_and_strangers_cannot_review(server: GitlabServer, forge: GitlabForge) -> None:
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, reviewers=["shop/platform", "nobody", "bert"]))
    assert server.world.requests[1].reviewers == ["bert"]
    assert [note.partition(" ")[0] for note in made.notes] == ["shop/platform", "nobody"]


async def test_the_same_status_twice_is_no_error(server: GitlabServer, forge: GitlabForge) -> None:
    for _ in range(2):
        await forge.set_status(Status("a" * 40, "fairway/plan", CommitState.PENDING, "planning"))
    assert len(server.world.said) == 1


async def test_what_a_person_would_have_to_mend_is_told(server: GitlabServer, forge: GitlabForge) -> None:
    server.world.path = "another/one"
    with pytest.raises(UserError, match="knows no"):
        await forge.open_requests("")
