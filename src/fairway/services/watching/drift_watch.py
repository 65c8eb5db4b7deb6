"""Names a release as soon as one of its objects is no longer as it was applied.

Judged by the same rule as everywhere (`is_drifted`), and named only when the newest stored revision agrees: what an
apply under way changes is its own business. The rule not to break: this only wakes somebody. Who is woken looks for
himself, so a name too many costs a look, and a name too few the time until the next full look.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import Object, ObjectKey, ObjectRef
from fairway.domain.releases.revision import RevisionSummary
from fairway.domain.repository.models import DriftMode, Environment, Release
from fairway.services.watching.feeds import Feeds
from fairway.services.watching.pacing import Pace
from fairway.services.watching.ports import MetadataWatcher, Summaries
from fairway.services.watching.register import Register
from fairway.services.watching.watched import Place, ReleaseKey, Standing, Watched, standing, watched

SETTLE = 0.5
"""Seconds between the first sign and the look: what changes together is one drift."""
LONGEST_PAUSE = 8.0
"""Seconds between two looks at a release that somebody else is changing."""
PATIENCE = 30.0
"""Seconds until it is asked again whether a release is still left alone."""
PAUSE = 5.0
"""Seconds until a cluster that did not answer is asked again."""
ONE_BY_ONE = 3
"""So many releases of a namespace are asked for by name; for more of them one list is cheaper."""


@dataclass(frozen=True, slots=True)
class DriftedObject:
    """`live` is as much of its metadata as is known; None when it was deleted."""

    ref: ObjectRef
    live: Object | None


@dataclass(frozen=True, slots=True)
class Drift:
    """What is not as it was applied in one release."""

    environment: Environment
    release: Release
    objects: tuple[DriftedObject, ...]


@dataclass(slots=True)
class _Suspicion:
    due: float
    looks: int = 0


class DriftWatch:
    """For the environments of one cluster. Everything belongs to one event loop."""

    def __init__(
        self,
        kube: MetadataWatcher,
        store: Summaries,
        *,
        on_report: Callable[[Drift], None] = lambda drift: None,
        on_problem: Callable[[str], None] = lambda text: None,
        left_alone: Callable[[str, str], bool] = lambda environment, release: False,
        settle: float = SETTLE,
        patience: float = PATIENCE,
    ) -> None:
        """`on_report` is told of drift in releases with `drift: report`, `on_problem` of kinds that can't be watched;
        both return at once and never raise. `left_alone` says of an environment's release whether it is suspended, and
        is asked again after `patience`: what is off then is named."""
        self._store = store
        self._left_alone = left_alone
        self._on_report = on_report
        self._settle = settle
        self._patience = patience
        self._on_lost: Callable[[], None] = lambda: None
        self._feeds = Feeds(
            kube,
            on_change=self._changed,
            on_listed=self._listed,
            on_problem=on_problem,
            on_lost=lambda: self._on_lost(),
        )
        self._register = Register()
        self._suspects: dict[ReleaseKey, _Suspicion] = {}
        self._named: dict[ReleaseKey, frozenset[tuple[ObjectKey, bytes]]] = {}
        self._paces: dict[ReleaseKey, Pace] = defaultdict(Pace)
        self._wake = asyncio.Event()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why some kinds are not watched; their drift is found by the next full look."""
        return tuple(sorted(set(self._feeds.problems.values())))

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return len(self._feeds)

    def watching(
        self, environment: Environment, summaries: Iterable[RevisionSummary], *, only: Collection[str] | None = None
    ) -> None:
        """From now on these are the releases of an environment, as their stored revisions say. Costs no request.

        With `only` nothing is said of other releases than these.
        """
        now = {one.key: one for one in watched(environment, summaries) if only is None or one.key[1] in only}
        for key in self._register.of(environment.name):
            if key not in now and (only is None or key[1] in only):
                self._drop(key)
        for key, one in now.items():
            if self._register.put(one):
                self._suspect(key)

    def forget(self, environment: str) -> None:
        """The environment is no longer looked after here."""
        for key in self._register.of(environment):
            self._drop(key)

    async def run(self, on_drift: Callable[[str, str], None], on_lost: Callable[[], None] = lambda: None) -> None:
        """Until cancelled. `on_drift` gets environment and release, once for each change that is to be corrected;
        `on_lost` is called when the cluster stops answering, once for each kind that is watched."""
        self._on_lost = on_lost
        try:
            while True:
                await self._sign()
                await asyncio.sleep(self._settle)
                if self._register.moved or self._feeds.retry_at <= self._clock():
                    await self._arrange()
                for drift in await self._look():
                    if drift.release.policy.drift is DriftMode.CORRECT:
                        on_drift(drift.environment.name, drift.release.name)
                    else:
                        self._on_report(drift)
        finally:
            await self._feeds.close()

    # --- signs

    def _changed(self, key: ObjectKey) -> None:
        owner = self._register.owner(key)
        if owner is None:
            return
        if self._is_off(owner, key):
            self._suspect(owner.key)
        else:
            # Put right: when it happens again, it is news again.
            self._named.pop(owner.key, None)

    def _listed(self, place: Place) -> None:
        for key, owner in self._register.objects_at(place):
            if self._is_off(owner, key):
                self._suspect(owner.key)

    def _suspect(self, key: ReleaseKey) -> None:
        self._suspects.setdefault(key, _Suspicion(due=0.0)).looks = 0
        self._wake.set()

    async def _sign(self) -> None:
        """Until something may have drifted, or what was put off is due."""
        dues = [one.due for one in self._suspects.values()]
        due = min([*dues, self._feeds.retry_at, self._clock() + (PAUSE if self._register.moved else math.inf)])
        with suppress(TimeoutError):
            async with asyncio.timeout_at(None if due == math.inf else due):
                await self._wake.wait()
        self._wake.clear()

    # --- judging

    def _is_off(self, one: Watched, key: ObjectKey) -> bool:
        """Whether an object differs from what was applied; no, while its kind's watch can't tell."""
        feed = self._feeds[key.kind, key.namespace]
        item = one.inventory.get(key)
        return feed is not None and item is not None and one.is_drifted(item, feed.live(key.name))

    def _drift_of(self, one: Watched) -> Drift | None:
        off = [key for key in one.inventory if self._is_off(one, key)]
        objects = tuple(DriftedObject(one.inventory[key].ref, self._live(key)) for key in off)
        return Drift(one.environment, one.release, objects) if objects else None

    def _live(self, key: ObjectKey) -> Object | None:
        feed = self._feeds[key.kind, key.namespace]
        return feed.live(key.name) if feed is not None else None

    def _marks(self, drift: Drift) -> frozenset[tuple[ObjectKey, bytes]]:
        """By what a change of the drift is known."""
        states = []
        for one in drift.objects:
            key = one.ref.key
            feed = self._feeds[key.kind, key.namespace]
            states.append((key, feed.state(key.name) if feed is not None else b""))
        return frozenset(states)

    async def _look(self) -> list[Drift]:
        """Every suspicion that is due, decided: dismissed, put off, or named."""
        now = self._clock()
        drifts: dict[ReleaseKey, Drift] = {}
        for key in [key for key, one in self._suspects.items() if one.due <= now]:
            drift = self._drift_of(self._register[key])
            if drift is None:
                self._dismiss(key)
            elif self._left_alone(*key):
                self._suspects[key].due = now + self._patience
            elif self._named.get(key) == self._marks(drift):
                del self._suspects[key]
            elif (due := self._paces[key].due(now)) > now:
                self._suspects[key].due = due
            else:
                drifts[key] = drift
        histories = await self._histories(drifts)
        return [drift for key, drift in drifts.items() if key in self._register and self._stands(key, drift, histories)]

    def _stands(self, key: ReleaseKey, drift: Drift, histories: Mapping[ReleaseKey, list[RevisionSummary]]) -> bool:
        """Whether the newest stored revision confirms a drift."""
        suspicion = self._suspects.get(key)
        if suspicion is None:
            return False
        now = self._clock()
        history = histories.get(key)
        what, inventory = (Standing.UNDER_WAY, {}) if history is None else standing(history)
        one = self._register[key]
        if what is Standing.OTHER or (what is Standing.DEPLOYED and not inventory):
            self._drop(key)
            return False
        if what is Standing.UNDER_WAY:
            suspicion.looks += 1
            suspicion.due = now + min(LONGEST_PAUSE, self._settle * 2**suspicion.looks)
            return False
        if inventory != one.inventory:
            # The watch may lag behind the revision: judge by it a moment later.
            self._register.put(replace(one, inventory=inventory))
            suspicion.due = now + self._settle
            return False
        del self._suspects[key]
        self._named[key] = self._marks(drift)
        self._paces[key].named(now)
        return True

    async def _histories(self, drifts: Mapping[ReleaseKey, Drift]) -> dict[ReleaseKey, list[RevisionSummary]]:
        """The stored revisions of those releases; those that could not be read now are left out."""
        by_namespace: dict[str, list[ReleaseKey]] = defaultdict(list)
        for key, drift in drifts.items():
            by_namespace[drift.environment.namespace].append(key)
        found: dict[ReleaseKey, list[RevisionSummary]] = {}

        async def read(namespace: str, keys: list[ReleaseKey], name: str = "") -> None:
            try:
                summaries = await self._store.summaries(namespace, name=name)
            except FairwayError:
                return
            for key in keys:
                found[key] = [s for s in summaries if s.name == key[1]]

        reads = []
        for namespace, keys in by_namespace.items():
            if len(keys) > ONE_BY_ONE:
                reads.append(read(namespace, keys))
            else:
                reads += [read(namespace, [key], key[1]) for key in keys]
        await asyncio.gather(*reads)
        return found

    # --- what is watched

    async def _arrange(self) -> None:
        self._register.moved = False
        try:
            await self._feeds.arrange(self._register.places())
        except FairwayError:
            # The cluster does not answer; the watches that are open wait for it too.
            self._register.moved = True

    def _dismiss(self, key: ReleaseKey) -> None:
        self._suspects.pop(key, None)
        self._named.pop(key, None)

    def _drop(self, key: ReleaseKey) -> None:
        self._register.drop(key)
        self._dismiss(key)
        self._paces.pop(key, None)
        self._wake.set()

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()
