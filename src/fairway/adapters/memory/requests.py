"""Requests for deployments in this process's memory, with their records in a memory ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.domain.deployments.record import StatusEntry
from fairway.domain.deployments.status import UNFINISHED, State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import Announcement
from fairway.domain.dispatch.superseding import REPLACED, replaced
from fairway.domain.dispatch.tracking import NewRequest, Step, Stepped, ToPost, Tracked


@dataclass(slots=True)
class _Kept:
    new: NewRequest
    message: bytes
    published_at: datetime | None = None
    taken_at: datetime | None = None
    posted: State | None = None
    problem: str = ""
    ended: bool = False
    tries: int = 0
    refusals: int = 0
    not_before: datetime | None = None


class MemoryRequestStore:
    """Forgets with the process. Nothing is awaited within a call, so each is as one transaction."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._kept: dict[str, _Kept] = {}
        self._numbers: dict[tuple[str, int], str] = {}
        self._clusters: dict[tuple[str, str], Announcement] = {}

    async def add(self, new: Sequence[NewRequest]) -> set[str]:
        added: set[str] = set()
        for one in new:
            request = one.request
            number = (str(request.repository).lower(), request.deployment_id)
            if request.delivery_id in self._kept or (request.deployment_id and number in self._numbers):
                continue
            await self._ledger.write([one.run, one.deployment, one.entry])
            self._kept[request.delivery_id] = _Kept(one, one.sealed)
            self._numbers[number] = request.delivery_id
            added.add(request.delivery_id)
        return added

    async def get(self, delivery_id: str) -> Tracked | None:
        kept = self._kept.get(delivery_id)
        return self._tracked(kept) if kept else None

    async def find(
        self, *, repository: str = "", cluster: str = "", team: str = "", before: str = "", limit: int = 50
    ) -> list[Tracked]:
        def fits(kept: _Kept) -> bool:
            request = kept.new.request
            return (
                (not repository or str(request.repository).lower() == repository.lower())
                and (not cluster or request.cluster == cluster)
                and (not team or request.team.lower() == team.lower())
                and (not before or kept.new.deployment.id < before)
            )

        return [self._tracked(kept) for kept in reversed(self._where(fits))][:limit]

    async def by_deployment(self, repository: RepositoryName, deployment_id: int) -> list[Tracked]:
        delivery_id = self._numbers.get((str(repository).lower(), deployment_id)) if deployment_id else None
        return [self._tracked(self._kept[delivery_id])] if delivery_id else []

    async def unpublished(self, *, limit: int) -> list[tuple[str, str, bytes]]:
        waiting = self._where(lambda kept: bool(kept.message))[:limit]
        return [(kept.new.request.delivery_id, kept.new.request.key, kept.message) for kept in waiting]

    async def published(self, delivery_ids: Collection[str], at: datetime) -> None:
        for kept in self._of(delivery_ids):
            kept.published_at = kept.published_at or at
            kept.message = b""

    async def step(self, steps: Sequence[Step]) -> list[Stepped]:
        counted: dict[str, list[StatusEntry]] = {}
        await self._write(steps, counted)
        ends = {id_: entry.at for id_, log in counted.items() for entry in log if entry.state is State.SUCCESS}
        lines = {_line(self._kept[id_]): at for id_, at in ends.items()}
        standing = self._where(lambda kept: _line(kept) in lines and self._state(kept) is State.SUCCESS)
        by_place = {kept.new.deployment.id: kept for kept in standing}
        past = [by_place[place] for place in replaced((_line(kept), place) for place, kept in by_place.items())]
        await self._write(
            [Step(kept.new.request.delivery_id, State.INACTIVE, lines[_line(kept)], REPLACED) for kept in past], counted
        )
        moved = self._where(lambda kept: kept.new.request.delivery_id in counted)
        return [Stepped(self._tracked(kept), tuple(counted[kept.new.request.delivery_id])) for kept in moved]

    async def _write(self, steps: Sequence[Step], counted: dict[str, list[StatusEntry]]) -> None:
        for step in steps:
            kept = self._kept.get(step.delivery_id)
            if kept is None or step.cluster not in ("", kept.new.request.cluster):
                continue
            if step.heard_at is not None:
                kept.taken_at = max(kept.taken_at or step.heard_at, step.heard_at)
            if step.state is None:
                continue
            entry = StatusEntry(kept.new.deployment.id, step.state, step.at, step.description)
            if await self._ledger.write([entry]):
                counted.setdefault(step.delivery_id, []).append(entry)
                if step.state not in UNFINISHED:
                    kept.message = b""

    async def unfinished(self, *, due: datetime | None = None) -> list[Tracked]:
        open_ = self._where(lambda kept: due is None or kept.new.request.deadline <= due)
        tracked = [self._tracked(kept) for kept in open_]
        return [one for one in tracked if not one.story.is_finished]

    async def succeeded(self, like: str) -> list[Tracked]:
        named = self._kept.get(like)
        if named is None:
            return []
        alike = [self._tracked(kept) for kept in self._where(lambda kept: _line(kept) == _line(named))]
        return [one for one in alike if one.story.state is State.SUCCESS]

    async def to_post(self, *, limit: int, now: datetime, until: datetime) -> list[ToPost]:
        found: list[ToPost] = []
        for kept in self._owed():
            if len(found) == limit:
                break
            if kept.not_before is None or kept.not_before <= now:
                found.append(ToPost(self._tracked(kept), kept.tries, kept.refusals))
                kept.tries += 1
                kept.not_before = until
        return found

    async def posted(self, delivery_id: str, state: State) -> None:
        for kept in self._of([delivery_id]):
            kept.posted, kept.problem, kept.tries, kept.refusals, kept.not_before = state, "", 0, 0, None

    async def post_failed(
        self, delivery_id: str, problem: str, *, again: datetime | None, was_refused: bool = False
    ) -> None:
        for kept in self._of([delivery_id]):
            kept.refusals += was_refused
            kept.problem, kept.not_before, kept.ended = problem, again, kept.ended or again is None

    async def heard(self, announcement: Announcement) -> None:
        key = (announcement.cluster, announcement.instance)
        if key not in self._clusters or self._clusters[key].at < announcement.at:
            self._clusters[key] = announcement

    async def clusters(self) -> list[Announcement]:
        return [self._clusters[key] for key in sorted(self._clusters)]

    async def forget_clusters(self, before: datetime) -> None:
        self._clusters = {key: one for key, one in self._clusters.items() if one.at >= before}

    async def counts(self) -> Mapping[str, int]:
        return {
            "unfinished": len(await self.unfinished()),
            "unpublished": sum(1 for kept in self._kept.values() if kept.message),
            "to_post": sum(1 for _ in self._owed()),
        }

    async def close(self) -> None:
        """Nothing to do."""

    def _where(self, fits: Callable[[_Kept], bool]) -> list[_Kept]:
        """Oldest first."""
        return sorted((kept for kept in self._kept.values() if fits(kept)), key=lambda kept: kept.new.deployment.id)

    def _of(self, delivery_ids: Collection[str]) -> Iterator[_Kept]:
        return (self._kept[id_] for id_ in delivery_ids if id_ in self._kept)

    def _owed(self) -> Iterator[_Kept]:
        for kept in self._where(lambda kept: bool(kept.new.request.deployment_id) and not kept.ended):
            state = self._ledger.story(kept.new.deployment.id).state
            if state is not kept.posted and (state is not State.QUEUED or kept.published_at is not None):
                yield kept

    def _state(self, kept: _Kept) -> State:
        return self._ledger.story(kept.new.deployment.id).state

    def _tracked(self, kept: _Kept) -> Tracked:
        request = kept.new.request
        story = self._ledger.story(kept.new.deployment.id)
        return Tracked(
            delivery_id=request.delivery_id,
            repository=request.repository,
            deployment_id=request.deployment_id,
            cluster=request.cluster,
            team=request.team,
            origin=replace(kept.new.origin, labels=dict(kept.new.origin.labels)),
            subject=kept.new.subject,
            deadline=request.deadline,
            story=story,
            published_at=kept.published_at,
            taken_at=kept.taken_at,
            posted=kept.posted,
            post_problem=kept.problem,
            posting_ended=kept.ended,
        )


def _line(kept: _Kept) -> tuple[str, str, str, str]:
    request, change = kept.new.request, kept.new.deployment.change
    return str(request.repository).lower(), request.cluster, change.namespace, kept.new.subject
