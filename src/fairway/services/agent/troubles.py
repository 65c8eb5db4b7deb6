"""Outside things that do not answer: told once when it begins, and once when it is over."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fairway.domain.errors import FairwayError, Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.services.notifying.ports import Tell, tell_nobody

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`what` is for people: `Git`, `cluster eu-1`."""

    what: str
    why: str
    since: datetime


class Troubles:
    """What is away now, by name."""

    def __init__(self, now: Callable[[], datetime], tell: Tell = tell_nobody) -> None:
        self._now = now
        self._tell = tell
        self._known: dict[str, Trouble] = {}

    @property
    def known(self) -> Mapping[str, Trouble]:
        return dict(self._known)

    def failed(self, what: str, why: str, *, environment: str = "", fix: str | None = None) -> None:
        """It did not answer; who is told already hears nothing more until it is well again."""
        first = what not in self._known
        since = self._now() if first else self._known[what].since
        self._known[what] = Trouble(what, why, since)
        if first:
            log.warning("source.failed", extra={"what": what, "why": why, **({"fix": fix} if fix else {})})
            lines = (why, *((fix,) if fix else ()))
            title = f"{what} does not answer"
            self._happened(EventKind.SOURCE_FAILED, title, Severity.ERROR, lines, environment, f"trouble {what}")

    def well(self, what: str, *, environment: str = "") -> None:
        """It answered; nothing happens when nobody was told of anything else."""
        trouble = self._known.pop(what, None)
        if trouble is not None:
            seconds = round((self._now() - trouble.since).total_seconds())
            log.info("source.recovered", extra={"what": what, "seconds": seconds})
            title = f"{what} answers again, after {seconds} s"
            self._happened(EventKind.SOURCE_RECOVERED, title, Severity.INFO, (), environment, f"trouble {what}")

    def refused(self, environment: str, error: FairwayError) -> None:
        """An environment was refused as a whole; whoever calls says it once."""
        lines = (str(error), *((error.fix,) if error.fix else ()))
        title = f"{environment} is not applied: {error.message}"
        self._happened(EventKind.DEPLOYMENT_FAILED, title, Severity.ERROR, lines, environment, "")

    def _happened(
        self,
        kind: EventKind,
        title: str,
        severity: Severity,
        lines: tuple[str, ...],
        environment: str,
        thread: str,
    ) -> None:
        self._tell(
            Happening(
                id=secrets.token_hex(8),
                kind=kind,
                at=self._now(),
                title=title,
                severity=severity,
                lines=lines,
                environment=environment,
                thread=thread,
            )
        )
