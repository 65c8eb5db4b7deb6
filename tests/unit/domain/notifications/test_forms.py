"""Slack's blocks and calls, e-mail, CloudEvents, the signed webhook: escaping, limits, shapes."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from tests.support.notifying import NOON, a_failure, a_message, an_event, upgrades_written

from fairway.domain.errors import Severity
from fairway.domain.notifications.cloudevents import binary, structured
from fairway.domain.notifications.event import EventKind
from fairway.domain.notifications.mail import mail_of
from fairway.domain.notifications.signing import sign, webhook_body, webhook_headers
from fairway.domain.notifications.slack import LONGEST_BLOCK, LONGEST_MESSAGE, MOST_BLOCKS, blocks_of, calls
from fairway.domain.notifications.teams import card
from fairway.domain.notifications.texts import text_of
from fairway.domain.notifications.wire import event_as_plain, event_from_plain

STARTED = EventKind.DEPLOYMENT_STARTED
EARLIER = {"channel": "C1", "ts": "1.2"}


def said(arguments: Any) -> str:
    return json.dumps(arguments["blocks"], ensure_ascii=False)


class TestSlack:
    def test_a_failure_in_blocks(self) -> None:
        [block] = blocks_of(text_of([a_failure()]))
        assert block["text"]["text"] == (
            "❌ *<https://git.shop.example/deployments/commit/3f2c1ab|prod: web failed>*\n"
            "web failed 1.9.0 → 1.9.1\n"
            "```\n"
            "pod web-7d9f-x2x1, container app: CrashLoopBackOff\n"
            "revision 4 runs again\n"
            "```\n"
            'commit 3f2c1ab "web &lt;1.9.1&gt; &amp; more"'
        )

    def test_the_first_message_is_posted_and_is_the_reference(self) -> None:
        [call] = calls(a_message(an_event(STARTED, title="prod: upgrading web", thread="run 1")), "#d", {})
        assert (call.method, call.reports, call.arguments["channel"]) == ("chat.postMessage", True, "#d")
        assert call.arguments["text"] == "⏳ prod: upgrading web"

    def test_a_success_changes_the_first_message_and_says_nothing_more(self) -> None:
        [call] = calls(a_message(an_event(title="prod: web upgraded", thread="run 1")), "#d", EARLIER)
        assert (call.method, call.arguments["ts"], call.optional) == ("chat.update", "1.2", True)
        assert call.arguments["channel"] == "C1"

    def test_a_failure_changes_it_and_is_seen_by_all(self) -> None:
        update, answer = calls(a_message(a_failure()), "#d", EARLIER)
        assert update.method == "chat.update"
        assert (answer.arguments["thread_ts"], answer.arguments["reply_broadcast"]) == ("1.2", True)
        assert "CrashLoopBackOff" in said(answer.arguments)

    def test_what_else_belongs_to_a_thread_answers_in_it(self) -> None:
        [answer] = calls(a_message(an_event(EventKind.HOLD_ADDED, title="held")), "#d", EARLIER)
        assert (answer.method, answer.arguments["thread_ts"]) == ("chat.postMessage", "1.2")
        assert answer.arguments["reply_broadcast"] is False

    def test_nobody_can_be_mentioned_and_nothing_linked(self) -> None:
        event = an_event(title="<!channel> <@U1> <https://evil.example|x>", lines=("<!here>", "    ``` <!here>"))
        text = said(calls(a_message(event), "#d", {})[0].arguments)
        assert "<!" not in text
        assert "<@" not in text
        assert "<https" not in text
        assert text.count("```") == 2

    @given(
        st.lists(
            st.builds(
                lambda title, lines, url, severity: an_event(
                    title=title, lines=tuple(lines), url=url, severity=severity
                ),
                st.text(max_size=400),
                st.lists(
                    st.one_of(st.text(max_size=800), st.text(max_size=3000).map(lambda t: "    " + t)), max_size=30
                ),
                st.sampled_from(["", "https://x.example/a?b=c&d", "javascript:alert(1)", "https://" + "x" * 4000]),
                st.sampled_from(Severity),
            ),
            min_size=1,
            max_size=40,
        )
    )
    def test_whatever_is_said_keeps_within_slacks_limits(self, events: list[Any]) -> None:
        blocks = blocks_of(text_of(events))
        assert 1 <= len(blocks) <= MOST_BLOCKS
        total = 0
        for block in Block.parse_all(blocks):
            assert block is not None
            block.validate_json()
        for block in blocks:
            text = block["text"]["text"] if "text" in block else ""
            assert len(text) <= LONGEST_BLOCK
            assert text.count("```") % 2 == 0
            total += len(text)
        assert total <= LONGEST_MESSAGE


def test_a_card_of_anything_is_small_enough() -> None:
    events = [an_event(title="ü" * 500, lines=("ü" * 900,) * 50) for _ in range(40)]
    assert len(json.dumps(card(text_of(events)))) < 28 * 1024


def test_the_html_of_a_mail_holds_nothing_but_ours() -> None:
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            tags.append(tag)

    event = an_event(
        title="<img src=x onerror=alert(1)>", lines=("<script>alert(1)</script>",), url="javascript:alert(1)"
    )
    mail = mail_of([event])
    Tags().feed(mail.html)
    assert set(tags) == {"html", "body", "p", "pre"}
    assert "\n" not in mail.subject
    assert "<script>alert(1)</script>" in mail.text


class TestCloudEvents:
    def test_structured(self) -> None:
        request = structured(event := a_failure())
        assert request.headers == {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
        document = json.loads(request.body)
        assert document["data"] == event_as_plain(event)
        assert {k: v for k, v in document.items() if k != "data"} == {
            "specversion": "1.0",
            "id": event.id,
            "source": "/fairway/prod",
            "type": "dev.fairway.deployment.failed",
            "subject": "prod/web",
            "time": "2026-11-21T12:00:00.123456Z",
            "datacontenttype": "application/json",
        }

    def test_binary_headers_are_percent_encoded_where_they_must(self) -> None:
        request = binary(an_event(environment="prød", release='a "b"%'))
        assert request.headers["ce-subject"] == "pr%C3%B8d/a%20%22b%22%25"
        # The source is a URI already; decoded once, the header is that URI again.
        assert request.headers["ce-source"] == "/fairway/pr%25C3%25B8d"
        assert request.headers["Content-Type"] == "application/json"
        assert json.loads(request.body)["environment"] == "prød"

    def test_no_attribute_is_empty(self) -> None:
        document = json.loads(structured(an_event(environment="", release="")).body)
        assert "subject" not in document
        assert document["source"] == "/fairway"


class TestSigning:
    def test_the_time_is_part_of_what_is_signed(self) -> None:
        message = a_message(a_failure())
        body = webhook_body(message, NOON)
        headers = webhook_headers(message, body, NOON, "key")
        assert headers["X-Fairway-Signature-256"] == sign(body, "key")
        assert headers["X-Fairway-Timestamp"] == str(int(NOON.timestamp()))
        assert json.loads(body)["sentAt"] == "2026-11-21T12:00:00.123456Z"
        assert headers["X-Fairway-Delivery"] == json.loads(body)["delivery"] == message.id

    def test_a_known_signature(self) -> None:
        # The example of GitHub's "Validating webhook deliveries".
        expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        assert sign(b"Hello, World!", "It's a Secret to Everybody") == expected

    def test_without_a_secret_nothing_is_signed(self) -> None:
        message = a_message()
        assert "X-Fairway-Signature-256" not in webhook_headers(message, b"{}", NOON, None)

    def test_several_kinds_of_events_are_several(self) -> None:
        message = a_message(an_event(), upgrades_written(1))
        assert webhook_headers(message, b"{}", NOON, None)["X-Fairway-Event"] == "several"


def test_events_come_back_from_their_wire_form() -> None:
    for event in (a_failure(), upgrades_written(3), an_event(release="", releases=("a", "b")), an_event(STARTED)):
        assert event_from_plain(json.loads(json.dumps(event_as_plain(event)))) == event
