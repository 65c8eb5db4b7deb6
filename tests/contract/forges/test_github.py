"""What only GitHub has: Apps, check runs, its rate limits, and merging where nothing is left to wait for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.contract.forges.conftest import PATIENCE, github_api
from tests.contract.forges.test_every_forge import WANTED
from tests.support.forges.app_key import pem, public_pem
from tests.support.forges.github import APP_ID, INSTALLATION, GithubServer
from tests.support.forges.serving import Answer, serving

from fairway.adapters.forges.api import Api
from fairway.adapters.forges.github import GithubForge, github_headers
from fairway.adapters.forges.github.app import App, Installations
from fairway.domain.errors import Diagnostic, Position, Severity, Terminal, Transient, UserError
from fairway.services.forges.ports import CommitState, Status


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def server(key: rsa.RSAPrivateKey) -> Iterator[GithubServer]:
    with serving(GithubServer(public_key=public_pem(key))) as running:
        assert isinstance(running, GithubServer)
        yield running


@pytest.fixture
async def forge(server: GithubServer) -> AsyncIterator[GithubForge]:
    api = github_api(server)
    yield GithubForge(api, server.world.path, server.url)
    await api.aclose()


@asynccontextmanager
async def as_app(
    server: GithubServer, private_key: str, installation: int | None = None
) -> AsyncIterator[tuple[GithubForge, list[float]]]:
    """A forge that logs in as an App, and a clock that can be put on (seconds beyond now)."""
    beyond = [0.0]

    def clock() -> float:
        return time.time() + beyond[0]

    app = App(server.api, github_headers(), APP_ID, private_key, patience=PATIENCE, clock=clock)
    installations = Installations(app, installation)
    login = installations.login(server.world.path)
    api = Api("GitHub", server.api, login, headers=github_headers(), patience=PATIENCE, clock=clock)
    yield GithubForge(api, server.world.path, server.url, check_runs=True), beyond
    await api.aclose()
    await installations.aclose()


def lint(count: int) -> list[Diagnostic]:
    return [
        Diagnostic(f"mistake {n}", Position("releases/web.yaml", n + 1, 3), "mend it", Severity.ERROR, "unknown-key")
        for n in range(count)
    ]


@pytest.mark.parametrize("installation", [None, INSTALLATION])
async def test_an_app_buys_one_token_and_keeps_it(
    installation: int | None, server: GithubServer, key: rsa.RSAPrivateKey
) -> None:
    async with as_app(server, pem(key), installation) as (forge, _):
        for _ in range(3):
            await forge.open_requests("fairway/")
    assert server.count("POST", "access_tokens") == 1
    assert server.count("GET", "/installation") == (1 if installation is None else 0)


async def test_a_token_is_replaced_shortly_before_its_end(server: GithubServer, key: rsa.RSAPrivateKey) -> None:
    async with as_app(server, pem(key)) as (forge, beyond):
        await forge.open_requests("fairway/")
        beyond[0] = 3600 - 400
        await forge.open_requests("fairway/")
        assert server.count("POST", "access_tokens") == 1
        beyond[0] = 3600 - 200
        await forge.open_requests("fairway/")
    assert server.count("POST", "access_tokens") == 2


async def test_a_token_that_is_refused_is_replaced_once(server: GithubServer, key: rsa.RSAPrivateKey) -> None:
    async with as_app(server, pem(key)) as (forge, _):
        await forge.open_requests("fairway/")
        server.installation_tokens.append("revoked: only the newest one is good")
        await forge.open_requests("fairway/")
    assert server.count("POST", "access_tokens") == 2


async def test_an_app_that_is_not_installed_is_named(server: GithubServer, key: rsa.RSAPrivateKey) -> None:
    async with as_app(server, pem(key), 1) as (forge, _):
        with pytest.raises(UserError, match="App 4711 is not installed for shop/deployments"):
            await forge.open_requests("")


async def test_a_key_that_is_none_is_told_without_showing_it(server: GithubServer) -> None:
    async with as_app(server, "-----BEGIN hunter2-----") as (forge, _):
        with pytest.raises(UserError, match="private key cannot be read") as caught:
            await forge.open_requests("")
    assert "hunter2" not in str(caught.value)


async def test_a_check_run_carries_every_annotation(server: GithubServer, key: rsa.RSAPrivateKey) -> None:
    elsewhere = Diagnostic("no cluster answers", Position("environments.yaml"))
    async with as_app(server, pem(key)) as (forge, _):
        await forge.set_status(Status("a" * 40, "fairway/plan", CommitState.PENDING, "planning"))
        status = Status(
            "a" * 40, "fairway/plan", CommitState.FAILURE, "121 errors", annotations=[*lint(120), elsewhere]
        )
        await forge.set_status(status)
    said = server.world.said[-1]
    assert (said.state, len(said.annotations), len(server.checks)) == ("failure", 120, 1)
    assert said.annotations[7] == ("releases/web.yaml", 8, "failure", "mistake 7\nmend it")
    sent = [one.body["output"] for one in server.asked if one.body and "output" in one.body]
    assert [len(one.get("annotations", [])) for one in sent] == [0, 50, 50, 20]
    assert "environments.yaml no cluster answers" in sent[1]["summary"]


async def test_a_check_run_that_ended_is_followed_by_a_new_one(server: GithubServer, key: rsa.RSAPrivateKey) -> None:
    async with as_app(server, pem(key)) as (forge, _):
        for count in (2, 1):
            status = Status("a" * 40, "fairway/plan", CommitState.FAILURE, "errors", annotations=lint(count))
            await forge.set_status(status)
    assert [len(one["_annotations"]) for one in server.checks.values()] == [2, 1]


async def test_a_token_that_may_not_make_check_runs_sets_a_status(server: GithubServer) -> None:
    api = github_api(server)
    forge = GithubForge(api, server.world.path, server.url, check_runs=True)
    await forge.set_status(Status("a" * 40, "fairway/plan", CommitState.SUCCESS, "fine", annotations=lint(1)))
    await api.aclose()
    assert [(one.kind, one.state) for one in server.world.said] == [("status", "success")]


async def test_where_nothing_is_left_to_wait_for_it_is_merged(server: GithubServer, forge: GithubForge) -> None:
    server.world.clean = True
    commit = server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, auto_merge=True))
    assert (made.merged, made.auto_merge, made.notes) == (True, False, ())
    assert server.world.branches["main"] == commit


async def test_a_repository_without_auto_merge_keeps_the_request_open(server: GithubServer, forge: GithubForge) -> None:
    server.world.may_auto_merge = False
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, auto_merge=True))
    assert not made.merged
    assert made.notes == (
        "auto-merge could not be switched on: Pull request Auto merge is not allowed for this repository",
    )


async def test_a_reviewer_who_is_unknown_is_a_note(server: GithubServer, forge: GithubForge) -> None:
    server.world.push(WANTED.branch)
    made = await forge.propose(replace(WANTED, reviewers=["nobody", "anna", "shop/platform"]))
    assert (server.world.requests[1].reviewers, server.world.requests[1].teams) == (["anna"], ["shop/platform"])
    assert len(made.notes) == 1
    assert "nobody could not be asked" in made.notes[0]


async def test_a_fork_with_the_same_branch_is_left_alone(server: GithubServer, forge: GithubForge) -> None:
    server.world.push(WANTED.branch)
    foreign = server.world.open(WANTED.branch, "main", "a trap", "", fork=True)
    made = await forge.propose(WANTED)
    assert made.number != foreign.number
    assert [one.number for one in await forge.open_requests("fairway/")] == [made.number]
    assert foreign.title == "a trap"


async def test_an_answer_that_got_lost_does_not_open_a_second_request(server: GithubServer, forge: GithubForge) -> None:
    server.world.push(WANTED.branch)
    server.lose = "POST"
    with pytest.raises(Transient):
        await forge.propose(WANTED)
    made = await forge.propose(WANTED)
    assert (made.number, server.count("POST", "/pulls")) == (1, 1)


async def test_reading_is_tried_again_when_an_answer_gets_lost(server: GithubServer, forge: GithubForge) -> None:
    server.lose = "GET"
    assert await forge.open_requests("") == []
    assert server.count("GET") == 2


async def test_a_short_rate_limit_is_waited_for(server: GithubServer, forge: GithubForge) -> None:
    server.failures = [
        Answer(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}),
        Answer(429, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "0"}),
    ]
    assert await forge.open_requests("") == []
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "3600"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}, {}],
)
async def test_a_long_rate_limit_is_an_error_that_passes(
    headers: dict[str, str], server: GithubServer, forge: GithubForge
) -> None:
    server.failures = [Answer(403, {"message": "You have exceeded a secondary rate limit."}, headers)]
    with pytest.raises(Transient, match="allows no more requests"):
        await forge.open_requests("")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_passing_failure_is_tried_again(status: int, server: GithubServer, forge: GithubForge) -> None:
    server.failures = [Answer(status, {"message": "We had issues producing the response"})]
    assert await forge.open_requests("") == []


async def test_a_forge_that_keeps_failing_is_a_passing_problem(server: GithubServer, forge: GithubForge) -> None:
    server.failures = [Answer(502, None)] * 9
    with pytest.raises(Transient, match="it answers 502"):
        await forge.open_requests("")


async def test_nobody_at_the_address_is_a_passing_problem() -> None:
    api = github_api(GithubServer(url="http://127.0.0.1:1"))
    with pytest.raises(Transient, match="cannot be reached"):
        await GithubForge(api, "o/r", "http://127.0.0.1:1").open_requests("")
    await api.aclose()


async def test_a_wrong_token_is_named_and_never_shown(server: GithubServer) -> None:
    server.token = "ghp_" + "a" * 36
    api = github_api(server)
    server.token = "another"
    with pytest.raises(UserError, match="GitHub refused the login: Bad credentials") as caught:
        await GithubForge(api, server.world.path, server.url).open_requests("")
    await api.aclose()
    assert "aaaa" not in f"{caught.value}{caught.value.fix}"


async def test_what_a_forge_says_is_masked(server: GithubServer, forge: GithubForge) -> None:
    server.failures = [Answer(422, {"message": "Validation Failed", "errors": [{"message": "token=hunter2hunter2"}]})]
    with pytest.raises(UserError, match="Validation Failed") as caught:
        await forge.open_requests("")
    assert "hunter2" not in str(caught.value)


async def test_a_page_at_another_host_is_not_followed(server: GithubServer, forge: GithubForge) -> None:
    server.failures = [Answer(200, [], {"Link": '<http://evil.example/x>; rel="next"'})]
    with pytest.raises(Terminal, match="another host"):
        await forge.open_requests("")


async def test_a_repository_that_moved_is_followed_for_reading_only(server: GithubServer, forge: GithubForge) -> None:
    moved = Answer(301, {"message": "Moved Permanently"}, {"Location": f"{server.url}/repos/shop/deployments/pulls"})
    server.failures = [moved]
    assert await forge.open_requests("") == []
    server.failures = [moved]
    with pytest.raises(UserError, match="has moved to"):
        await forge.add_comment(1, "x")


async def test_what_is_no_api_is_told(server: GithubServer, forge: GithubForge) -> None:
    server.failures = [Answer(200, {"message": "hello"})]
    with pytest.raises(Terminal, match="not a list"):
        await forge.open_requests("")


async def test_a_forge_that_never_has_time_is_not_asked_without_end(server: GithubServer, forge: GithubForge) -> None:
    server.failures = [Answer(429, {"message": "slow down"}, {"Retry-After": "0"})] * 99
    with pytest.raises(Transient, match="slow down"):
        await forge.open_requests("")
    assert len(server.asked) == 6


async def test_line_ends_that_a_forge_changed_are_no_change(server: GithubServer, forge: GithubForge) -> None:
    server.world.push(WANTED.branch)
    await forge.propose(WANTED)
    server.world.requests[1].body = WANTED.body.replace("\n", "\r\n") + "\r\n"
    await forge.propose(WANTED)
    assert server.count("PATCH") == 0


async def test_enterprise_server_has_graphql_beside_its_rest() -> None:
    with serving(GithubServer(base="/api/v3")) as server:
        api = github_api(server)
        forge = GithubForge(api, server.world.path, server.url)
        server.world.push(WANTED.branch)
        made = await forge.propose(replace(WANTED, auto_merge=True))
        await forge.add_comment(made.number, "ours")
        server.world.note(made.number, "anna", "hers")
        assert [one.body for one in await forge.comments(made.number)] == ["ours"]
        await api.aclose()
    assert made.auto_merge
    assert {one.path for one in server.asked if "graphql" in one.path} == {"/api/graphql"}
