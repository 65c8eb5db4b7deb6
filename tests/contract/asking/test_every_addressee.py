"""The same questions for everybody who can be asked for a deployment."""

from __future__ import annotations

import pytest
from tests.contract.asking.conftest import WANTED, Place, states

from fairway.domain.deployments.status import State
from fairway.domain.errors import FairwayError, Transient


async def test_what_is_asked_for_is_made_once_and_can_be_followed(place: Place) -> None:
    receipt = await place.addressee.ask(WANTED)
    assert receipt.id
    assert await place.count() == 1
    for state, text in ((State.QUEUED, ""), (State.IN_PROGRESS, "2 resources applied"), (State.SUCCESS, "healthy")):
        await place.report(receipt, state, text)
    told = await place.addressee.statuses(receipt)
    assert states(told) == ["queued", "in_progress", "success"]
    assert told[-1].description == "healthy"
    assert told[0].at <= told[-1].at


async def test_asking_again_after_a_lost_answer_makes_no_second_deployment(place: Place) -> None:
    place.lose()
    with pytest.raises(Transient):
        await place.addressee.ask(WANTED)
    receipt = await place.addressee.ask(WANTED)
    assert await place.count() == 1
    await place.report(receipt, State.QUEUED, "")
    await place.report(receipt, State.FAILURE, "it did not start")
    assert states(await place.addressee.statuses(receipt)) == ["queued", "failure"]


async def test_a_no_is_no_reason_to_ask_again(place: Place) -> None:
    await place.refuse()
    with pytest.raises(FairwayError) as caught:
        await place.addressee.ask(WANTED)
    assert not isinstance(caught.value, Transient)
