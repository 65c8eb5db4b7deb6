"""How a request can end, in states and words. The rule not to break: what is told is masked before it is cut."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairway.domain.dispatch import outcomes as words
from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.errors import FairwayError, UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """`lines` tell what the description has no room for."""

    state: ReportedState
    description: str
    lines: tuple[str, ...] = ()


def late() -> Ending:
    return Ending(ReportedState.FAILURE, words.EXCEEDED, ("the deadline had passed when it was its turn",))


def failed(errors: Sequence[str], lines: Sequence[str]) -> Ending:
    return Ending(ReportedState.FAILURE, words.failure(errors), tuple(lines))


def superseded(lines: Sequence[str]) -> Ending:
    return Ending(ReportedState.INACTIVE, words.SUPERSEDED, tuple(lines))


def succeeded(applied: int, lines: Sequence[str]) -> Ending:
    return Ending(ReportedState.SUCCESS, words.success(applied), tuple(lines))


def broken_off(error: Exception, delivery_id: str, lines: Sequence[str], mask: Callable[[str], str]) -> Ending:
    """By what is wrong with the request, by what refused it, or by a defect of ours, whose text only our log gets."""
    if not isinstance(error, FairwayError):
        log.error("deployd.defect", extra={"delivery_id": delivery_id}, exc_info=error)
        return failed([f"deployd has a defect: {type(error).__name__}; its log tells more"], lines)
    told = mask(error.message)
    more = (told, *((f"  to fix it: {mask(error.fix)}",) if error.fix else ()))
    if isinstance(error, UserError):
        return Ending(ReportedState.ERROR, words.wrong(told), (*lines, *more))
    return failed([told], (*lines, *more))
