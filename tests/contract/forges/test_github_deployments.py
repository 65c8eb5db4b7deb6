"""Deployments and their statuses on GitHub, for repositories of many owners, against its published description."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.contract.forges.conftest import PATIENCE, github_api
from tests.contract.forges.test_github import pem
from tests.support.forges.github import APP_ID
from tests.support.forges.github_deployments import (
    BROKEN,
    EXPIRED,
    FORBIDDEN,
    RATE_LIMIT,
    SECONDARY_LIMIT,
    DeploymentsServer,
    Fault,
)
from tests.support.forges.serving import Answer, serving

from fairway.adapters.forges.answers import NotFound, RateLimited
from fairway.adapters.forges.api import Api, token_login
from fairway.adapters.forges.github import github_headers
from fairway.adapters.forges.github.app import App, Installations
from fairway.adapters.forges.github.deployment_statuses import SHORT, GithubDeploymentStatuses
from fairway.adapters.forges.github.deployments import Conflict, GithubDeployments, NewDeployment
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import StatusPost
from fairway.domain.errors import Terminal, Transient, UserError

SHOP = RepositoryName("shop", "web")
PAYLOAD = {"version": [1, 0, 0], "team": "shop", "kubernetes": {"resources": [{"kind": "ConfigMap"}]}}
WANTED = NewDeployment("prod", "main", PAYLOAD, "from the pipeline")
LOGS = "http://127.0.0.1:1/logs/1"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def server(key: rsa.RSAPrivateKey) -> Iterator[DeploymentsServer]:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()
    with serving(DeploymentsServer(public_key=public)) as running:
        assert isinstance(running, DeploymentsServer)
        yield running


@pytest.fixture
async def deployments(server: DeploymentsServer) -> AsyncIterator[GithubDeployments]:
    found = GithubDeployments(github_api(server))
    yield found
    await found.aclose()


@asynccontextmanager
async def statuses_as_app(
    server: DeploymentsServer, key: rsa.RSAPrivateKey, installation: int | None = None
) -> AsyncIterator[tuple[GithubDeploymentStatuses, list[float]]]:
    """hookd's port as an App, and a clock that can be put on."""
    now = [0.0]
    app = App(server.api, github_headers(), APP_ID, pem(key), patience=PATIENCE)
    installations = Installations(app, installation)
    api = Api("GitHub", server.api, token_login({}), headers=github_headers(), patience=SHORT)
    port = GithubDeploymentStatuses(GithubDeployments(api, installations), clock=lambda: now[0])
    yield port, now
    await port.aclose()


async def made(server: DeploymentsServer, repository: RepositoryName = SHOP) -> int:
    found = GithubDeployments(github_api(server))
    try:
        return (await found.create(repository, WANTED)).id
    finally:
        await found.aclose()


def post(
    number: int, state: State = State.QUEUED, text: str = "waiting", repository: RepositoryName = SHOP
) -> StatusPost:
    return StatusPost(repository, number, state, text, LOGS)


async def test_a_deployment_is_created_as_it_was_asked_for(
    server: DeploymentsServer, deployments: GithubDeployments
) -> None:
    found = await deployments.create(SHOP, WANTED)
    sent = server.asked[-1].body
    assert (sent["required_contexts"], sent["auto_merge"], sent["transient_environment"]) == ([], False, False)
    assert "production_environment" not in sent
    assert (found.environment, found.ref, found.sha, found.payload) == ("prod", "main", "1" * 40, PAYLOAD)
    assert await deployments.get(SHOP, found.id) == found


async def test_creating_one_sends_the_event_signed(server: DeploymentsServer, deployments: GithubDeployments) -> None:
    await deployments.create(SHOP, WANTED)
    delivery = server.hooks.deliveries[0]
    event = json.loads(delivery.body)
    assert (event["repository"]["full_name"], event["deployment"]["payload"]) == ("shop/web", PAYLOAD)
    headers = server.hooks.headers(delivery)
    assert headers["X-GitHub-Delivery"] == delivery.id
    assert len(headers["X-Hub-Signature-256"]) == len("sha256=") + 64
    assert len(headers["X-Hub-Signature"]) == len("sha1=") + 40


async def test_an_environment_that_comes_and_goes_is_told_so(
    server: DeploymentsServer, deployments: GithubDeployments
) -> None:
    await deployments.create(SHOP, NewDeployment("preview-7", "main", PAYLOAD, transient=True, production=False))
    sent = server.asked[-1].body
    assert (sent["transient_environment"], sent["production_environment"]) == (True, False)


@pytest.mark.parametrize(
    "text", ["Conflict merging main into topic.", "Conflict: Commit status checks failed for topic."]
)
async def test_a_ref_that_github_does_not_deploy_is_a_conflict_with_its_reason(
    text: str, server: DeploymentsServer, deployments: GithubDeployments
) -> None:
    server.refusals["main"] = Answer(409, {"message": text})
    with pytest.raises(Conflict, match=text.rstrip(".")) as caught:
        await deployments.create(SHOP, WANTED)
    assert "deploy again" in (caught.value.fix or "")
    assert server.deployments == {}


async def test_what_github_merged_is_no_deployment(server: DeploymentsServer, deployments: GithubDeployments) -> None:
    server.failures = [Answer(202, {"message": "Auto-merged main into topic on deployment."})]
    with pytest.raises(Terminal, match="Auto-merged main into topic"):
        await deployments.create(SHOP, WANTED)


async def test_a_ref_that_is_nowhere_is_named(server: DeploymentsServer, deployments: GithubDeployments) -> None:
    server.refusals["main"] = Answer(422, {"message": "No ref found for: main"})
    with pytest.raises(UserError, match="No ref found for: main") as caught:
        await deployments.create(SHOP, WANTED)
    assert "pushed" in (caught.value.fix or "")


async def test_a_repository_that_is_nowhere_is_named(server: DeploymentsServer, deployments: GithubDeployments) -> None:
    server.repositories = {"shop/other"}
    with pytest.raises(NotFound, match="no repository shop/web"):
        await deployments.create(SHOP, WANTED)


async def test_a_created_deployment_whose_answer_got_lost_can_be_found(
    server: DeploymentsServer, deployments: GithubDeployments
) -> None:
    await deployments.create(SHOP, NewDeployment("other", "main", PAYLOAD))
    server.faults = [Fault("POST", "/deployments")]
    with pytest.raises(Transient):
        await deployments.create(SHOP, WANTED)
    assert [one.payload for one in await deployments.newest(SHOP, "prod")] == [PAYLOAD]
    assert await deployments.newest(SHOP, "prod", ref="elsewhere") == []


async def test_statuses_come_oldest_first_over_several_pages(
    server: DeploymentsServer, deployments: GithubDeployments
) -> None:
    number = await made(server)
    for n in range(7):
        await deployments.give(SHOP, number, {"state": "queued", "description": str(n)})
    assert [one.description for one in await deployments.statuses(SHOP, number)] == [str(n) for n in range(7)]
    newest = await deployments.newest_status(SHOP, number)
    assert newest is not None
    assert newest.description == "6"


async def test_each_owner_has_one_installation_and_one_token(server: DeploymentsServer, key: rsa.RSAPrivateKey) -> None:
    server.installed = {"shop": 1, "bank": 2}
    places = [SHOP, RepositoryName("Shop", "orders"), RepositoryName("bank", "web")]
    numbers = [await made(server, place) for place in places]
    async with statuses_as_app(server, key) as (port, _):
        for _ in range(3):
            for place, number in zip(places, numbers, strict=True):
                await port.post(post(number, repository=place))
    assert server.count("GET", "/installation") == 2
    assert server.count("POST", "access_tokens") == 2
    assert [one.states for one in server.deployments.values()] == [["queued"] * 3] * 3


async def test_a_named_installation_is_not_looked_for(server: DeploymentsServer, key: rsa.RSAPrivateKey) -> None:
    number = await made(server)
    async with statuses_as_app(server, key, 99) as (port, _):
        await port.post(post(number))
    assert server.count("GET", "/installation") == 0


async def test_many_at_once_buy_one_token(server: DeploymentsServer, key: rsa.RSAPrivateKey) -> None:
    numbers = [await made(server) for _ in range(20)]
    async with statuses_as_app(server, key, 99) as (port, _):
        await asyncio.gather(*(port.post(post(number)) for number in numbers))
    assert server.count("POST", "access_tokens") == 1
    assert all(kept.states == ["queued"] for kept in server.deployments.values())


class Counted(GithubDeployments):
    """Counts how many are given at the same time."""

    now = most = 0

    async def give(self, repository: RepositoryName, number: int, status: Mapping[str, Any]) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await super().give(repository, number, status)
        self.now -= 1


async def test_no_more_are_told_at_once_than_is_allowed(server: DeploymentsServer) -> None:
    numbers = [await made(server) for _ in range(12)]
    counted = Counted(github_api(server))
    port = GithubDeploymentStatuses(counted, at_once=3)
    await asyncio.gather(*(port.post(post(number)) for number in numbers))
    await port.aclose()
    assert counted.most == 3
    assert all(kept.states == ["queued"] for kept in server.deployments.values())


async def test_an_app_that_was_installed_again_is_found_again(
    server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        await port.post(post(number))
        server.installed = {"shop": 100}
        server.expire_tokens()
        await port.post(post(number, State.SUCCESS))
    assert server.deployments[number].states == ["queued", "success"]


async def test_a_token_that_expired_early_is_replaced(server: DeploymentsServer, key: rsa.RSAPrivateKey) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        await port.post(post(number))
        server.expire_tokens()
        await port.post(post(number, State.SUCCESS))
    assert server.count("POST", "access_tokens") == 2
    assert server.deployments[number].states == ["queued", "success"]


async def test_an_owner_without_the_app_fails_for_good_and_alone(
    server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        with pytest.raises(UserError, match="not installed for bank/web"):
            await port.post(post(1, repository=RepositoryName("bank", "web")))
        await port.post(post(number))
    assert server.deployments[number].states == ["queued"]


async def test_a_login_that_is_refused_may_be_set_right_later(
    server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        server.faults = [Fault("POST", "/statuses", EXPIRED, times=2)]
        with pytest.raises(Transient, match="refused the login"):
            await port.post(post(number))
        await port.post(post(number))
    assert server.deployments[number].states == ["queued"]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (FORBIDDEN, "Resource not accessible by integration"),
        (Answer(404, {"message": "Not Found"}), "there is no deployment"),
        (Answer(410, {"message": "Gone"}), "there is no deployment"),
        (Answer(422, {"message": "Validation Failed"}), "Validation Failed"),
    ],
)
async def test_what_asking_again_does_not_change_is_for_good(
    answer: Answer, text: str, server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        server.faults = [Fault("POST", "/statuses", answer)]
        with pytest.raises(UserError, match=text):
            await port.post(post(number))
    assert server.count("POST", "/statuses") == 1


async def test_a_post_is_tried_once_since_it_may_have_arrived(
    server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        for fault in (Fault("POST", "/statuses", BROKEN), Fault("POST", "/statuses")):
            server.faults = [fault]
            with pytest.raises(Transient):
                await port.post(post(number))
        assert server.count("POST", "/statuses") == 2
        assert await port.states(SHOP, number) == [State.QUEUED]


@pytest.mark.parametrize("answer", [RATE_LIMIT, SECONDARY_LIMIT, Answer(429, {"message": "slow down"})])
async def test_an_owner_at_its_limit_is_left_alone_until_it_ends(
    answer: Answer, server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    server.installed = {"shop": 1, "bank": 2}
    bank = RepositoryName("bank", "web")
    number, other = await made(server), await made(server, bank)
    async with statuses_as_app(server, key) as (port, now):
        server.faults = [Fault("POST", "/statuses", answer)]
        with pytest.raises(RateLimited) as caught:
            await port.post(post(number))
        with pytest.raises(RateLimited):
            await port.post(post(number))
        assert server.count("POST", "/statuses") == 1
        await port.post(post(other, repository=bank))
        now[0] += caught.value.after.total_seconds() + 1
        await port.post(post(number))
    assert server.deployments[number].states == ["queued"]


async def test_a_description_is_cut_by_characters_and_others_stay_active(
    server: DeploymentsServer, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        url = "https://web.shop.example"
        await port.post(StatusPost(SHOP, number, State.FAILURE, "ø" * 200 + "\nmore", LOGS, url))
    (shown,) = server.deployments[number].statuses
    assert len(shown["description"]) == 140
    assert (shown["log_url"], shown["environment_url"]) == (LOGS, url)
    assert server.asked[-1].body["auto_inactive"] is False


async def test_states_are_told_oldest_first_and_others_words_left_out(
    server: DeploymentsServer, deployments: GithubDeployments, key: rsa.RSAPrivateKey
) -> None:
    number = await made(server)
    async with statuses_as_app(server, key) as (port, _):
        await deployments.give(SHOP, number, {"state": "pending"})
        for state in (State.QUEUED, State.SUCCESS, State.ROLLED_BACK):
            await port.post(post(number, state))
        assert await port.states(SHOP, number) == [State.QUEUED, State.SUCCESS, State.INACTIVE]
        assert await port.states(SHOP, 4242) == []
        newest = await port.newest(SHOP, number)
    assert newest is not None
    assert newest.state == "inactive"
