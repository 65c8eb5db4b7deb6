"""Asking GitHub: what the deployment is like, and which one is one's own when an answer got lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.contract.asking.conftest import WANTED
from tests.support.forges.github_deployments import BROKEN, DeploymentsServer, Fault
from tests.support.forges.serving import Answer, serving

from fairway.adapters.forges.github.asking import GithubAddressee
from fairway.adapters.forges.github.deployments import GithubDeployments, NewDeployment
from fairway.domain.dispatch.payloads import read_payload
from fairway.domain.dispatch.wanted import payload_of
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.services.asking.ports import Addressee
from fairway.wiring.asking import ask_github
from fairway.wiring.github_deployments import GithubLogin, github_deployments


@pytest.fixture
def server() -> Iterator[DeploymentsServer]:
    with serving(DeploymentsServer()) as running:
        assert isinstance(running, DeploymentsServer)
        yield running


@pytest.fixture
async def addressee(server: DeploymentsServer) -> AsyncIterator[Addressee]:
    """As the command line opens it."""
    made = ask_github(GithubLogin(server.api, server.token))
    yield made
    await made.aclose()


async def somebody_elses(server: DeploymentsServer, payload: dict[str, object]) -> int:
    deployments = github_deployments(GithubLogin(server.api, server.token))
    made = await deployments.create(WANTED.repository, NewDeployment(WANTED.cluster, WANTED.ref, payload))
    await deployments.aclose()
    return made.id


async def test_the_payload_is_as_hookd_reads_it(server: DeploymentsServer, addressee: Addressee) -> None:
    receipt = await addressee.ask(WANTED)
    shown = server.deployments[int(receipt.id)].shown
    payload = read_payload(shown["payload"])
    assert (payload.team, list(payload.resources)) == (WANTED.team, list(WANTED.resources))
    assert (shown["environment"], shown["description"]) == (WANTED.cluster, WANTED.description)
    assert receipt.log_url == f"{server.url}/{WANTED.repository}/deployments/{WANTED.cluster}"


@pytest.mark.parametrize(("transient", "production"), [(False, None), (True, False), (False, True)])
async def test_what_kind_of_environment_it_is_is_told(
    transient: bool, production: bool | None, server: DeploymentsServer
) -> None:
    made = ask_github(GithubLogin(server.api, server.token), transient=transient, production=production)
    await made.ask(WANTED)
    await made.aclose()
    sent = server.asked[-1].body
    assert (sent["transient_environment"], sent.get("production_environment")) == (transient, production)


async def test_an_older_deployment_of_the_same_is_not_ones_own(server: DeploymentsServer, addressee: Addressee) -> None:
    before = await somebody_elses(server, payload_of(WANTED.team, WANTED.resources))
    server.faults = [Fault("POST", "/deployments", BROKEN)]
    with pytest.raises(Transient):
        await addressee.ask(WANTED)
    receipt = await addressee.ask(WANTED)
    assert int(receipt.id) > before
    assert len(server.deployments) == 2


async def test_a_newer_deployment_of_something_else_is_not_ones_own(
    server: DeploymentsServer, addressee: Addressee
) -> None:
    server.faults = [Fault("POST", "/deployments")]
    with pytest.raises(Transient):
        await addressee.ask(WANTED)
    (own,) = server.deployments
    await somebody_elses(server, payload_of("bank", WANTED.resources))
    assert (await addressee.ask(WANTED)).id == str(own)


async def test_the_look_for_a_lost_one_may_fail_too(server: DeploymentsServer, addressee: Addressee) -> None:
    server.faults = [Fault("POST", "/deployments")]
    for _ in range(3):
        with pytest.raises(Transient):
            await addressee.ask(WANTED)
        server.faults = [Fault("GET", "/deployments", BROKEN)]
    server.faults = []
    await addressee.ask(WANTED)
    assert len(server.deployments) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(409, {"message": "Conflict merging main into topic."}), UserError),
        (Answer(422, {"message": "No ref found for: main"}), UserError),
        (Answer(202, {"message": "Auto-merged main into topic on deployment."}), Terminal),
    ],
)
async def test_what_github_does_not_deploy_is_told_and_not_asked_again(
    answer: Answer, error: type[Exception], server: DeploymentsServer, addressee: Addressee
) -> None:
    server.faults = [Fault("POST", "/deployments", answer)]
    with pytest.raises(error, match=str(answer.data["message"]).rstrip(".")):
        await addressee.ask(replace(WANTED, ref="main"))
    assert server.count("POST", "/deployments") == 1


async def test_a_login_is_needed() -> None:
    with pytest.raises(UserError, match="there is no login for GitHub"):
        ask_github(GithubLogin())
    with pytest.raises(UserError, match="no key for the GitHub App 7"):
        ask_github(GithubLogin(app_id=7))


async def test_enterprise_server_is_reached_below_its_own_path() -> None:
    with serving(DeploymentsServer(base="/api/v3")) as server:
        made = ask_github(GithubLogin(f"{server.url}/api/v3", server.token))
        assert isinstance(made, GithubAddressee)
        receipt = await made.ask(WANTED)
        await made.aclose()
    assert receipt.log_url.startswith(f"{server.url}/example/orders/")


async def test_one_connection_serves_all(server: DeploymentsServer) -> None:
    deployments = github_deployments(GithubLogin(server.api, server.token))
    assert isinstance(deployments, GithubDeployments)
    assert deployments.of(WANTED.repository) is deployments.of(replace(WANTED).repository)
    await deployments.aclose()
    await deployments.aclose()
