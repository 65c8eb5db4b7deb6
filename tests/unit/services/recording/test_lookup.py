"""What somebody means who types the start of an id."""

from __future__ import annotations

import pytest
from tests.support.deployments import a_deployment, a_log, a_run, id_at

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.domain.deployments.status import State
from fairway.domain.errors import UserError
from fairway.services.recording.lookup import look_up, short_ids

FIRST, SECOND = a_run(0), a_run(3600)
WEB, ORDERS, AGAIN = a_deployment(FIRST, 1), a_deployment(FIRST, 2, release="orders"), a_deployment(SECOND, 3601)


@pytest.fixture
async def ledger() -> MemoryLedger:
    filled = MemoryLedger()
    await filled.write([FIRST, SECOND, WEB, ORDERS, AGAIN, *a_log(WEB, State.QUEUED, State.FAILURE)])
    return filled


async def meant(ledger: MemoryLedger, text: str) -> list[str]:
    return [story.id for story in (await look_up(ledger, text)).stories]


async def test_a_whole_id_is_itself(ledger: MemoryLedger) -> None:
    assert await meant(ledger, WEB.id) == [WEB.id]


async def test_a_short_id_as_it_is_shown_is_enough(ledger: MemoryLedger) -> None:
    stories = (await look_up(ledger, FIRST.id)).stories
    for id_, short in (await short_ids(ledger, stories)).items():
        assert await meant(ledger, short.lower() + "…") == [id_]


async def test_the_id_of_a_run_means_all_of_it_in_its_order(ledger: MemoryLedger) -> None:
    assert await meant(ledger, FIRST.id) == [WEB.id, ORDERS.id]


async def test_the_id_of_a_run_with_one_deployment_means_that(ledger: MemoryLedger) -> None:
    assert await meant(ledger, SECOND.id) == [AGAIN.id]


async def test_what_only_one_run_shares_means_the_run(ledger: MemoryLedger) -> None:
    shared = FIRST.id[:7]
    assert WEB.id.startswith(shared)
    assert not SECOND.id.startswith(shared)
    assert await meant(ledger, shared) == [WEB.id, ORDERS.id]


async def test_what_several_runs_share_is_refused_with_the_candidates(ledger: MemoryLedger) -> None:
    with pytest.raises(UserError, match="more than one") as refused:
        await look_up(ledger, "01")
    fix = str(refused.value.fix)
    assert fix.count("\n") == 3
    assert "prod orders  upgrade  queued" in fix
    assert "prod web  upgrade  failure" in fix


async def test_many_candidates_are_cut(ledger: MemoryLedger) -> None:
    runs = [a_run(7200 + n) for n in range(12)]
    await ledger.write([record for n, run in enumerate(runs) for record in (run, a_deployment(run, 7200.5 + n))])
    with pytest.raises(UserError) as refused:
        await look_up(ledger, "01")
    assert str(refused.value.fix).endswith("…")


@pytest.mark.parametrize("text", [id_at(999), "7ZZZ", "nope", "", "no/id"])
async def test_an_unknown_id_is_refused_with_the_newest(ledger: MemoryLedger, text: str) -> None:
    with pytest.raises(UserError, match="no deployment") as refused:
        await look_up(ledger, text)
    assert AGAIN.id[:8] in str(refused.value.fix)


async def test_an_empty_ledger_says_so() -> None:
    with pytest.raises(UserError, match="the ledger is empty"):
        await look_up(MemoryLedger(), WEB.id)
