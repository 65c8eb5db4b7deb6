"""What a cluster says of a request when it is over: one line for GitHub, and all lines for the log page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairway.domain.dispatch.statuses import LONGEST_DESCRIPTION, cut_description

SUCCESS = "Deployment successful"
EXCEEDED = "deadline exceeded"
SUPERSEDED = "a newer deployment took its place"
LONGEST_DETAIL = 16_000
"""Characters; what is left out is said."""


def success(applied: int) -> str:
    return f"{SUCCESS} ({_counted(applied, 'resource')})"


def in_progress(applied: int) -> str:
    return f"{_counted(applied, 'resource')} applied"


def failure(errors: Sequence[str]) -> str:
    """`Deployment failed: <first error> (total of N errors)`; the count is there also when the error is long."""
    count = f" (total of {_counted(len(errors), 'error')})"
    return cut_description(f"Deployment failed: {errors[0]}", LONGEST_DESCRIPTION - len(count)) + count


def wrong(why: str) -> str:
    """The request itself can't be carried out, by anybody."""
    return cut_description(f"Error in deployment request: {why}")


def detail(lines: Iterable[str]) -> str:
    """The lines as one text, at most `LONGEST_DETAIL` characters long."""
    kept: list[str] = []
    size = 0
    rest = list(lines)
    for number, line in enumerate(rest):
        size += len(line) + 1
        if size > LONGEST_DETAIL:
            kept.append(f"… and {_counted(len(rest) - number, 'line')} more")
            break
        kept.append(line)
    return "\n".join(kept)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
