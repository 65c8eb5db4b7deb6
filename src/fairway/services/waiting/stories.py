"""From a failure to what a human needs: the pod, its last state, its last log lines or the events that tell why.

The rule not to break: telling the story never hides the failure; what can't be read is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fairway.domain.errors import FairwayError
from fairway.domain.health import Failure
from fairway.domain.manifests.objects import Object
from fairway.services.engine.ports import ObjectReader

LOG_LINES = 5
EVENTS = 3
LONGEST = 240


class Storyteller:
    """Reads logs and events of one cluster."""

    def __init__(self, kube: ObjectReader, mask: Callable[[str], str]) -> None:
        self._kube = kube
        self._mask = mask

    async def of_failure(self, failure: Failure, namespace: str, pod_uid: str) -> tuple[str, ...]:
        """Indented lines below a failure: the log when a container ran, else the events of its pod."""
        if failure.pod and failure.container and failure.read_previous_log is not None:
            log = await self._log(namespace, failure.pod, failure.container, previous=failure.read_previous_log)
            if log:
                return log
        if failure.message and failure.read_previous_log is None:
            return ()
        return await self.events_of(namespace, pod_uid)

    async def events_of(self, namespace: str, uid: str) -> tuple[str, ...]:
        """Indented lines of the last Warning events about an object."""
        events = await self.warnings(namespace, uid)
        return tuple(self._line(f"{e.get('reason')}: {e.get('message')}") for e in events[-EVENTS:])

    async def warnings(self, namespace: str, uid: str) -> list[Object]:
        """Warning events about an object, and what tells that a claim waits for its pod; oldest first."""
        if not uid:
            return []
        try:
            resource = (await self._kube.discover()).by_ref["v1", "Event"]
            found = await self._kube.list_objects(
                resource, namespace or "default", field_selector=f"involvedObject.uid={uid}"
            )
        except (FairwayError, KeyError):
            return []
        told = [e for e in found if e.get("type") == "Warning" or e.get("reason") == "WaitForFirstConsumer"]
        return sorted(told, key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or ""))

    async def _log(self, namespace: str, pod: str, container: str, *, previous: bool) -> tuple[str, ...]:
        for which in (previous, not previous):
            try:
                text = await self._kube.read_logs(namespace, pod, container, lines=LOG_LINES * 2, previous=which)
            except FairwayError:
                continue
            lines = [line.rstrip() for line in text.splitlines() if line.strip()]
            if lines:
                return tuple(self._line(line) for line in lines[-LOG_LINES:])
        return ()

    def _line(self, text: str) -> str:
        masked = self._mask(" ".join(text.split("\n")))
        return f"  {masked[:LONGEST]}" + ("…" if len(masked) > LONGEST else "")


def headline(texts: Sequence[str]) -> str:
    """The first few of what is missing, in one line."""
    shown = "; ".join(texts[:3])
    return shown + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")
