"""The demo's stand-in for GitHub takes statuses as GitHub does, and shows them."""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from fairway.adapters.forges.github.deployment_statuses import GithubDeploymentStatuses
from fairway.adapters.forges.github.signing_in import GithubWebFlow
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.errors import FairwayError
from fairway.entrypoints.demo.github import PERSON, Github, serve_github
from fairway.services.hookd.ports import StatusPost
from fairway.wiring.github_deployments import GithubLogin, github_deployments


class NoRedirects(urllib.request.HTTPErrorProcessor):
    """Answers of every status are answers."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response


SHOP = RepositoryName("shop", "web")


async def test_hookds_own_client_can_tell_it() -> None:
    shown: list[tuple[str, int, dict[str, Any]]] = []
    github = Github(lambda *told: shown.append(told))
    with serve_github(github) as url:
        statuses = GithubDeploymentStatuses(github_deployments(GithubLogin(api=url, token="demo")))
        for state, text in ((State.QUEUED, "queued"), (State.FAILURE, "crashes")):
            await statuses.post(StatusPost(SHOP, 4, state, text, "http://127.0.0.1/logs"))
        await statuses.aclose()
    assert [(where, number, body["state"]) for where, number, body in shown] == [
        ("shop/web", 4, "queued"),
        ("shop/web", 4, "failure"),
    ]
    assert github.states(4) == ["queued", "failure"]
    assert github.ended() == [4]
    assert github.states(5) == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/repos/shop/web/deployments/4/statuses", {"state": "success", "description": "x" * 141}, 422),
        ("/repos/shop/web/issues", {}, 404),
    ],
)
def test_what_github_would_refuse_is_refused(path: str, body: dict[str, Any], status: int) -> None:
    github = Github(lambda *told: None)
    assert github.post(path, body)[0] == status
    assert github.statuses == {}


async def test_the_portals_own_client_signs_in_and_sees_what_may_be_registered() -> None:
    with serve_github(Github(lambda *told: None)) as url:
        flow = GithubWebFlow(url, url, "demo", "secret", "http://127.0.0.1:1/auth/callback")
        with urllib.request.build_opener(NoRedirects).open(flow.authorize_url("a state", "challenge")) as answer:
            back = urlsplit(answer.headers["Location"])
        asked = dict(parse_qsl(back.query))
        assert (back.path, asked["state"]) == ("/auth/callback", "a state")
        token = await flow.exchange(asked["code"], "verifier")
        async with flow.as_person(token) as person:
            me = await person.me()
            found, more = await person.repositories()
            assert await person.is_member("shop")
            assert not await person.is_member("elsewhere")
            teams = await person.teams(found[0], me.login)
        await flow.revoke(token)
    assert me.login == PERSON
    assert ([one.name for one in found], more) == (["shop/web"], False)
    assert {team.slug: team.is_maintained for team in teams} == {"shop": True, "platform": False}


async def test_nothing_else_is_there() -> None:
    with serve_github(Github(lambda *told: None)) as url:
        deployments = github_deployments(GithubLogin(api=url, token="demo"))
        with pytest.raises(FairwayError):
            await deployments.statuses(SHOP, 4)
        await deployments.aclose()
