"""Webhooks, Teams and CloudEvents in particular: what the other side checks, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from tests.contract.notifications.places import BEARER, SECRET, Receiver, served
from tests.support.notifying import NOON, a_failure, a_message, an_event, upgrades_written
from tests.support.teams import PATH, Teams, shown_text

from fairway.adapters.notifications.hooks import CloudEvents, TeamsWebhook, Webhook
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def url(receiver: Receiver) -> AsyncIterator[str]:
    async with served(web.post("/hook", receiver.signed), web.post("/events", receiver.events)) as opened:
        yield opened


class TestWebhook:
    async def test_the_receiver_can_tell_who_sent_it_and_when(self, receiver: Receiver, url: str) -> None:
        hook = Webhook(f"{url}/hook", lambda: SECRET, now=lambda: NOON)
        await hook.deliver(message := a_message(a_failure(), upgrades_written(2)), {})
        [document], [headers] = receiver.documents, receiver.headers
        assert (document["delivery"], document["sentAt"]) == (message.id, "2026-11-21T12:00:00.123456Z")
        assert [event["kind"] for event in document["events"]] == ["deployment.failed", "upgrade.written"]
        assert document["events"][1]["upgrades"][0]["new"] == "1.0.1"
        assert headers["x-fairway-delivery"] == message.id
        assert headers["user-agent"] == "fairway"
        await hook.aclose()

    async def test_another_secret_is_refused_there_and_explained_here(self, url: str) -> None:
        hook = Webhook(f"{url}/hook", lambda: "another secret", now=lambda: NOON)
        with pytest.raises(UserError, match="401 bad signature") as caught:
            await hook.deliver(a_message(), {})
        assert "another secret" not in str(caught.value)
        await hook.aclose()

    @pytest.mark.parametrize(
        ("answer", "error", "pause"),
        [
            (web.Response(status=429, headers={"Retry-After": "3"}), TryLater, 3),
            (
                web.Response(
                    status=503,
                    headers={"Retry-After": "Sat, 21 Nov 2026 12:00:40 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"},
                ),
                TryLater,
                40,
            ),
            (web.Response(status=429, headers={"Retry-After": "soon"}), TryLater, 30),
            (web.Response(status=429, headers={"Retry-After": "-5"}), TryLater, 0),
            (web.Response(status=503), Transient, None),
            (web.Response(status=502), Transient, None),
            (web.Response(status=408), Transient, None),
            (web.Response(status=302, headers={"Location": "/other"}), UserError, None),
            (web.Response(status=404), UserError, None),
            (web.Response(status=410), UserError, None),
            (web.Response(status=400, text="no"), Terminal, None),
            (web.Response(status=422), Terminal, None),
        ],
    )
    async def test_what_answers_mean(
        self, receiver: Receiver, url: str, answer: web.Response, error: type[FairwayError], pause: float | None
    ) -> None:
        receiver.refusals.append(answer)
        hook = Webhook(f"{url}/hook", lambda: SECRET, now=lambda: NOON)
        with pytest.raises(error) as caught:
            await hook.deliver(a_message(), {})
        assert type(caught.value) is error
        if isinstance(caught.value, TryLater):
            assert caught.value.after == timedelta(seconds=pause or 0)
        await hook.aclose()

    async def test_a_secret_that_the_other_side_repeats_is_hidden(self, receiver: Receiver, url: str) -> None:
        receiver.refusals.append(web.Response(status=400, text=f"I know that {SECRET} is it"))
        hook = Webhook(f"{url}/hook", lambda: SECRET, now=lambda: NOON)
        with pytest.raises(Terminal) as caught:
            await hook.deliver(a_message(), {})
        assert SECRET not in str(caught.value)
        await hook.aclose()

    @pytest.mark.parametrize("address", ["ftp://x.example/", "not an address", "http://[::1", "http://x\n.example"])
    async def test_an_address_that_is_none_is_a_mistake(self, address: str) -> None:
        hook = Webhook(address, None, now=lambda: NOON)
        with pytest.raises(UserError):
            await hook.deliver(a_message(), {})
        await hook.aclose()

    async def test_a_server_that_never_answers_is_left(self) -> None:
        async def hang(_: web.Request) -> web.StreamResponse:
            import asyncio

            await asyncio.sleep(5)
            return web.Response()

        async with served(web.post("/hook", hang)) as url:
            hook = Webhook(f"{url}/hook", None, now=lambda: NOON, timeout=0.2)
            with pytest.raises(Transient, match="does not answer in time"):
                await hook.deliver(a_message(), {})
            await hook.aclose()


class TestCloudEvents:
    async def test_each_event_is_a_request_of_its_own(self, receiver: Receiver, url: str) -> None:
        channel = CloudEvents(f"{url}/events", token=lambda: BEARER)
        receipt = await channel.deliver(a_message(a_failure(), an_event()), {})
        assert [document["type"] for document in receiver.documents] == [
            "dev.fairway.deployment.failed",
            "dev.fairway.deployment.succeeded",
        ]
        assert len({(document["source"], document["id"]) for document in receiver.documents}) == 2
        assert receipt.answer.startswith("2 events to 127.0.0.1")
        await channel.aclose()

    async def test_in_binary_mode_the_attributes_are_headers(self, receiver: Receiver, url: str) -> None:
        channel = CloudEvents(f"{url}/events", binary=True, token=lambda: BEARER)
        await channel.deliver(a_message(event := a_failure(title="größer")), {})
        [headers] = receiver.headers
        assert headers["ce-specversion"] == "1.0"
        assert headers["ce-id"] == event.id
        assert headers["content-type"] == "application/json"
        assert json.loads(receiver.bodies[0])["title"] == "größer"
        await channel.aclose()

    async def test_what_arrived_before_a_failure_is_sent_again_with_the_same_id(
        self, receiver: Receiver, url: str
    ) -> None:
        channel = CloudEvents(f"{url}/events", token=lambda: BEARER)
        message = a_message(a_failure(), an_event())
        await channel.deliver(a_message(message.events[0]), {})
        receiver.refusals.append(web.Response(status=503))
        with pytest.raises(Transient):
            await channel.deliver(message, {})
        await channel.deliver(message, {})
        assert [document["id"] for document in receiver.documents].count(message.events[0].id) == 2
        await channel.aclose()


class TestTeams:
    @pytest.fixture
    async def side(self) -> AsyncIterator[tuple[Teams, TeamsWebhook]]:
        teams = Teams()
        async with served(*teams.routes) as url:
            channel = TeamsWebhook(lambda: f"{url}{PATH}?sig=teamsecretSIG42")
            yield teams, channel
            await channel.aclose()

    async def test_a_card_says_what_happened_and_where_to_read_on(self, side: tuple[Teams, TeamsWebhook]) -> None:
        teams, channel = side
        receipt = await channel.deliver(a_message(a_failure()), {})
        [card] = teams.cards
        assert 'commit 3f2c1ab "web <1.9.1> & more"' in shown_text(card)
        assert card["actions"][0]["url"] == "https://git.shop.example/deployments/commit/3f2c1ab"
        assert card["body"][0]["inlines"][0]["color"] == "attention"
        assert receipt.answer == "202"

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429", TryLater),
            ("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 400", UserError),
        ],
    )
    async def test_a_success_that_is_none_is_noticed(
        self, side: tuple[Teams, TeamsWebhook], text: str, error: type[FairwayError]
    ) -> None:
        teams, channel = side
        teams.refusals.append(web.Response(status=200, text=text))
        with pytest.raises(error):
            await channel.deliver(a_message(), {})

    async def test_an_address_without_its_signature_is_explained_and_not_shown(self) -> None:
        teams = Teams()
        async with served(*teams.routes) as url:
            channel = TeamsWebhook(lambda: f"{url}{PATH}?sig=wrong-signature-1")
            with pytest.raises(UserError, match="DirectApiAuthorizationRequired") as caught:
                await channel.deliver(a_message(), {})
            await channel.aclose()
        assert "wrong-signature-1" not in str(caught.value)
        assert PATH not in str(caught.value)
