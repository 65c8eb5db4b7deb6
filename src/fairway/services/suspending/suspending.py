"""Suspending releases of one environment, and resuming them: stored, recorded in the ledger, and told.

The rule not to break: what is told and recorded is what was stored, and after it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fairway.domain.deployments.record import Change, ChangeKind, Run
from fairway.domain.deployments.status import State
from fairway.domain.errors import UserError
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Environment
from fairway.domain.suspensions.suspension import Suspension, in_words, moment
from fairway.services.notifying.ports import Tell, tell_nobody
from fairway.services.recording.recorder import Recorder
from fairway.services.suspending.ports import Suspensions

WHOLE = "*"
"""The environment as a whole, where the ledger asks for a release."""


@dataclass(frozen=True, slots=True)
class Suspending:
    """One environment, and the person or program that suspends and resumes."""

    environment: Environment
    kept: Suspensions
    recorder: Recorder
    run: Run
    by: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    tell: Tell = tell_nobody

    async def suspend(self, releases: Sequence[str], reason: str, until: datetime | None) -> tuple[Suspension, ...]:
        """No releases: the whole environment."""
        now = self.now()
        names = list(dict.fromkeys(releases)) or [""]
        made = tuple(Suspension(self.environment.name, name, reason, self.by, now, until) for name in names)
        await self.kept.add(made)
        self._record(ChangeKind.SUSPEND, [(one.release, in_words(one)) for one in made])
        title = f"{self._what(names)} suspended" + (f" until {moment(until)}" if until else "")
        self._say(EventKind.SUSPENDED, title, names, (reason, f"by {self.by}"))
        return made

    async def resume(self, releases: Sequence[str], *, everything: bool = False) -> tuple[Suspension, ...]:
        """No releases: what the whole environment is suspended by; `everything`: that and all of single releases.

        Raises `UserError` when one that is named is not suspended by itself.
        """
        now = self.now()
        stored = [one for one in await self.kept.list(self.environment.name) if not one.is_over(now)]
        names = [one.release for one in stored] if everything else list(dict.fromkeys(releases)) or [""]
        self._check(names, {one.release for one in stored})
        gone = await self.kept.remove(self.environment.name, names)
        if gone:
            resumed = [one.release for one in gone]
            self._record(ChangeKind.RESUME, [(name, f"resumed by {self.by}") for name in resumed])
            self._say(EventKind.RESUMED, f"{self._what(resumed)} resumed", resumed, (f"by {self.by}",))
        return gone

    async def current(self) -> tuple[Suspension, ...]:
        """What counts now, the environment's own first."""
        now = self.now()
        return tuple(one for one in await self.kept.list(self.environment.name) if not one.is_over(now))

    def _check(self, names: Sequence[str], stored: set[str]) -> None:
        unknown = [name for name in names if name not in stored]
        if not unknown:
            return
        env = self.environment.name
        what = f"{', '.join(unknown)} of {env}" if any(unknown) else f"{env} as a whole"
        if "" in stored:
            fix = f"all of {env} is: fairway resume {env}"
        elif stored:
            fix = f"suspended there: {', '.join(sorted(stored))}; all of them: fairway resume {env} --all"
        else:
            fix = f"nothing of {env} is suspended"
        raise UserError(f"{what} is not suspended", fix=fix)

    def _what(self, names: Sequence[str]) -> str:
        env = self.environment.name
        named = [name for name in names if name]
        if len(named) < len(names):
            return f"environment {env}" + (f" and {', '.join(named)}" if named else "")
        return f"{env}: {', '.join(named)}"

    def _record(self, kind: ChangeKind, what: Sequence[tuple[str, str]]) -> None:
        env = self.environment
        changes = [
            Change(env.name, release or WHOLE, kind, cluster=env.cluster.name, namespace=env.namespace)
            for release, _ in what
        ]
        for deployment, (_, text) in zip(self.recorder.open(self.run, changes), what, strict=True):
            self.recorder.started(deployment.id)
            self.recorder.finished(deployment.id, State.SUCCESS, description=text)

    def _say(self, kind: EventKind, title: str, names: Sequence[str], lines: Sequence[str]) -> None:
        env = self.environment
        release = names[0] if len(names) == 1 else ""
        self.tell(
            Happening(
                id=self.new_id(),
                kind=kind,
                at=self.now(),
                title=title,
                lines=tuple(line for line in lines if line),
                environment=env.name,
                release=release,
                cluster=env.cluster.name,
                owner=env.owner_of(release),
            )
        )
