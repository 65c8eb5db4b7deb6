"""What every channel promises, whatever is at its other end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.notifications.places import PLACES, REMOTE, Place
from tests.support.notifying import a_failure, a_message, an_event, upgrades_written

from fairway.domain.errors import FairwayError, Severity, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater
from fairway.domain.notifications.event import EventKind

remote = pytest.mark.parametrize("place", REMOTE, indirect=True)


@pytest.fixture(params=list(PLACES))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with PLACES[request.param](tmp_path) as opened:
        yield opened


async def test_a_message_arrives_once_and_its_answer_is_kept(place: Place) -> None:
    receipt = await place.channel.deliver(a_message(a_failure()), {})
    [said] = place.said()
    assert "prod: web failed" in said
    assert receipt.answer


@pytest.mark.parametrize("kind", list(EventKind))
async def test_every_kind_of_event_can_be_said(place: Place, kind: EventKind) -> None:
    for severity in Severity:
        await place.channel.deliver(a_message(an_event(kind, severity=severity, title=f"it is {severity}")), {})
    assert [severity in said for severity, said in zip(Severity, place.said(), strict=True)] == [True] * 3


async def test_what_is_sent_is_shown_without_secrets(place: Place) -> None:
    message = a_message(a_failure())
    receipt = await place.channel.deliver(message, {})
    for text in (place.channel.payload(message, {}), receipt.answer, str(receipt.reference)):
        assert [secret for secret in place.secrets if secret in text] == []
    assert "web failed" in place.channel.payload(message, {})


async def test_ninety_upgrades_are_one_message_with_each_of_them(place: Place) -> None:
    await place.channel.deliver(a_message(upgrades_written(90)), {})
    [said] = place.said()
    assert "90 upgrades" in said


async def test_more_than_there_is_room_for_is_cut_and_not_refused(place: Place) -> None:
    """Hundreds of events with long lines, and characters that grow when they are escaped."""
    events = [
        an_event(
            title=f"release {n} " + "<&>" * 400,
            lines=tuple("    " + "&" * 2000 for _ in range(40)),
            url="https://x.example/" + "y" * n,
        )
        for n in range(100)
    ]
    await place.channel.deliver(a_message(*events, upgrades_written(1000)), {})
    assert place.said()


async def test_texts_can_hold_anything(place: Place) -> None:
    odd = "größer ✓ 🚀 <script>alert(1)</script> ``` *bold* <!channel> \u202e \x00 \udc80 \r\n second\tline"
    event = an_event(title=odd, lines=(odd, f"    {odd}", "", "    "), release=odd, environment="prod", url="no url")
    await place.channel.deliver(a_message(event, to=""), {})
    [said] = place.said()
    assert "größer ✓ 🚀" in said


@remote
async def test_nobody_at_home_is_worth_another_attempt(place: Place) -> None:
    assert place.down is not None
    with pytest.raises(Transient) as caught:
        await place.down.deliver(a_message(), {})
    assert [secret for secret in place.secrets if secret in str(caught.value)] == []
    await place.down.aclose()


@remote
async def test_a_wish_for_patience_is_no_failure(place: Place) -> None:
    assert place.ask_for_patience is not None
    place.ask_for_patience()
    with pytest.raises(Transient) as caught:
        await place.channel.deliver(a_message(), {})
    assert not isinstance(caught.value, TryLater) or caught.value.after.total_seconds() == 7
    assert place.said() == []
    await place.channel.deliver(a_message(), {})
    assert len(place.said()) == 1


@remote
async def test_a_refusal_is_final_and_says_what_to_do(place: Place) -> None:
    assert place.refuse is not None
    place.refuse()
    with pytest.raises(UserError) as caught:
        await place.channel.deliver(a_message(), {})
    assert caught.value.fix
    assert place.said() == []


@remote
async def test_a_message_may_be_delivered_again(place: Place) -> None:
    message = a_message(a_failure())
    await place.channel.deliver(message, {})
    await place.channel.deliver(message, {})
    assert len(place.said()) == 2


async def test_closing_twice_is_fine(place: Place) -> None:
    await place.channel.deliver(a_message(), {})
    await place.channel.aclose()
    await place.channel.aclose()


def test_errors_are_of_the_tree() -> None:
    assert issubclass(TryLater, Transient)
    assert not issubclass(Terminal, Transient)
    assert issubclass(TryLater, FairwayError)
