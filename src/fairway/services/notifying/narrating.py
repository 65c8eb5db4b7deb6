"""From the engine's progress events to what people are told: a run is one deployment, whatever it changes.

A reporter (`domain.progress.Reporter`) that stands beside the one which shows progress. One of these looks after one
environment for as long as its process lives, so that the same failure of the same commit is told once. The rule not
to break: a run that changes nothing tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from fairway.domain.errors import FairwayError, Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.notifications.narration import Part, corrected, ended, started
from fairway.domain.progress import Event, Outcome, ReleaseFinished, ReleaseStarted, Reporter, RunFinished, RunStarted
from fairway.domain.releases.state import Action
from fairway.domain.repository.models import Environment
from fairway.services.notifying.ports import Tell

_QUIET = frozenset({Action.NOTHING, Action.CORRECT})
_Team: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class _Run:
    """What one run has shown so far, for each owner: people get the releases that are theirs."""

    start: RunStarted
    id: str
    parts: dict[_Team, Part] = field(default_factory=dict)


def telling(*reporters: Reporter) -> Reporter:
    """One reporter that passes everything on to these."""

    def report(event: Event) -> None:
        for one in reporters:
            one(event)

    return report


class Narrator:
    """Call it with the events of any run; those of other environments are left alone.

    `commit_url` makes the address of a commit's page, or "". `environment` may be replaced when the files change.
    """

    def __init__(
        self,
        environment: Environment,
        tell: Tell,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        commit_url: Callable[[str], str] = lambda commit: "",
    ) -> None:
        self.environment = environment
        self._tell = tell
        self._now = now
        self._new_id = new_id
        self._commit_url = commit_url
        self._run: _Run | None = None
        self._failed: dict[str, tuple[str, Outcome]] = {}
        """Releases whose failure was told: at which commit, and how."""

    def __call__(self, event: Event) -> None:
        if event.environment != self.environment.name:
            return
        if isinstance(event, RunStarted):
            self._run = _Run(event, self._new_id())
        elif self._run is None:
            return
        elif isinstance(event, ReleaseStarted):
            self._release_started(self._run, event)
        elif isinstance(event, ReleaseFinished):
            self._release_finished(self._run, event)
        elif isinstance(event, RunFinished):
            run, self._run = self._run, None
            self._failed.pop("", None)
            self._finished(run, event)

    def broken(self, error: FairwayError) -> None:
        """The environment's run could not begin, or ended by this; the same of the same is told once."""
        start = (
            self._run.start if self._run else RunStarted(self.environment.name, self.environment.cluster.name, "", ())
        )
        run, self._run = self._run or _Run(start, self._new_id()), None
        failure = (start.commit or error.message, Outcome.FAILED)
        if self._failed.get("") == failure:
            return
        self._failed[""] = failure
        lines = (error.message, *((error.fix,) if error.fix else ()))
        title = f"{self.environment.name}: nothing was applied"
        for part in list(run.parts.values()) or [Part(self.environment.owner)]:
            self._send(run, part, EventKind.DEPLOYMENT_FAILED, Severity.ERROR, title, lines)

    def _release_started(self, run: _Run, event: ReleaseStarted) -> None:
        if event.action in _QUIET:
            return
        part = self._part(run, event.release)
        part.begun[event.release] = event
        # Trying again what failed at this very commit is news only when it ends otherwise.
        known = self._failed.get(event.release, ("", None))
        if not part.announced and (known[1] is None or known[0] != run.start.commit):
            part.announced = True
            self._send(run, part, EventKind.DEPLOYMENT_STARTED, Severity.INFO, *started(run.start, event))

    def _release_finished(self, run: _Run, event: ReleaseFinished) -> None:
        if event.outcome is Outcome.UNCHANGED:
            self._failed.pop(event.release, None)
            return
        part = self._part(run, event.release)
        part.finished[event.release] = event
        if event.outcome.is_bad:
            failure = (run.start.commit, event.outcome)
            part.news |= self._failed.get(event.release) != failure
            self._failed[event.release] = failure
        else:
            part.news |= event.outcome is not Outcome.CORRECTED
            self._failed.pop(event.release, None)

    def _finished(self, run: _Run, event: RunFinished) -> None:
        for part in run.parts.values():
            if drift := [one for one in part.finished.values() if one.outcome is Outcome.CORRECTED]:
                title, lines = corrected(run.start, drift)
                alone = replace(part, finished={one.release: one for one in drift}, begun={})
                self._send(run, alone, EventKind.DRIFT_CORRECTED, Severity.WARNING, title, lines, event)
            changes = {n: one for n, one in part.finished.items() if one.outcome is not Outcome.CORRECTED}
            # What was announced also ends, so that no message says for ever that it goes on.
            if part.announced or (changes and part.news):
                kind, severity, title, lines = ended(run.start, event, changes, part.begun)
                self._send(run, replace(part, finished=changes), kind, severity, title, lines, event)

    def _part(self, run: _Run, release: str) -> Part:
        owner = self.environment.owner_of(release)
        key = (owner.slack or "", owner.team or "")
        return run.parts.setdefault(key, Part(owner))

    def _send(
        self,
        run: _Run,
        part: Part,
        kind: EventKind,
        severity: Severity,
        title: str,
        lines: tuple[str, ...],
        end: RunFinished | None = None,
    ) -> None:
        releases = part.releases
        start = run.start
        owner = part.owner
        self._tell(
            Happening(
                id=self._new_id(),
                kind=kind,
                at=self._now(),
                title=title,
                severity=severity,
                lines=lines,
                environment=start.environment,
                release=releases[0] if len(releases) == 1 else "",
                releases=releases if len(releases) > 1 else (),
                cluster=start.cluster,
                owner=owner,
                commit=start.commit,
                url=self._commit_url(start.commit) if start.commit else "",
                deployment=end.deployment if end is not None else "",
                thread=""
                if kind is EventKind.DRIFT_CORRECTED
                else f"run {run.id} {owner.slack or owner.team or ''}".strip(),
            )
        )


class Narrators:
    """A narrator for each environment, for a process that carries out many runs; the arguments are a narrator's."""

    def __init__(
        self,
        tell: Tell,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        commit_url: Callable[[str], str] = lambda commit: "",
    ) -> None:
        self._tell = tell
        self._now = now
        self._new_id = new_id
        self._commit_url = commit_url
        self._narrators: dict[str, Narrator] = {}

    def of(self, environment: Environment) -> Narrator:
        """The same one for the same name, with the owners as they are declared now."""
        narrator = self._narrators.get(environment.name)
        if narrator is None:
            narrator = Narrator(
                environment, self._tell, now=self._now, new_id=self._new_id, commit_url=self._commit_url
            )
            self._narrators[environment.name] = narrator
        narrator.environment = environment
        return narrator
