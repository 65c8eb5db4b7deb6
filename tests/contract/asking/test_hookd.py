"""Asking hookd itself: signatures and tokens, its answers in full, and what is no hookd at all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.contract.asking.conftest import WANTED, LosingHookd
from tests.support.asking import SECRET, asking
from tests.support.forges.serving import Answer as Served
from tests.support.forges.serving import Asked as Request
from tests.support.forges.serving import ForgeServer, serving

from fairway.adapters.hookd.calls import MOST_BYTES, Answer, Hookd, Refusal, told_of
from fairway.adapters.hookd.events import HookdEvents, event_of
from fairway.adapters.hookd.rest import HookdApi
from fairway.adapters.hookd.signing import ActionsToken, TeamKey
from fairway.domain.errors import FairwayError, Refused, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater

KEY = "ab" * 32


class Server(ForgeServer):
    """Answers everything with `answer`."""

    answer: Callable[[Request], Served]

    def serve(self, asked: Request) -> Served:
        self.asked.append(asked)
        return self.answer(asked)


@contextmanager
def answering(answer: Callable[[Request], Served]) -> Iterator[Server]:
    server = Server()
    server.answer = answer
    with serving(server):
        yield server


class Tokens:
    """Takes the tokens that it knows."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]]) -> None:
        self.known = known

    async def claims(self, token: str) -> Mapping[str, Any]:
        if token not in self.known:
            raise Refused("the token is not good")
        return self.known[token]


async def test_a_key_that_is_not_the_teams_is_refused_with_a_way_out() -> None:
    async with asking() as asked:
        await asked.keys.rotate("shop", keep_old_for=60)
        api = HookdApi(Hookd(str(asked.client.base_url)), TeamKey(KEY))
        with pytest.raises(Refusal, match="401") as caught:
            await api.ask(WANTED)
        await api.aclose()
    assert "clock" in (caught.value.fix or "")
    assert KEY not in f"{caught.value}"


@pytest.mark.parametrize("key", ["", "hunter2", "abc", "zz" * 32])
def test_a_key_that_is_none_is_told_without_showing_it(key: str) -> None:
    with pytest.raises(UserError, match="the team's key can't be read") as caught:
        TeamKey(key)
    assert "hunter2" not in f"{caught.value}{caught.value.fix}"


async def test_a_request_too_old_to_be_sent_again_is_looked_for_first() -> None:
    now = [time.time()]
    async with asking() as asked:
        hookd = LosingHookd(str(asked.client.base_url))
        key = await asked.keys.rotate("shop", keep_old_for=60)
        api = HookdApi(hookd, TeamKey(key.hex()), now=lambda: now[0])
        hookd.loses = True
        with pytest.raises(Transient):
            await api.ask(WANTED)
        now[0] += 20
        receipt = await api.ask(WANTED)
        assert (receipt.code, receipt.text) == (200, "already accepted")
        assert [one.delivery_id for one in await asked.store.find()] == [receipt.id]
        await api.aclose()


async def test_a_request_that_never_arrived_is_made_anew() -> None:
    now = [time.time() - 20]
    async with asking() as asked:
        key = await asked.keys.rotate("shop", keep_old_for=60)
        hookd = Hookd(str(asked.client.base_url))
        api = HookdApi(hookd, TeamKey(key.hex()), now=lambda: now[0])
        address, hookd.base = hookd.base, "http://127.0.0.1:1"
        with pytest.raises(Transient):
            await api.ask(WANTED)
        hookd.base = address
        now[0] += 20
        assert (await api.ask(WANTED)).code == 201
        await api.aclose()


async def test_a_job_of_github_actions_needs_no_key() -> None:
    token = {"repository": "example/orders", "actor": "anna", "sha": "3" * 40, "run_id": "77"}
    with answering(lambda asked: Served(200, {"value": "the-jobs-token"})) as actions:
        async with asking(tokens=Tokens({"the-jobs-token": token})) as asked:
            hookd = Hookd(str(asked.client.base_url))
            api = HookdApi(hookd, ActionsToken(f"{actions.url}/token?api-version=2.0", "asking", "fairway deploy"))
            receipt = await api.ask(WANTED)
            assert [one.state for one in await api.statuses(receipt)] == ["queued"]
            (tracked,) = await asked.store.find()
            await api.aclose()
    assert (tracked.origin.creator, tracked.origin.sha) == ("anna", "3" * 40)
    (bought,) = actions.asked
    assert bought.query == {"api-version": "2.0", "audience": "fairway deploy"}
    assert bought.headers["authorization"] == "Bearer asking"


async def test_a_job_that_may_not_have_a_token_is_told_what_is_missing() -> None:
    with answering(lambda asked: Served(200, {"message": "no"})) as actions:
        api = HookdApi(Hookd("http://127.0.0.1:1"), ActionsToken(actions.url, "asking", "x"))
        with pytest.raises(Terminal) as caught:
            await api.ask(WANTED)
        await api.aclose()
    assert "id-token: write" in (caught.value.fix or "")


@pytest.mark.parametrize(
    ("change", "secret", "code", "text"),
    [
        ({}, "", 403, "missing signature"),
        ({}, "wrong", 403, "payload signature check failed"),
        ({"cluster": "mars"}, SECRET, 400, "environment 'mars' is not known; known: dev"),
        ({"team": ""}, SECRET, 400, "no team was specified in deployment payload"),
        ({"team": "bank"}, SECRET, 403, "does not have access to deploy as team 'bank'"),
        ({"resources": ()}, SECRET, 400, "no resources to deploy"),
        ({"payload": "{"}, SECRET, 400, "payload is invalid"),
    ],
)
async def test_what_hookd_answers_to_an_event_is_told_in_full(
    change: dict[str, Any], secret: str, code: int, text: str
) -> None:
    async with asking() as asked:
        addressee = HookdEvents(Hookd(str(asked.client.base_url)), secret, delivery_id="d-1", deployment_id=1)
        with pytest.raises(Refusal) as caught:
            await addressee.ask(replace(WANTED, **change))
        await addressee.aclose()
    assert caught.value.code == code
    assert text in caught.value.text


async def test_a_delivery_that_is_sent_again_is_known() -> None:
    async with asking() as asked:
        for code in (201, 200):
            addressee = HookdEvents(Hookd(str(asked.client.base_url)), SECRET, delivery_id="d-1", deployment_id=1)
            assert (await addressee.ask(WANTED)).code == code
            await addressee.aclose()


def test_an_event_is_made_as_github_makes_it() -> None:
    from tests.support.forges.github_deployments import deployment_event

    example, _ = deployment_event()
    made = event_of(WANTED, 1)
    assert set(made) <= set(example)
    for part in ("deployment", "repository", "sender"):
        assert set(made[part]) <= set(example[part]), part
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_worth_asking_again(status: int) -> None:
    with answering(lambda asked: Served(status, {"message": "later"})) as server:
        api = HookdApi(Hookd(server.url), TeamKey(KEY))
        with pytest.raises(Transient, match=f"answers {status}: later"):
            await api.ask(WANTED)
        await api.aclose()


async def test_how_long_to_leave_it_alone_is_listened_to() -> None:
    with answering(lambda asked: Served(503, {"message": "later"}, {"Retry-After": "7"})) as server:
        api = HookdApi(Hookd(server.url), TeamKey(KEY))
        with pytest.raises(TryLater) as caught:
            await api.ask(WANTED)
        await api.aclose()
    assert caught.value.after.total_seconds() == 7


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Served(200, ["a list"]), "not JSON|no id"),
        (Served(201, {"message": "yes"}), "named no id"),
        (Served(302, None, {"Location": "http://127.0.0.1:1/"}), "hookd answered 302"),
        (Served(404, {"message": "Not Found"}), "hookd answered 404: Not Found"),
        (Served(401, {"message": "token=hunter2hunter2 is wrong"}), "hookd answered 401"),
    ],
)
async def test_what_is_no_hookd_is_told(answer: Served, text: str) -> None:
    with answering(lambda asked: answer) as server:
        api = HookdApi(Hookd(server.url), TeamKey(KEY))
        with pytest.raises(FairwayError, match=text) as caught:
            await api.ask(WANTED)
        await api.aclose()
        assert len(server.asked) == 1
    assert "hunter2" not in str(caught.value)


async def test_more_than_hookd_takes_is_not_sent_at_all() -> None:
    with answering(lambda asked: Served(201, {})) as server:
        hookd = Hookd(server.url)
        with pytest.raises(UserError, match=r"26,214,401 bytes; hookd takes 26,214,400"):
            await hookd.post("/events", b"x" * (MOST_BYTES + 1), {})
        await hookd.aclose()
        assert not server.asked


@pytest.mark.parametrize("url", ["deploy.example.com", "ftp://x", "", "https://", "http://[::1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(UserError, match="is no address of a hookd"):
        Hookd(url)


async def test_an_address_with_a_password_does_not_show_it() -> None:
    hookd = Hookd("http://anna:hunter2@127.0.0.1:1")
    with pytest.raises(Transient) as caught:
        await hookd.get("/deployments/x")
    await hookd.aclose()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("document", [None, [], {}, {"statuses": 1}, {"statuses": [{"state": "x"}]}, {"statuses": [1]}])
def test_a_story_that_is_none_is_told(document: Any) -> None:
    with pytest.raises(Terminal, match="a form that is not known"):
        told_of(document)


def test_details_are_kept_apart_from_the_line() -> None:
    status = {"state": "failure", "at": "2026-11-21T12:00:00Z", "description": "no\nrefused: web\nnothing was applied"}
    (told,) = told_of({"statuses": [status]})
    assert (told.description, told.detail) == ("no", "refused: web\nnothing was applied")


@pytest.mark.parametrize("key", ["message", "error"])
def test_what_is_said_is_shown_without_its_json(key: str) -> None:
    assert Answer(503, json.dumps({key: "hookd: is starting"}), None).said == "hookd: is starting"
