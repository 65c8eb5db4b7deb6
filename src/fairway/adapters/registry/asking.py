"""One question to a registry: a bounded number at once, none to a registry that has enough, none without an end.

The rule not to break: a registry that asked to be left alone is not asked again before that time, by nobody; and one
that does not answer keeps no other registry waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from fairway.adapters.charts.challenges import Encounters
from fairway.adapters.charts.oci_session import OciSession, OciSessions
from fairway.adapters.charts.web import Answer
from fairway.domain.charts.archive import MIB
from fairway.domain.charts.sources import Throttled, Unreachable
from fairway.domain.errors import Transient, UserError

REQUESTS_AT_ONCE = 16
LONGEST_ANSWER = 180.0
"""Seconds for one answer with all its attempts and pauses."""
SILENCE = 30.0
"""Seconds for which a registry that did not answer at all is not asked by others."""


class Asking:
    """`clock` counts seconds, from whenever."""

    def __init__(
        self,
        sessions: OciSessions,
        *,
        clock: Callable[[], float] = time.monotonic,
        longest: float = LONGEST_ANSWER,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._longest = longest
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._encounters = Encounters()
        self._resting: dict[str, tuple[float, Transient]] = {}

    async def ask(
        self,
        repository: str,
        path: str,
        *,
        limit: int = 4 * MIB,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        also: int = 404,
    ) -> Answer:
        """Answers 200, 304, 404 and `also`; everything else is raised. Errors: UserError, Transient, Terminal."""
        host, _, name = repository.partition("/")
        slots = self._slots.setdefault(host, asyncio.Semaphore(REQUESTS_AT_ONCE))
        async with slots, self._encounters.meet(host):
            self._check_rest(host)
            session = await self._sessions.of(host, name)
            try:
                async with asyncio.timeout(self._longest):
                    answer = await session.get(path, limit=limit, headers=headers, method=method)
            except TimeoutError:
                message = f"{repository}: the registry did not finish its answer within {self._longest:.0f} s"
                silent = Transient(message, fix="try again later")
                self._resting[host] = (self._clock() + SILENCE, silent)
                raise silent from None
            except Throttled as error:
                self._resting[host] = (self._clock() + error.after, error)
                raise
            except Unreachable as error:
                if error.__cause__ is not None:  # no answer at all, unlike a 500
                    self._resting[host] = (self._clock() + SILENCE, error)
                raise
        if answer.status not in (200, 304, 404, also):
            raise self._refused(answer, session, repository, host)
        return answer

    def _check_rest(self, host: str) -> None:
        until, error = self._resting.get(host, (0.0, None))
        if error is not None and self._clock() < until:
            raise Transient(error.message, fix=error.fix)

    def _refused(self, answer: Answer, session: OciSession, repository: str, host: str) -> UserError:
        if answer.status in (401, 403):
            what = "the login was refused" if session.has_login else "it wants a login"
            return UserError(f"{repository}: {what} ({answer.status})", fix=self._sessions.advice(host))
        return UserError(f"{repository}: the registry answers {answer.status}", fix="check the name of the image")
