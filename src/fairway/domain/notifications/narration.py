"""How a deployment reads: the title and the lines of each of its events.

The rule not to break: titles name environment and result before anything else; a reader of the first line knows whether
to act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind
from fairway.domain.progress import Outcome, ReleaseFinished, ReleaseStarted, RunFinished, RunStarted
from fairway.domain.releases.state import Action
from fairway.domain.repository.models import Owner

MOST_NAMES = 3
MOST_LINES = 60
"""Releases with a line of their own; more are counted."""
MOST_REASONS = 6
"""Lines of why, for each release that failed."""

_DOING = {
    "rollback": "rolling back",
    "uninstall": "uninstalling",
    "test": "testing",
}
_WHAT = {
    Action.INSTALL: "installing",
    Action.UPGRADE: "upgrading",
    Action.UNINSTALL: "uninstalling",
    Action.ROLLBACK: "rolling back",
}


@dataclass(slots=True)
class Part:
    """The releases of a run that have the same owner."""

    owner: Owner
    begun: dict[str, ReleaseStarted] = field(default_factory=dict)
    finished: dict[str, ReleaseFinished] = field(default_factory=dict)
    announced: bool = False
    news: bool = False
    """Something that was not told before."""

    @property
    def releases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.begun, *self.finished]))


def started(run: RunStarted, first: ReleaseStarted) -> tuple[str, tuple[str, ...]]:
    """Title and lines of a beginning; which releases follow the first is not known yet, how many is."""
    doing = _DOING.get(run.operation) or _WHAT.get(first.action, "deploying")
    title = f"{run.environment}: {doing} {first.release}{_versions(first.before, first.after)}"
    expected = sum(n for action, n in run.counts.items() if action is not Action.NOTHING)
    more = (f"{expected} releases to change in this run",) if expected > 1 else ()
    return title, (*_commit(run), *more)


def corrected(run: RunStarted, drift: Sequence[ReleaseFinished]) -> tuple[str, tuple[str, ...]]:
    """Somebody changed the cluster, and it was put back."""
    names = [one.release for one in drift]
    title = f"{run.environment}: {_named(names)} changed in the cluster, and put back"
    lines = [line for one in drift[:MOST_LINES] for line in _release_lines(one)]
    return title, (*lines, *_left_out(len(drift)))


def ended(
    run: RunStarted, end: RunFinished, results: Mapping[str, ReleaseFinished], begun: Mapping[str, ReleaseStarted]
) -> tuple[EventKind, Severity, str, tuple[str, ...]]:
    """Kind, severity, title and lines of the end; failures come first."""
    bad = [one for one in results.values() if one.outcome.is_bad]
    good = [one for one in results.values() if not one.outcome.is_bad]
    failed = [one for one in bad if one.outcome is not Outcome.SKIPPED] or bad
    lines = [line for one in [*bad, *good][:MOST_LINES] for line in _release_lines(one)]
    lines += _left_out(len(results))
    if end.interrupted:
        lines = ["interrupted: the next run goes on where this one stopped", *lines]
    lines += [*_commit(run), *_reference(end, bool(bad))]
    if not results:
        return EventKind.DEPLOYMENT_SUCCEEDED, Severity.INFO, f"{run.environment}: nothing left to do", tuple(lines)
    if not bad:
        title = f"{run.environment}: {_summary(good)}"
        return EventKind.DEPLOYMENT_SUCCEEDED, Severity.INFO, title, tuple(lines)
    went_back = [one for one in failed if one.rollback_elapsed is not None]
    if went_back and len(went_back) == len(failed):
        title = f"{run.environment}: {_named([one.release for one in failed])} failed and went back"
        return EventKind.DEPLOYMENT_ROLLED_BACK, Severity.ERROR, title, tuple(lines)
    words = {one.outcome.value for one in failed}
    word = words.pop() if len(words) == 1 else "failed"
    title = f"{run.environment}: {_named([one.release for one in failed])} {word}"
    cut_short = all(one.outcome in (Outcome.INTERRUPTED, Outcome.SKIPPED) for one in failed) and end.interrupted
    severity = Severity.WARNING if cut_short else Severity.ERROR
    return EventKind.DEPLOYMENT_FAILED, severity, title, tuple(lines)


def _summary(good: Sequence[ReleaseFinished]) -> str:
    if len(good) == 1:
        (one,) = good
        return f"{one.release} {one.outcome}{_versions(one.before, one.after)}"
    outcomes: dict[str, int] = {}
    for one in good:
        outcomes[one.outcome.value] = outcomes.get(one.outcome.value, 0) + 1
    if len(good) <= MOST_NAMES and len(outcomes) == 1:
        return f"{_named([one.release for one in good])} {good[0].outcome}"
    return ", ".join(f"{number} {word}" for word, number in outcomes.items())


def _release_lines(one: ReleaseFinished) -> list[str]:
    revision = f", revision {one.revision}" if one.revision and not one.outcome.is_bad else ""
    lines = [f"{one.release} {one.outcome}{_versions(one.before, one.after)}{revision}"]
    reasons = [f"    {line}" for line in one.reasons[:MOST_REASONS]]
    if len(one.reasons) > MOST_REASONS:
        reasons.append(f"    and {len(one.reasons) - MOST_REASONS} more lines")
    if one.rollback_elapsed is not None and one.kept_revision:
        reasons.append(f"    revision {one.kept_revision} runs again")
    elif one.outcome.is_bad and one.kept_revision:
        reasons.append(f"    revision {one.kept_revision} keeps running")
    return [*lines, *reasons]


def _left_out(count: int) -> list[str]:
    return [f"and {count - MOST_LINES} more releases"] if count > MOST_LINES else []


def _named(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMES:
        return f"{len(names)} releases"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _versions(before: str, after: str) -> str:
    if before and after and before != after:
        return f" {before} → {after}"
    return ""


def _commit(run: RunStarted) -> tuple[str, ...]:
    if not run.commit:
        return ()
    subject = f' "{run.subject}"' if run.subject else ""
    return (f"commit {run.commit[:7]}{subject}{', with changes that are not committed' if run.dirty else ''}",)


def _reference(end: RunFinished, bad: bool) -> tuple[str, ...]:
    if not end.deployment:
        return ()
    return (f"{'why' if bad else 'more'}: fairway show {end.deployment}",)
