"""hookd as it is put together, over each kind of ledger that needs no server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.hookd import CLUSTER, SECRET, Teams, an_event, delivery

from fairway.domain.deployments.status import State
from fairway.domain.errors import Transient
from fairway.services.hookd.options import HookdOptions
from fairway.services.hookd.ports import NoStatuses
from fairway.services.queue.options import QueueOptions
from fairway.settings import Settings, load_settings
from fairway.wiring.hookd import open_hookd, request_store
from fairway.wiring.ledger import ledger_itself
from fairway.wiring.queue import open_correspondence

OPTIONS = HookdOptions(
    github_enabled=False, webhook_secrets=(SECRET,), clusters=(CLUSTER,), deadline=timedelta(seconds=30)
)


def some_settings(tmp_path: Path, url: str) -> Settings:
    return load_settings({"FAIRWAY_DATA_DIR": str(tmp_path), "FAIRWAY_LEDGER_URL": url, "HOME": str(tmp_path)})


@pytest.mark.parametrize("kind", ["none", "sqlite"])
async def test_it_takes_requests_and_brings_them_onto_the_queue(tmp_path: Path, kind: str) -> None:
    settings = some_settings(tmp_path, kind if kind == "none" else f"sqlite:///{tmp_path / 'ledger.db'}")
    async with (
        open_correspondence(settings, QueueOptions(), lambda topic, reason: None) as correspondence,
        open_hookd(settings, OPTIONS, correspondence, Teams({"navikt/web": {"aura"}}), NoStatuses()) as hookd,
    ):
        assert (await hookd.accepting.github_event(an_event(1))).code == 201
        assert await hookd.publishing.publish() == 1
        tracked = await hookd.store.get(delivery(1))
        assert tracked is not None
        assert tracked.published_at is not None


async def test_what_it_accepted_is_in_the_ledger_of_everybody(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}")
    async with (
        open_correspondence(settings, QueueOptions(), lambda topic, reason: None) as correspondence,
        open_hookd(settings, OPTIONS, correspondence, Teams({"navikt/web": {"aura"}}), NoStatuses()) as hookd,
    ):
        await hookd.accepting.github_event(an_event(1))
    ledger = await ledger_itself(settings)
    store = await request_store(settings)
    try:
        [found] = await store.find()
        [story] = await ledger.starting_with(found.story.id, limit=5)
        assert story == found.story
        assert story.state is State.QUEUED
    finally:
        await store.close()
        await ledger.close()


async def test_a_ledger_that_is_away_is_transient(tmp_path: Path) -> None:
    with pytest.raises(Transient):
        await request_store(some_settings(tmp_path, "postgresql://anna@127.0.0.1:1/ledger"))
