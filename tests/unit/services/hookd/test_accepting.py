"""Every row of the table, end to end: what is answered, what is remembered, and what GitHub will be told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployments import NOON
from tests.support.hookd import (
    CLUSTER,
    REPOSITORY,
    SEAL,
    SECRET,
    Doorstep,
    a_payload,
    a_resource,
    an_event,
    delivery,
)

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.domain.deployments.record import ChangeKind, Door
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.answers import Answer
from fairway.domain.dispatch.events import GithubEvent
from fairway.domain.dispatch.orders import Order
from fairway.domain.dispatch.signatures import signature_of
from fairway.domain.dispatch.statuses import Announcement
from fairway.domain.dispatch.wire import decode_request
from fairway.domain.errors import Transient

NO_REFUSAL = ""


def signed(body: bytes, event: str = "deployment") -> GithubEvent:
    return GithubEvent(event, delivery(1), body, signature_of(body, SECRET))


def changed(event: GithubEvent, **keys: Any) -> GithubEvent:
    body = json.dumps(json.loads(event.body) | keys).encode()
    return signed(body)


UNREGISTERED = "repository 'navikt/other' is not registered"
NO_ACCESS = "the repository 'navikt/web' does not have access to deploy as team 'other'"

ROWS = [
    (GithubEvent("push", delivery(1), b"{}"), 204, "", None),
    (GithubEvent("", delivery(1), b"{}"), 204, "", None),
    (GithubEvent("deployment", delivery(1), b"{}"), 403, "missing signature", None),
    (
        GithubEvent("deployment", delivery(1), b"{}", "sha256=12"),
        403,
        "malformed signature: sha256 has 64 hex digits, this has 2",
        None,
    ),
    (an_event(secret="not ours"), 403, "payload signature check failed", None),
    (replace(an_event(), delivery_id="a b"), 400, "malformed delivery id", None),
    (signed(b"{"), 400, "the body is not JSON: unexpected end of data at line 1, column 2", None),
    (changed(an_event(), repository=None), 400, "no repository specified", None),
    (
        an_event(repository="web"),
        400,
        "repository name web is not in the format OWNER/NAME",
        None,
    ),
    (changed(an_event(), deployment=None), 400, "deployment object is empty", None),
    (an_event(environment=""), 400, "environment is not specified", "environment is not specified"),
    (
        an_event(payload=a_payload() | {"version": [2, 0, 0]}),
        400,
        "payload is invalid: version: version 2.0.0 of the payload is not supported, only 1.x.y is",
        "payload is invalid: version: version 2.0.0",
    ),
    (
        an_event(environment="dev"),
        400,
        "environment 'dev' is not known; known: dev-fss",
        "environment 'dev' is not known; known: dev-fss",
    ),
    (
        an_event(payload=a_payload("")),
        400,
        "no team was specified in deployment payload",
        "no team was specified in deployment payload",
    ),
    (
        an_event(payload=a_payload() | {"kubernetes": {"resources": []}}),
        400,
        "no resources to deploy",
        "no resources to deploy",
    ),
    (an_event(repository="navikt/other"), 403, UNREGISTERED, UNREGISTERED),
    (an_event(payload=a_payload("other")), 403, NO_ACCESS, NO_ACCESS),
    (an_event(), 201, "accepted", NO_REFUSAL),
    (an_event(payload=json.dumps(a_payload("AURA"))), 201, "accepted", NO_REFUSAL),
]


@pytest.mark.parametrize(("event", "code", "text", "told"), ROWS)
async def test_each_row_of_the_table(event: GithubEvent, code: int, text: str, told: str | None) -> None:
    """`told`: None when nothing is remembered, else what the description of an error at GitHub contains."""
    doorstep = Doorstep()
    answer = await doorstep.accepting.github_event(event)
    assert (answer.code, answer.text) == (code, text)
    kept = await doorstep.store.get(delivery(1))
    if told is None:
        assert kept is None
        assert answer == Answer(code, text)
        return
    assert kept is not None
    assert answer.delivery_id == delivery(1)
    assert answer.log_url == f"https://fairway.example/logs?delivery_id={delivery(1)}&ts={int(NOON.timestamp())}"
    assert kept.was_refused is bool(told)
    assert kept.story.state is (State.ERROR if told else State.QUEUED)
    description = kept.story.statuses[0].description
    assert description.startswith(f"Error in deployment request: {told}") if told else description == ""
    assert len(description) <= 140
    owed = await doorstep.store.to_post(limit=10, now=NOON, until=NOON)
    assert [one.tracked.story.state for one in owed] == ([State.ERROR] if told else [])
    assert [id_ for id_, _, _ in await doorstep.store.unpublished(limit=10)] == ([] if told else [delivery(1)])


async def test_rows_come_in_the_order_of_the_table() -> None:
    """What is wrong in every way is refused for the first of them; each one that is set right shows the next."""
    doorstep = Doorstep()
    doorstep.teams.known = {"navikt/web": set()}
    wrong: dict[str, Any] = {"environment": "", "payload": {"version": 1}}
    payload: dict[str, Any] = {"version": [1, 0, 0], "kubernetes": {"resources": []}}
    steps = [
        ({"payload": payload}, "environment is not specified"),
        ({"environment": "dev", "payload": {"version": 1}}, "payload is invalid"),
        ({"payload": payload}, "environment 'dev' is not known"),
        ({"environment": CLUSTER}, "no team was specified"),
        ({"payload": payload | {"team": "aura"}}, "no resources to deploy"),
        ({"payload": a_payload("aura")}, "does not have access"),
    ]
    for number, (set_right, text) in enumerate(steps, 1):
        wrong |= set_right
        answer = await doorstep.accepting.github_event(an_event(number, **wrong))
        assert text in answer.text


async def test_a_store_of_team_access_that_is_away_is_503_and_told() -> None:
    doorstep = Doorstep()
    doorstep.teams.away = True
    answer = await doorstep.accepting.github_event(an_event())
    assert (answer.code, answer.text) == (
        503,
        "unable to check if repository has team access: no answer from the store",
    )
    kept = await doorstep.store.get(delivery(1))
    assert kept is not None
    assert kept.was_refused


class TestAgain:
    async def test_a_delivery_that_comes_again_is_accepted_once(self) -> None:
        doorstep = Doorstep()
        first = await doorstep.accepting.github_event(an_event())
        again = [await doorstep.accepting.github_event(an_event()) for _ in range(3)]
        assert first.code == 201
        assert {(one.code, one.text, one.delivery_id) for one in again} == {(200, "already accepted", delivery(1))}
        assert len(await doorstep.store.find()) == 1

    async def test_many_at_once_are_one(self) -> None:
        doorstep = Doorstep()
        answers = await asyncio.gather(*(doorstep.accepting.github_event(an_event()) for _ in range(20)))
        assert sorted(one.code for one in answers) == [200] * 19 + [201]

    async def test_it_is_known_to_a_hookd_that_was_started_anew(self) -> None:
        before = Doorstep()
        await before.accepting.github_event(an_event())
        assert (await Doorstep(before.store).accepting.github_event(an_event())).code == 200

    async def test_the_same_deployment_in_another_delivery_is_the_same(self) -> None:
        """A webhook of the App and one of the repository both tell of it."""
        doorstep = Doorstep()
        await doorstep.accepting.github_event(an_event())
        answer = await doorstep.accepting.github_event(an_event(delivery_id="another"))
        assert (answer.code, answer.text, answer.delivery_id) == (200, "already accepted", delivery(1))

    async def test_the_same_number_in_another_repository_is_another_deployment(self) -> None:
        doorstep = Doorstep()
        doorstep.teams.known["navikt/api"] = {"aura"}
        await doorstep.accepting.github_event(an_event())
        answer = await doorstep.accepting.github_event(an_event(repository="navikt/api", delivery_id="another"))
        assert answer.code == 201

    async def test_what_was_refused_stays_refused_in_the_same_words(self) -> None:
        doorstep = Doorstep()
        wrong = an_event(payload=a_payload("other"))
        for _ in range(3):
            assert (await doorstep.accepting.github_event(wrong)).code == 403
        assert len(await doorstep.store.find()) == 1

    async def test_what_was_refused_is_not_accepted_later(self) -> None:
        doorstep = Doorstep()
        doorstep.teams.away = True
        await doorstep.accepting.github_event(an_event())
        doorstep.teams.away = False
        answer = await doorstep.accepting.github_event(an_event())
        assert answer.code == 200
        assert answer.text.startswith("already refused: Error in deployment request: unable to check")


class TestWhatIsRemembered:
    async def test_the_ledger_knows_who_what_and_from_where(self) -> None:
        doorstep = Doorstep()
        resources = [
            a_resource("settings", namespace="other"),
            a_resource("web-7", "Deployment", namespace="shop", labels={"app": "web"}),
        ]
        await doorstep.accepting.github_event(an_event(7, payload=a_payload("aura", *resources)))
        kept = await doorstep.store.get(delivery(7))
        assert kept is not None
        run, change = kept.story.run, kept.story.deployment.change
        assert (run.door, run.action) == (Door.GITHUB, "deploy")
        assert (run.cause.user, run.cause.repository, run.cause.commit) == ("anna", "navikt/web", "3f2c1ab")
        assert (run.cause.branch, run.cause.delivery_id) == ("main", delivery(7))
        assert (change.environment, change.cluster, change.namespace) == (CLUSTER, CLUSTER, "shop")
        assert (change.release, change.action, kept.subject) == ("web", ChangeKind.APPLY, "web")
        assert change.plan.objects == (("apply", "ConfigMap settings"), ("apply", "Deployment web-7"))
        assert dict(change.labels) == {
            "team": "aura",
            "github.deployment": "7",
            "github.repository": "navikt/web",
        }
        assert "hunter2" not in repr(kept)

    async def test_the_message_holds_the_request(self) -> None:
        doorstep = Doorstep()
        await doorstep.accepting.github_event(an_event())
        [(id_, key, message)] = await doorstep.store.unpublished(limit=5)
        request = decode_request(SEAL.open(message))
        assert (id_, key) == (delivery(1), f"{CLUSTER}/aura")
        assert (request.repository, request.deployment_id, request.cluster) == (REPOSITORY, 1, CLUSTER)
        assert request.resources == (a_resource(),)
        assert request.deadline - request.at >= timedelta(minutes=1)
        assert request.deadline - NOON < timedelta(seconds=62)

    async def test_secrets_in_what_people_write_are_masked(self) -> None:
        doorstep = Doorstep()
        await doorstep.accepting.github_event(an_event(description="with password=hunter3", ref="x\0y"))
        kept = await doorstep.store.get(delivery(1))
        assert kept is not None
        assert "hunter3" not in repr(kept.story)
        assert "\0" not in repr(kept.story)

    async def test_whoever_publishes_is_woken_for_what_is_new_only(self) -> None:
        doorstep = Doorstep()
        for _ in range(3):
            await doorstep.accepting.github_event(an_event())
        assert doorstep.woken == 1

    async def test_a_flood_of_refusals_does_not_fill_the_ledger(self) -> None:
        doorstep = Doorstep()
        for number in range(1, 321):
            assert (await doorstep.accepting.github_event(an_event(number, environment=""))).code == 400
        assert len(await doorstep.store.find(limit=1000)) == 300
        doorstep.now.pass_(601)
        await doorstep.accepting.github_event(an_event(400, environment=""))
        assert await doorstep.store.get(delivery(400)) is not None

    async def test_a_delivery_without_id_is_known_by_its_body(self) -> None:
        doorstep = Doorstep()
        event = replace(an_event(), delivery_id="")
        first, second = [await doorstep.accepting.github_event(event) for _ in range(2)]
        assert (first.code, second.code) == (201, 200)
        assert first.delivery_id == second.delivery_id != ""


class Away(MemoryRequestStore):
    """As a database that does not answer for the next so many calls."""

    def __init__(self) -> None:
        super().__init__(MemoryLedger())
        self.failing = 0
        self.transactions: list[int] = []

    async def add(self, new: Any) -> set[str]:
        if self.failing:
            self.failing -= 1
            raise Transient("the ledger can't be reached")
        await asyncio.sleep(0)
        self.transactions.append(len(new))
        return await super().add(new)


class TestTheStore:
    async def test_away_is_503_and_nothing_is_remembered(self) -> None:
        store = Away()
        doorstep = Doorstep(store)
        store.failing = 2
        answer = await doorstep.accepting.github_event(an_event())
        assert answer == Answer(503, "unable to remember the request: the ledger can't be reached")
        assert (await doorstep.accepting.github_event(an_event())).code == 201

    async def test_a_hiccup_is_not_noticed(self) -> None:
        store = Away()
        store.failing = 1
        assert (await Doorstep(store).accepting.github_event(an_event())).code == 201

    async def test_a_refusal_that_can_not_be_kept_is_answered_all_the_same(self) -> None:
        store = Away()
        store.failing = 2
        answer = await Doorstep(store).accepting.github_event(an_event(environment=""))
        assert answer == Answer(400, "environment is not specified")

    async def test_those_who_come_meanwhile_share_a_transaction(self) -> None:
        store = Away()
        doorstep = Doorstep(store)
        answers = await asyncio.gather(*(doorstep.accepting.github_event(an_event(n)) for n in range(1, 501)))
        assert {one.code for one in answers} == {201}
        assert sum(store.transactions) == 500
        assert len(store.transactions) <= 5

    async def test_a_caller_who_gives_up_does_not_take_the_others_with_him(self) -> None:
        doorstep = Doorstep(Away())
        calls = [asyncio.ensure_future(doorstep.accepting.github_event(an_event(n))) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        calls[0].cancel()
        assert [(await call).code for call in calls[1:]] == [201, 201]
        assert calls[0].cancelled()


class TestClusters:
    async def test_one_that_announced_itself_is_known(self) -> None:
        doorstep = Doorstep()
        assert (await doorstep.accepting.github_event(an_event(1, environment="prod-sbs"))).code == 400
        await doorstep.store.heard(Announcement("prod-sbs", "host-1", "1.0", NOON))
        doorstep.now.pass_(1)
        assert (await doorstep.accepting.github_event(an_event(2, environment="prod-sbs"))).code == 201

    async def test_one_that_was_silent_for_a_week_is_not(self) -> None:
        doorstep = Doorstep()
        await doorstep.store.heard(Announcement("prod-sbs", "host-1", "1.0", NOON))
        assert (await doorstep.accepting.github_event(an_event(1, environment="prod-sbs"))).code == 201
        doorstep.now.pass_(8 * 86400)
        answer = await doorstep.accepting.github_event(an_event(2, environment="prod-sbs"))
        assert answer.text == "environment 'prod-sbs' is not known; known: dev-fss"


def an_order(**fields: Any) -> Order:
    known: dict[str, Any] = {
        "delivery_id": "order-1",
        "repository": REPOSITORY,
        "cluster": CLUSTER,
        "team": "aura",
        "resources": (a_resource(),),
        "creator": "anna",
    }
    return Order(**(known | fields))


class TestOrders:
    async def test_an_order_is_accepted_once_and_not_told_github(self) -> None:
        doorstep = Doorstep()
        first, second = [await doorstep.accepting.order(an_order()) for _ in range(2)]
        assert (first.code, first.text, first.delivery_id) == (201, "accepted", "order-1")
        assert (second.code, second.text) == (200, "already accepted")
        kept = await doorstep.store.get("order-1")
        assert kept is not None
        assert kept.story.run.door is Door.API
        assert kept.deployment_id == 0
        await doorstep.store.published(["order-1"], NOON)
        assert await doorstep.store.to_post(limit=5, now=NOON, until=NOON) == []

    async def test_several_orders_of_a_repository_are_several(self) -> None:
        doorstep = Doorstep()
        orders = [an_order(delivery_id=f"order-{n}") for n in range(3)]
        assert [(await doorstep.accepting.order(one)).code for one in orders] == [201] * 3

    @pytest.mark.parametrize(
        ("fields", "code", "text"),
        [
            ({"cluster": "dev"}, 400, "environment 'dev' is not known; known: dev-fss"),
            ({"resources": ()}, 400, "no resources to deploy"),
            ({"team": ""}, 400, "no team was specified in deployment payload"),
            ({"team": "other"}, 403, NO_ACCESS),
        ],
    )
    async def test_a_wrong_order_is_answered_and_not_kept(self, fields: Any, code: int, text: str) -> None:
        doorstep = Doorstep()
        assert await doorstep.accepting.order(an_order(**fields)) == Answer(code, text)
        assert await doorstep.store.find() == []

    async def test_a_team_that_signed_it_needs_no_repository(self) -> None:
        doorstep = Doorstep()
        doorstep.teams.known = {}
        assert (await doorstep.accepting.order(an_order(is_from_team=True))).code == 201


@given(st.binary(max_size=300), st.text(max_size=30))
async def test_nothing_that_is_sent_ends_in_a_5xx(body: bytes, id_: str) -> None:
    answer = await Doorstep().accepting.github_event(replace(signed(body), delivery_id=id_))
    assert answer.code in (400, 403)


async def test_large_requests_are_taken() -> None:
    resource: dict[str, Any] = a_resource() | {"data": {f"key{n}": "x" * 1000 for n in range(300)}}
    answer = await Doorstep().accepting.github_event(an_event(payload=a_payload("aura", resource)))
    assert answer.code == 201


async def test_what_no_message_can_hold_is_refused_with_its_place() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = {"a": deep}
    resource = a_resource() | {"data": deep}
    answer = await Doorstep().accepting.github_event(an_event(payload=a_payload("aura", resource)))
    assert answer.code == 400
    assert answer.text.startswith("payload is invalid: ")
    assert "nested deeper than" in answer.text
