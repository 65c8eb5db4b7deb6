"""Slack in particular: threads, messages that are changed in place, refusals and what to do about them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from tests.contract.notifications.places import served
from tests.support import slack
from tests.support.notifying import a_failure, a_message, an_event
from tests.support.slack import Slack, refusal, shown_text

from fairway.adapters.notifications.slack import SlackChannel
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater
from fairway.domain.notifications.event import EventKind

STARTED = EventKind.DEPLOYMENT_STARTED


class Side:
    """The workspace, and a channel object that speaks to it."""

    def __init__(self, workspace: Slack, url: str) -> None:
        self.slack = workspace
        self.url = url
        self.channel = SlackChannel(lambda: slack.TOKEN, "#deployments", f"{url}/api/")


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    workspace = Slack()
    async with served(*workspace.routes) as url:
        opened = Side(workspace, url)
        yield opened
        await opened.channel.aclose()
    assert workspace.wrong == []


async def test_a_deployment_is_one_message_that_changes(side: Side) -> None:
    begun = await side.channel.deliver(a_message(an_event(STARTED, title="prod: upgrading web")), {})
    done = await side.channel.deliver(a_message(an_event(title="prod: web upgraded")), begun.reference)
    [message] = side.slack.messages
    assert side.slack.calls == ["chat.postMessage", "chat.update"]
    assert "prod: web upgraded" in shown_text(message)
    assert "upgrading" not in shown_text(message)
    assert begun.reference == {"channel": "C0DEPLOY", "ts": "1700000000.000001"}
    assert done.reference == {}


async def test_a_failure_changes_the_message_and_is_seen_by_everybody(side: Side) -> None:
    begun = await side.channel.deliver(a_message(an_event(STARTED, title="prod: upgrading web")), {})
    await side.channel.deliver(a_message(a_failure()), begun.reference)
    first, answer = side.slack.messages
    assert "web failed" in shown_text(first)
    assert (answer["thread_ts"], answer["reply_broadcast"]) == (first["ts"], True)
    assert "CrashLoopBackOff" in shown_text(answer)


async def test_a_message_that_people_deleted_does_not_hide_the_failure(side: Side) -> None:
    begun = await side.channel.deliver(a_message(an_event(STARTED)), {})
    side.slack.refusals.append(refusal("message_not_found"))
    receipt = await side.channel.deliver(a_message(a_failure()), begun.reference)
    assert receipt.answer.startswith("ok C0DEPLOY")
    assert side.slack.messages[-1]["thread_ts"] == begun.reference["ts"]
    side.slack.refusals.append(refusal("edit_window_closed"))
    only = await side.channel.deliver(a_message(an_event(title="fine")), begun.reference)
    assert "edit_window_closed" in only.answer


async def test_a_release_owners_channel_goes_before_the_default(side: Side) -> None:
    receipt = await side.channel.deliver(a_message(an_event(), to="#shop"), {})
    assert receipt.reference["channel"] == "C0SHOP"


@pytest.mark.parametrize(
    ("answer", "error", "says", "advice"),
    [
        ({"error": "channel_not_found"}, UserError, "#deployments", "invite"),
        ({"error": "not_in_channel"}, UserError, "not_in_channel", "/invite"),
        ({"error": "is_archived"}, UserError, "is_archived", "another"),
        ({"error": "invalid_auth"}, UserError, "invalid_auth", "bot token"),
        ({"error": "token_revoked"}, UserError, "token_revoked", "bot token"),
        ({"error": "missing_scope", "needed": "chat:write"}, UserError, "chat:write", "install it again"),
        ({"error": "ratelimited"}, TryLater, "ratelimited", ""),
        ({"error": "internal_error"}, Transient, "internal_error", ""),
        ({"error": "fatal_error"}, Transient, "fatal_error", ""),
        ({"error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] bad"]}}, Terminal, "[ERROR] bad", ""),
        ({"error": "something_new"}, Terminal, "something_new", ""),
    ],
)
async def test_what_slack_refuses_says_what_to_do(
    side: Side, answer: dict[str, object], error: type[Exception], says: str, advice: str
) -> None:
    side.slack.refusals.append(web.json_response({"ok": False, **answer}))
    with pytest.raises(error) as caught:
        await side.channel.deliver(a_message(), {})
    assert says in str(caught.value)
    assert advice in (getattr(caught.value, "fix", None) or "")


async def test_a_wrong_token_is_said_and_not_shown(side: Side) -> None:
    wrong = SlackChannel(lambda: "xoxb-999-wrong-wrong-wrong", "#deployments", f"{side.url}/api/")
    with pytest.raises(UserError, match="invalid_auth") as caught:
        await wrong.deliver(a_message(), {})
    assert "xoxb-999" not in str(caught.value)
    await wrong.aclose()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: slack.too_fast("7"), TryLater),
        (lambda: web.Response(status=503, text="<html>down</html>"), Transient),
        (lambda: web.Response(status=200, text="<html>a proxy's page</html>"), Transient),
        (lambda: web.Response(status=200, text='["ok"]'), Transient),
        (lambda: web.Response(status=500), Transient),
        (lambda: web.Response(status=301, headers={"Location": "http://elsewhere.example/"}), UserError),
    ],
)
async def test_answers_that_are_not_slacks(side: Side, answer: object, error: type[Exception]) -> None:
    side.slack.refusals.append(answer())  # type: ignore[operator]
    with pytest.raises(error) as caught:
        await side.channel.deliver(a_message(), {})
    if isinstance(caught.value, TryLater):
        assert caught.value.after.total_seconds() == 7
    assert side.slack.messages == []


async def test_a_secret_that_is_missing_is_named_when_it_is_needed(side: Side) -> None:
    def missing() -> str:
        raise UserError("the variable SLACK_TOKEN is not set", fix="set it")

    channel = SlackChannel(missing, "#deployments", f"{side.url}/api/")
    assert "web failed" in channel.payload(a_message(), {})
    with pytest.raises(UserError, match="SLACK_TOKEN"):
        await channel.deliver(a_message(), {})
    await channel.aclose()
