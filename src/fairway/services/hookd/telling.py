"""Deployments of teams as news for people: begun, succeeded, failed; one thread for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fairway.domain.deployments.status import State
from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Owner
from fairway.services.hookd.ports import Tracked
from fairway.services.notifying.ports import Tell, tell_nobody

_KINDS = {
    State.IN_PROGRESS: EventKind.DEPLOYMENT_STARTED,
    State.SUCCESS: EventKind.DEPLOYMENT_SUCCEEDED,
    State.FAILURE: EventKind.DEPLOYMENT_FAILED,
    State.ERROR: EventKind.DEPLOYMENT_FAILED,
}
_WORDS = {
    State.IN_PROGRESS: "is being deployed",
    State.SUCCESS: "was deployed",
    State.FAILURE: "could not be deployed",
    State.ERROR: "could not be deployed",
}


class Telling:
    def __init__(
        self,
        tell: Tell = tell_nobody,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        log_url: Callable[[str], str] = lambda delivery_id: "",
    ) -> None:
        self._tell = tell
        self._now = now
        self._new_id = new_id
        self._log_url = log_url

    def stepped(self, tracked: Tracked, state: State) -> None:
        """A deployment is in this state from now on."""
        kind = _KINDS.get(state)
        if kind is None:
            return
        why = next((entry.description for entry in tracked.story.statuses if entry.state is state), "")
        failed = kind is EventKind.DEPLOYMENT_FAILED
        first, *more = why.split("\n") if why else [""]
        title = f"{tracked.subject or tracked.repository} {_WORDS[state]} in {tracked.cluster}"
        self._tell(
            Happening(
                id=self._new_id(),
                kind=kind,
                at=self._now(),
                title=f"{title}: {first}" if failed and first else title,
                severity=Severity.ERROR if failed else Severity.INFO,
                lines=tuple(more[:20]),
                environment=tracked.cluster,
                release=tracked.subject,
                cluster=tracked.cluster,
                owner=Owner(team=tracked.team or None),
                commit=tracked.origin.sha,
                url=self._log_url(tracked.delivery_id),
                deployment=tracked.story.id,
                thread=tracked.story.id,
            )
        )
