"""Leadership by a Lease of the cluster, as Kubernetes' own controllers have it.

The rule not to break: `leads` is true only for so long as nobody else can have taken over. It is computed from the
clock each time, and that clock runs on while the machine sleeps: a process that was stopped, or whose event loop hung,
must not go on believing when it wakes up.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

from fairway.domain.errors import FairwayError
from fairway.domain.kube_errors import AlreadyExists, Conflict
from fairway.domain.leadership.lease import Lease, Sight, Step, Terms, believes, decide, given_back, mine, seen
from fairway.domain.manifests.objects import Object, ObjectRef

API = "coordination.k8s.io/v1"
JITTER = 0.2
FAREWELL = 3.0
"""Seconds that giving the lease back may take; afterwards it runs out by itself."""

log = logging.getLogger(__name__)


def steady() -> float:
    """Seconds that only go forward, and go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def unique_name(host: str, process: int) -> str:
    """A holder's name that no other process has, and none had before."""
    return f"{host}_{process}_{secrets.token_hex(4)}"


class Objects(Protocol):
    """What is used of a cluster."""

    async def get(self, ref: ObjectRef) -> Object | None: ...

    async def create(self, obj: Object, ref: ObjectRef) -> Object: ...

    async def replace(self, obj: Object, ref: ObjectRef) -> Object: ...


class LeaseLeadership:
    """Implements `services.agent.ports.Leadership`. `me` is nobody else's name, and no earlier process' either."""

    def __init__(
        self,
        kube: Objects,
        namespace: str,
        name: str,
        *,
        me: str,
        now: Callable[[], datetime],
        terms: Terms = Terms(),
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = steady,
    ) -> None:
        self._kube = kube
        self._clock = clock
        self._ref = ObjectRef(API, "Lease", namespace, name)
        self._me = me
        self._now = now
        self._terms = terms
        self._jitter = jitter
        self._sight = Sight()
        self._asked_at: float | None = None
        self._told = False
        self._news = asyncio.Event()
        self._ending: asyncio.TimerHandle | None = None
        self._trouble = ""

    @property
    def leads(self) -> bool:
        return believes(self._asked_at, self._terms, self._clock())

    @property
    def holder(self) -> str:
        return self._sight.lease.holder if self._sight.lease is not None else ""

    @property
    def trouble(self) -> str:
        """Why the lease could not be read or written the last time; empty when it could."""
        return self._trouble

    async def changed(self) -> None:
        await self._news.wait()

    async def run(self) -> None:
        try:
            while True:
                await self._attempt()
                await asyncio.sleep(self._terms.retry.total_seconds() * (1 + JITTER * self._jitter()))
        finally:
            held = self._asked_at is not None
            self._asked_at = None
            self._tell()
            if held:
                with suppress(FairwayError, TimeoutError):
                    async with asyncio.timeout(FAREWELL):
                        await self._give_back()

    async def _attempt(self) -> None:
        """One round: look, and write when it is ours to write."""
        try:
            async with asyncio.timeout(self._terms.belief.total_seconds()):
                await self._look_and_write()
            self._trouble = ""
        except (Conflict, AlreadyExists):
            self._trouble = ""  # somebody was faster: the next look shows who
        except (FairwayError, TimeoutError) as error:
            text = error.message if isinstance(error, FairwayError) else "the cluster does not answer in time"
            if text != self._trouble:
                log.warning("lease.trouble", extra={"lease": str(self._ref), "text": text})
            self._trouble = text
        self._tell()

    async def _look_and_write(self) -> None:
        stored = await self._kube.get(self._ref)
        version = stored["metadata"]["resourceVersion"] if stored is not None else ""
        self._sight = seen(self._sight, _lease(stored) if stored is not None else None, version, self._clock())
        step = decide(self._sight, self._me, self._clock())
        if step is Step.WAIT:
            self._asked_at = None
            return
        asked_at = self._clock()
        lease = mine(self._sight, self._me, self._terms, self._now())
        body = _body(self._ref, lease, stored)
        written = await (self._kube.create if step is Step.CREATE else self._kube.replace)(body, self._ref)
        self._asked_at = asked_at
        self._sight = seen(self._sight, lease, written["metadata"]["resourceVersion"], self._clock())

    async def _give_back(self) -> None:
        stored = await self._kube.get(self._ref)
        lease = _lease(stored) if stored is not None else None
        if lease is not None and lease.holder == self._me:
            await self._kube.replace(_body(self._ref, given_back(lease, self._now()), stored), self._ref)

    def _tell(self) -> None:
        """Wake who waits for `changed` when it did, now and when the belief will run out."""
        leads = self.leads
        if leads != self._told:
            self._told = leads
            log.info(
                "lease.acquired" if leads else "lease.lost", extra={"lease": str(self._ref), "holder": self.holder}
            )
            self._news.set()
            self._news = asyncio.Event()
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if leads and self._asked_at is not None:
            left = self._asked_at + self._terms.belief.total_seconds() - self._clock()
            self._ending = asyncio.get_running_loop().call_later(max(0.0, left), self._tell)


def _lease(stored: Object) -> Lease:
    spec = stored.get("spec") or {}
    return Lease(
        holder=str(spec.get("holderIdentity") or ""),
        duration=timedelta(seconds=int(spec.get("leaseDurationSeconds") or 0)),
        acquired=_time(spec.get("acquireTime")),
        renewed=_time(spec.get("renewTime")),
        transitions=int(spec.get("leaseTransitions") or 0),
    )


def _body(ref: ObjectRef, lease: Lease, stored: Object | None) -> Object:
    spec = {
        "holderIdentity": lease.holder,
        "leaseDurationSeconds": max(1, round(lease.duration.total_seconds())),
        "acquireTime": _text(lease.acquired),
        "renewTime": _text(lease.renewed),
        "leaseTransitions": lease.transitions,
    }
    if stored is not None:
        return {**stored, "spec": {**(stored.get("spec") or {}), **spec}}
    metadata = {"name": ref.name, "namespace": ref.namespace, "labels": {"app.kubernetes.io/managed-by": "fairway"}}
    return {"apiVersion": API, "kind": "Lease", "metadata": metadata, "spec": spec}


def _text(at: datetime | None) -> str | None:
    """As the API server takes it: always with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at is not None else None


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
