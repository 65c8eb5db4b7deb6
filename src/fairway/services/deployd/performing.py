"""What is done in the cluster for one request: as the team what changes it, as deployd itself what only looks.

The rule not to break: what is said of a request tells apart what was applied, what failed and what was not tried, and
is masked before anything is made of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairway.domain.dispatch.requests import DeploymentRequest
from fairway.domain.dispatch.resources import delivery_of, mark_of, name_of
from fairway.domain.dispatch.teams import account_of
from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.services.deployd.applying import apply_item
from fairway.services.deployd.insisting import Insisting
from fairway.services.deployd.masking import Mask
from fairway.services.deployd.ports import TeamIdentity
from fairway.services.deployd.trying import Item, items_of, try_all, words_of
from fairway.services.deployd.watching import read_again, watch_all
from fairway.services.engine.applying import JOB
from fairway.services.engine.ports import Kube
from fairway.services.engine.session import Unhealthy, Waiter


@dataclass(frozen=True, slots=True)
class Performing:
    """One cluster: `own` and `waiter` as deployd sees it, `teams` as the teams do."""

    own: Kube
    teams: TeamIdentity
    waiter: Waiter
    insisting: Insisting
    team_namespaces: bool = False

    def begin(self, request: DeploymentRequest, objects: Sequence[Object], lines: list[str], mask: Mask) -> Performance:
        """`lines` get what is worth telling, masked. Raises UserError for a team that can't have an account."""
        namespace = account_of(request.team, own_namespace=self.team_namespaces).namespace
        return Performance(self, request, objects, lines, mask, namespace)


class Performance:
    """One request in the cluster. `check` and `apply` within `as_team`; the others anywhere."""

    def __init__(
        self,
        at: Performing,
        request: DeploymentRequest,
        objects: Sequence[Object],
        lines: list[str],
        mask: Mask,
        namespace: str,
    ) -> None:
        self._at = at
        self._request = request
        self._objects = objects
        self._lines = lines
        self._mask = mask
        self._namespace = namespace
        self._team: Kube
        self._items: tuple[Item, ...] = ()
        self._untried: set[ObjectRef] = set()
        self._takes_over: set[ObjectRef] = set()
        self._stored: list[tuple[ObjectRef, Object]] = []
        self._replaced = False

    @property
    def count(self) -> int:
        return len(self._objects)

    @asynccontextmanager
    async def as_team(self, until: datetime) -> AsyncIterator[None]:
        """Raises what keeps deployd from acting as the team."""
        async with AsyncExitStack() as stack:
            acting = self._at.teams.acting_as
            self._team = await self._at.insisting.until(
                until, lambda: stack.enter_async_context(acting(self._request.team))
            )
            try:
                yield
            finally:
                self._lines.extend(f"warning: {self._mask(text)}" for text in self._team.warnings)

    async def first_applied(self, until: datetime) -> str:
        """The mark of the first object when it carries this delivery: a former process was killed before it could
        remember that. Empty otherwise; what nobody may read counts as not applied."""
        await self._locate(until)
        first = self._items[0].ref
        for kube in (self._team, self._at.own):
            try:
                live = await self._at.insisting.until(until, lambda kube=kube: kube.get(first))  # type: ignore[misc]
            except FairwayError:
                continue
            return mark_of(first) if live is not None and delivery_of(live) == self._request.delivery_id else ""
        return ""

    async def check(self, until: datetime, *, done: Collection[str]) -> list[str]:
        """Try everything that is not done; why it can't be applied, in words. Nothing is changed."""
        await self._locate(until)
        items = [item for item in self._items if mark_of(item.ref) not in done]
        tried = await self._at.insisting.until(
            until, lambda: try_all(self._at.own, self._team, items, self._request.delivery_id)
        )
        errors: list[str] = []
        self._items = tuple(
            {**{item.ref: item for item in self._items}, **{t.item.ref: t.item for t in tried}}.values()
        )
        self._takes_over = {one.item.ref for one in tried if one.takes_over}
        for one in tried:
            if one.waits_for:
                self._untried.add(one.item.ref)
                self._lines.append(f"not checked beforehand: {name_of(one.item.ref)}, which needs {one.waits_for}")
            if one.error is not None:
                errors.append(self._say_error("refused", one.error, one.item.ref))
        if errors and not done:
            self._lines.append("nothing was applied")
        return errors

    async def apply(
        self, until: datetime, *, done: Collection[str], note: Callable[[str, bool], Awaitable[None]]
    ) -> list[str]:
        """Apply what is not done, in order. Empty when all of it is in the cluster.

        `note` gets each, with whether it must be remembered at once: a Job, which must not run twice.
        """
        before: list[Item] = []
        for number, item in enumerate(self._items):
            if mark_of(item.ref) in done:
                self._lines.append(f"applied before: {name_of(item.ref)}")
                before.append(item)
                continue
            try:
                ref, obj = await self._apply_item(item, until)
            except FairwayError as error:
                told = self._say_error("failed", error, item.ref)
                self._lines.extend(f"not tried: {name_of(rest.ref)}" for rest in self._items[number + 1 :])
                return [told]
            self._stored.append((ref, obj))
            self._lines.append(f"applied: {name_of(ref)}")
            await note(mark_of(ref), ref.key.kind == JOB)
        if before:
            self._stored += await read_again(self._at.own, before, self._request.delivery_id) or []
        return []

    async def resume(self) -> None:
        """For a request whose objects a former process applied."""
        end = self._at.insisting.now() + RESUME_WITHIN
        await self._locate(end)
        stored = await self._at.insisting.until(
            end, lambda: read_again(self._at.own, self._items, self._request.delivery_id)
        )
        self._replaced = stored is None
        self._stored = stored or []
        self._lines.append("deployd was started again in the meantime and goes on watching")

    async def watch(self, since: datetime, timeout: timedelta) -> list[str] | None:
        """Why it did not become healthy, in words; None when another delivery has replaced it."""
        if self._replaced:
            return None
        watched = await watch_all(
            self._at.own, self._at.waiter, self._stored, self._at.insisting, since=since, timeout=timeout
        )
        self._lines.extend(f"health not seen: {self._mask(text)}" for text in watched.unseen)
        return [self._say_error("failed", error, ref) for ref, error in watched.errors]

    async def _locate(self, until: datetime) -> None:
        self._items = await self._at.insisting.until(
            until, lambda: items_of(self._objects, self._at.own, self._namespace)
        )

    async def _apply_item(self, item: Item, until: datetime) -> tuple[ObjectRef, Object]:
        at, delivery = self._at, self._request.delivery_id
        tried = item.ref not in self._untried
        return await at.insisting.until(
            until,
            lambda: apply_item(
                at.own, self._team, at.waiter, item, delivery, tried=tried, takes_over=item.ref in self._takes_over
            ),
        )

    def _say_error(self, how: str, error: FairwayError, ref: ObjectRef) -> str:
        told = self._mask(words_of(error, ref))
        self._lines.append(f"{how}: {told}")
        if error.fix:
            self._lines.append(f"  to fix it: {self._mask(error.fix)}")
        if isinstance(error, Unhealthy):
            self._lines.extend(self._mask(line) for line in error.lines)
        return told


RESUME_WITHIN = timedelta(minutes=5)
"""How long a restarted deployd looks for what it applied, while the API server is away."""
