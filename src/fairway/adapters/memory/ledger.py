"""The ledger without a database: for `FAIRWAY_LEDGER_URL=none`, and the plainest reading of the port."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.query import Page, Query
from fairway.domain.deployments.record import Deployment, Run, StatusEntry, Story, follow


class MemoryLedger:
    """Forgets with the process."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._deployments: dict[str, Deployment] = {}
        self._logs: dict[str, list[StatusEntry]] = {}

    async def write(self, records: Sequence[Record]) -> list[StatusEntry]:
        for record in records:
            if isinstance(record, Run):
                self._runs.setdefault(record.id, record)
        for record in records:
            if isinstance(record, Deployment) and record.run_id in self._runs:
                self._deployments.setdefault(record.id, record)
        counted: list[StatusEntry] = []
        for record in records:
            if isinstance(record, StatusEntry) and record.deployment_id in self._deployments:
                log = self._logs.setdefault(record.deployment_id, [])
                news = follow(log, [record])
                log += news
                counted += news
        return counted

    async def find(self, query: Query) -> Page:
        matching = (self._story(id_) for id_ in sorted(self._deployments, reverse=True))
        found: list[Story] = []
        for story in matching:
            if _matches(story, query):
                if len(found) == query.limit:
                    return Page(tuple(found), found[-1].id)
                found.append(story)
        return Page(tuple(found))

    async def starting_with(self, prefix: str, *, limit: int) -> list[Story]:
        named = (
            id_
            for id_, deployment in sorted(self._deployments.items())
            if id_.startswith(prefix) or deployment.run_id.startswith(prefix)
        )
        return [self._story(id_) for id_, _ in zip(named, range(limit), strict=False)]

    async def neighbours(self, ids: Iterable[str]) -> set[str]:
        order = sorted(self._deployments)
        places = {id_: place for place, id_ in enumerate(order)}
        around = {places[id_] + step for id_ in ids if id_ in places for step in (-1, 1)}
        return {order[place] for place in around if 0 <= place < len(order)}

    def story(self, id_: str) -> Story:
        """Of a deployment that is known."""
        return self._story(id_)

    async def close(self) -> None:
        """Nothing to do."""

    def _story(self, id_: str) -> Story:
        deployment = self._deployments[id_]
        return Story(self._runs[deployment.run_id], deployment, tuple(self._logs.get(id_, ())))


def _matches(story: Story, query: Query) -> bool:
    change = story.deployment.change
    return (
        (not query.environment or change.environment == query.environment)
        and (not query.release or change.release == query.release)
        and (not query.run_id or story.run.id == query.run_id)
        and (not query.delivery_id or story.run.cause.delivery_id == query.delivery_id)
        and (not query.states or story.state in query.states)
        and (query.since is None or story.deployment.at >= query.since)
        and (not query.before or story.id < query.before)
    )
