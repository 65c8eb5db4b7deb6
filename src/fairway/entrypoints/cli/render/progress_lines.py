"""One line for each thing that happens in a run: the same words for terminals, logs and GitHub Actions."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from fairway.domain.progress import (
    Notice,
    Outcome,
    Phase,
    PhaseKind,
    ReleaseFinished,
    ReleaseStarted,
    RunFinished,
    RunStarted,
)
from fairway.domain.releases.state import Action
from fairway.entrypoints.cli.render.style import (
    SHORT_ID,
    Line,
    clean,
    commit,
    count,
    fold,
    plain,
    seconds,
    shorten,
    version_step,
)

WIDEST_NAME = 32
WHAT = 15

_DOING = {
    Action.INSTALL: "installing",
    Action.UPGRADE: "upgrading",
    Action.CORRECT: "correcting",
    Action.RETRY: "retrying",
    Action.RECOVER: "recovering",
    Action.UNINSTALL: "uninstalling",
    Action.ROLLBACK: "rolling back",
    Action.TEST: "testing",
    Action.NOTHING: "upgrading",  # only with --force is there something to do where nothing changed
}
_AWAITED = {
    Action.INSTALL: "to install",
    Action.UPGRADE: "to upgrade",
    Action.CORRECT: "to correct",
    Action.RETRY: "to try again",
    Action.RECOVER: "to recover",
    Action.UNINSTALL: "to uninstall",
    Action.ROLLBACK: "to roll back",
    Action.TEST: "to test",
    Action.REFUSE: "refused",
    Action.NOTHING: "unchanged",
}
_OWN_WORD = {PhaseKind.ROLLING_BACK, PhaseKind.TESTING, PhaseKind.UNINSTALLING}
_GLYPHS = {
    Outcome.UNCHANGED: ("=", "dim"),
    Outcome.SUSPENDED: ("‖", "yellow"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.REFUSED: ("✗", "bold red"),
    Outcome.INTERRUPTED: ("✗", "bold yellow"),
    Outcome.SKIPPED: ("–", "yellow"),
}
_COUNTED_AS = {
    Outcome.INSTALLED: "installed",
    Outcome.UPGRADED: "upgraded",
    Outcome.CORRECTED: "corrected",
    Outcome.ROLLED_BACK: "rolled back",
    Outcome.UNINSTALLED: "uninstalled",
    Outcome.TESTED: "tested",
    Outcome.FAILED: "failed",
    Outcome.REFUSED: "refused",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.SKIPPED: "not started",
    Outcome.SUSPENDED: "suspended",
    Outcome.UNCHANGED: "unchanged",
}


@dataclass(slots=True)
class Row:
    """A release under way; `started` by the reporter's clock."""

    environment: str
    release: str
    label: str
    action: Action | None = None
    phase: PhaseKind = PhaseKind.QUEUED
    detail: str = ""
    started: float = 0.0
    versions: str = ""

    @property
    def is_waiting(self) -> bool:
        return self.phase is PhaseKind.QUEUED

    def take(self, event: ReleaseStarted | Phase) -> None:
        if isinstance(event, ReleaseStarted):
            self.action = event.action
            self.versions = version_step(event.before, event.after)
            self.phase, self.detail = PhaseKind.PLANNING, ""
        else:
            self.phase, self.detail = event.kind, clean(event.detail)

    @property
    def what(self) -> str:
        if self.phase in _OWN_WORD or self.action not in _DOING:
            return self.phase.value
        return _DOING[self.action]

    @property
    def doing(self) -> str:
        """The phase in words: `2 of 3 pods ready`, `running hooks: web-migrate`, `waits for orders`."""
        if self.is_waiting:
            return f"waits for {self.detail.removeprefix('for ')}" if self.detail else "waits"
        if self.phase is PhaseKind.WAITING or self.what == self.phase.value:
            return self.detail or ("waiting until it is ready" if self.phase is PhaseKind.WAITING else "")
        return f"{self.phase.value}: {self.detail}" if self.detail else self.phase.value


def header(event: RunStarted) -> Line:
    """`prod · cluster eu-1, namespace shop · commit 3f2c1ab "orders 1.4.2" · 1 to install, 5 unchanged`."""
    parts = [f" · cluster {event.cluster}, namespace {event.namespace}"]
    if event.commit:
        parts.append(f" · {commit(event.commit, event.subject, dirty=event.dirty)}")
    awaited = [f"{n} {_AWAITED[action]}" for action in _AWAITED if (n := event.counts.get(action, 0))]
    if event.suspended:
        awaited.append(f"{event.suspended} suspended")
    if awaited:
        parts.append(" · " + ", ".join(awaited))
    return ((event.environment, "bold"), ("".join(parts), ""))


def name_width(names: tuple[str, ...]) -> int:
    return min(max(map(len, names), default=0), WIDEST_NAME)


def started(row: Row, width: int) -> Line:
    more = row.detail if row.phase is PhaseKind.ROLLING_BACK else row.versions
    return (("  · ", "cyan"), (f"{row.label:<{width}}  ", ""), (f"{row.what:<{WHAT}}  ", ""), (more, "dim"))


def under_way(row: Row, width: int, elapsed: float, glyph: str, *, screen: int) -> Line:
    """The moving line of a release: `⠙ web  installing  2 of 3 pods ready  14 s`, never longer than the screen."""
    if row.is_waiting:
        return (("  · ", "dim"), (shorten(f"{row.label:<{width}}  {row.doing}", screen - 4), "dim"))
    time = f"    {seconds(elapsed)}" if elapsed >= 1 else ""
    name, what = f"{row.label:<{width}}  ", f"{row.what:<{WHAT}}  "
    room = screen - 4 - len(name) - len(what) - len(time)
    if room < 0:
        return ((shorten(f"  {glyph} {row.label}", screen), "cyan"),)
    return ((f"  {glyph} ", "cyan"), (name, ""), (what, ""), (shorten(row.doing, room), ""), (time, "dim"))


def finished(event: ReleaseFinished, label: str, width: int, *, wrap: int = 0) -> list[Line]:
    """The last line of a release, below it the reasons when it ended badly, folded at `wrap` columns (0: never)."""
    glyph, style = _GLYPHS.get(event.outcome, ("✓", "bold green"))
    name = f"{label:<{width}}  "
    lines: list[Line] = []
    if event.outcome is Outcome.UNCHANGED:
        lines.append(((f"  {glyph} {name}unchanged", style),))
    elif event.outcome is Outcome.SUSPENDED:
        lines.append(((f"  {glyph} ", style), (name, ""), (clean(event.reasons[0]), style)))
    elif not event.outcome.is_bad:
        revision = f"revision {event.revision}" if event.revision else ""
        what = _result(event)
        lines.append(
            (
                (f"  {glyph} ", style),
                (name, ""),
                (f"{what:<{WHAT}}  {revision:<12}  ", ""),
                (seconds(event.elapsed) + (f"   {clean(event.reasons[0])}" if event.reasons else ""), "dim"),
            )
        )
    else:
        reasons = list(event.reasons)
        after = f" after {seconds(event.elapsed)}" if event.elapsed else ""
        first = f": {clean(reasons.pop(0))}" if event.outcome is Outcome.SKIPPED and reasons else ""
        lines.append(((f"  {glyph} ", style), (name, ""), (event.outcome.value + after, style), (first, "")))
        below = [part for reason in reasons for part in clean(reason).split("\n")]
        lines += [plain(part) for text in below for part in _indented(text, width + 6, wrap)]
        lines += [plain(part, "dim") for text in _kept(event) for part in _indented(text, width + 6, wrap)]
    return lines


def notice(event: Notice, label: str) -> Line:
    style = {"error": "bold red", "warning": "yellow"}.get(event.severity.value, "")
    about = f"{label}: " if label else ""
    return ((f"{event.severity.value}: ", style), (f"{about}{clean(event.text)}", ""))


def summary(event: RunFinished, environment: str, width: int) -> list[Line]:
    """The closing lines: how many ended how, the ledger's id, what to do next, the exit code when it is not 0."""
    parts = [environment + _counted(event)]
    if event.deployment:
        parts.append(f"more: fairway show {event.deployment[:SHORT_ID]}")
    parts += [f"{what}: {command}" for what, command in event.next_steps]
    style = "bold yellow" if event.interrupted else "bold red" if event.exit_code else "bold"
    first, *rest = fold(parts, width)
    lines = [plain(first, style), *(plain(line) for line in rest)]
    if event.exit_code:
        lines.append(plain(f"exit code {event.exit_code}", "dim"))
    return lines


def unchanged(number: int) -> Line:
    return plain(f"  = {count(number, 'release')} unchanged", "dim")


def _indented(text: str, indent: int, wrap: int) -> list[str]:
    inner = text.lstrip(" ")
    margin = " " * (indent + len(text) - len(inner))
    room = wrap - len(margin)
    if not inner or room < 20 or len(inner) <= room:
        return [margin + inner]
    return [margin + part for part in textwrap.wrap(inner, room, break_on_hyphens=False)]


def _result(event: ReleaseFinished) -> str:
    step = version_step(event.before, event.after)
    if event.outcome in (Outcome.UPGRADED, Outcome.ROLLED_BACK) and "→" in step:
        return step
    if event.outcome is Outcome.INSTALLED and step:
        return f"installed {step}"
    return event.outcome.value


def _kept(event: ReleaseFinished) -> list[str]:
    if not event.kept_revision:
        return []
    took = "" if event.rollback_elapsed is None else f" (rolled back in {seconds(event.rollback_elapsed)})"
    return [f"kept revision {event.kept_revision} running{took}"]


def _counted(event: RunFinished) -> str:
    counts: Mapping[Outcome, int] = event.counts
    changes = sum(n for outcome, n in counts.items() if not outcome.is_quiet)
    bad = sum(counts.get(outcome, 0) for outcome in (Outcome.FAILED, Outcome.REFUSED))
    good = sum(n for outcome, n in counts.items() if not outcome.is_bad and not outcome.is_quiet)
    if event.interrupted:
        told = [f"{good} done", f"{counts.get(Outcome.INTERRUPTED, 0)} cut short"]
        if begun := counts.get(Outcome.SKIPPED, 0):
            told.append(f"{begun} not begun")
        return f"interrupted: {', '.join(told)}"
    if bad:
        return f"{bad} of {count(changes, 'change')} failed"
    told = [f"{n} {word}" for outcome, word in _COUNTED_AS.items() if (n := counts.get(outcome, 0))]
    return (", ".join(told) or "nothing to do") + f" in {seconds(event.elapsed)}"
