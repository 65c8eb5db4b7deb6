"""Progress in logs: every change of state once, nothing that moves, and never long silence."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from fairway.domain.progress import (
    Event,
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
from fairway.entrypoints.cli.render.progress_plain import HEARTBEAT, PlainProgress

GOLDEN = """\
prod · cluster eu-1, namespace shop · commit 3f2c1ab "orders 1.4.2" · 1 to install, 2 to upgrade, 5 unchanged

  = redis     unchanged
  · orders    upgrading        1.4.1 → 1.4.2
  · web       installing       2.0.0
  ✓ orders    1.4.1 → 1.4.2    revision 12   6.1 s
  · web       rolling back     to revision 4
warning: the ledger can't be reached; 2 records are kept and sent later
  ✗ web       failed after 21 s
              pod web-7d9f-x2x1, container app: CrashLoopBackOff, exit code 1, 3 restarts
                panic: DATABASE_URL is not set
                ::error::from a pod
              kept revision 4 running (rolled back in 3.2 s)
  – checkout  not started: needs web

1 of 3 changes failed · more: fairway show 01JD3KABCD
  try again: fairway apply prod -r web,checkout
exit code 1
"""

QUIET = """\
warning: the ledger can't be reached; 2 records are kept and sent later
  ✗ web       failed after 21 s
              pod web-7d9f-x2x1, container app: CrashLoopBackOff, exit code 1, 3 restarts
                panic: DATABASE_URL is not set
                ::error::from a pod
              kept revision 4 running (rolled back in 3.2 s)
  – checkout  not started: needs web
1 of 3 changes failed · more: fairway show 01JD3KABCD
  try again: fairway apply prod -r web,checkout
exit code 1
"""


def shown(some: list[Event], clock: Callable[[], float], *, quiet: bool = False) -> str:
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=clock, quiet=quiet)
    for event in some:
        progress(event)
    return stream.getvalue()


def test_a_run_reads_as_lines(events: list[Event], clock: Callable[[], float]) -> None:
    assert shown(events, clock) == GOLDEN


def test_the_headline_says_how_many_are_suspended(clock: Callable[[], float]) -> None:
    run = RunStarted("prod", "eu-1", "shop", ("web", "api"), counts={Action.UPGRADE: 1, Action.NOTHING: 2}, suspended=3)
    assert shown([run], clock).startswith(
        "prod · cluster eu-1, namespace shop · 1 to upgrade, 2 unchanged, 3 suspended\n"
    )


def test_quiet_leaves_what_went_wrong(events: list[Event], clock: Callable[[], float]) -> None:
    assert shown(events, clock, quiet=True) == QUIET


def test_colours_change_no_word(events: list[Event], clock: Callable[[], float]) -> None:
    from fairway.entrypoints.cli.render.style import clean

    stream = io.StringIO()
    progress = PlainProgress(stream, clock=clock, color=True)
    for event in events:
        progress(event)
    assert "\x1b[" in stream.getvalue()
    assert [line.rstrip() for line in clean(stream.getvalue()).splitlines()] == GOLDEN.splitlines()


def start(*names: str) -> RunStarted:
    return RunStarted("prod", "eu-1", "shop", names)


@pytest.mark.parametrize(
    ("counts", "more", "line"),
    [
        ({}, {}, "nothing to do in 2.0 s"),
        ({Outcome.UNCHANGED: 5}, {}, "5 unchanged in 2.0 s"),
        ({Outcome.INSTALLED: 1, Outcome.UPGRADED: 2}, {}, "1 installed, 2 upgraded in 2.0 s"),
        ({Outcome.FAILED: 2}, {}, "2 of 2 changes failed"),
        (
            {Outcome.UPGRADED: 3, Outcome.INTERRUPTED: 1, Outcome.SKIPPED: 4},
            {"interrupted": True, "next_steps": (("go on", "fairway apply prod"),)},
            "interrupted: 3 done, 1 cut short, 4 not begun · go on: fairway apply prod",
        ),
    ],
)
def test_the_closing_line_counts(
    counts: dict[Outcome, int], more: dict[str, object], line: str, clock: Callable[[], float]
) -> None:
    finish = RunFinished("prod", counts, 2.0, **more)  # type: ignore[arg-type]
    assert shown([start("web"), finish], clock).splitlines()[-1] == line


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            ReleaseFinished("prod", "web", Outcome.INSTALLED, 1, 2.0, "", "1.2.3"),
            "installed 1.2.3  revision 1    2.0 s",
        ),
        (ReleaseFinished("prod", "web", Outcome.INSTALLED, 1, 2.0), "installed        revision 1    2.0 s"),
        (
            ReleaseFinished("prod", "web", Outcome.UPGRADED, 7, 2.0, "1.0", "1.0"),
            "upgraded         revision 7    2.0 s",
        ),
        (ReleaseFinished("prod", "web", Outcome.UNINSTALLED, 0, 2.0), "uninstalled                    2.0 s"),
        (ReleaseFinished("prod", "web", Outcome.CORRECTED, 7, 75.0), "corrected        revision 7    1 min 15 s"),
    ],
)
def test_good_ends_say_what_was_done(event: ReleaseFinished, line: str, clock: Callable[[], float]) -> None:
    assert shown([start("web"), event], clock).splitlines()[-1].split("web  ")[1] == line


def test_many_unchanged_releases_are_counted(clock: Callable[[], float]) -> None:
    names = [f"r{n}" for n in range(50)]
    some: list[Event] = [start(*names)]
    some += [ReleaseFinished("prod", name, Outcome.UNCHANGED) for name in names]
    some.append(RunFinished("prod", {Outcome.UNCHANGED: 50}, 0.4))
    assert shown(some, clock).splitlines()[2:] == ["  = 50 releases unchanged", "", "50 unchanged in 0.4 s"]


def test_several_environments_are_told_apart(clock: Callable[[], float]) -> None:
    some: list[Event] = [
        start("web"),
        RunStarted("test", "eu-1", "shop-test", ("web",)),
        ReleaseStarted("test", "web", Action.INSTALL),
        ReleaseFinished("prod", "web", Outcome.UPGRADED, 2, 1.0),
        RunFinished("prod", {Outcome.UPGRADED: 1}, 1.0),
    ]
    text = shown(some, clock)
    assert "  · test/web  installing\n" in text
    assert "  ✓ prod/web  upgraded" in text
    assert text.endswith("prod: 1 upgraded in 1.0 s\n")


def test_what_is_under_way_at_the_end_was_interrupted(clock) -> None:  # type: ignore[no-untyped-def]
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=clock)
    progress(start("web", "later"))
    progress(ReleaseStarted("prod", "web", Action.UPGRADE))
    progress(Phase("prod", "web", PhaseKind.WAITING, "1 of 2 pods ready"))
    progress(Phase("prod", "later", PhaseKind.QUEUED, "web"))
    clock.pass_(12)
    progress.close()
    progress.close()
    assert stream.getvalue().splitlines()[3:] == [
        "  ✗ web    interrupted after 12 s",
        "           1 of 2 pods ready",
    ]


def test_nothing_was_interrupted_after_a_whole_run(events: list[Event], clock: Callable[[], float]) -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=clock)
    for event in events:
        progress(event)
    progress.close()
    assert stream.getvalue() == GOLDEN


def test_going_back_is_told_once(clock: Callable[[], float]) -> None:
    some: list[Event] = [start("web"), ReleaseStarted("prod", "web", Action.UPGRADE)]
    some += [Phase("prod", "web", PhaseKind.ROLLING_BACK, detail) for detail in ("to revision 4", "", "1 pod to go")]
    assert shown(some, clock).count("rolling back") == 1


def test_silence_is_broken_by_what_is_waited_for(clock) -> None:  # type: ignore[no-untyped-def]
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=clock)
    progress(start("web", "db", "later"))
    progress(ReleaseStarted("prod", "web", Action.UPGRADE))
    progress(ReleaseStarted("prod", "db", Action.INSTALL))
    progress(Phase("prod", "web", PhaseKind.WAITING, "1 of 2 pods ready"))
    progress(Phase("prod", "later", PhaseKind.QUEUED, "web"))
    before = stream.getvalue()
    clock.pass_(HEARTBEAT - 1)
    progress.beat()
    assert stream.getvalue() == before
    clock.pass_(1)
    progress.beat()
    progress.beat()
    said = stream.getvalue().removeprefix(before)
    assert said == "  … web upgrading 10 s (1 of 2 pods ready), db installing 10 s (comparing)\n"


def test_nothing_is_said_when_nothing_is_under_way(clock) -> None:  # type: ignore[no-untyped-def]
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=clock)
    clock.pass_(60)
    progress.beat()
    assert stream.getvalue() == ""


def test_a_closed_stream_does_not_stop_the_work(events: list[Event], clock: Callable[[], float]) -> None:
    stream = io.StringIO()
    stream.close()
    progress = PlainProgress(stream, clock=clock)
    for event in events:
        progress(event)


class AsciiStream(io.StringIO):
    encoding = "ANSI_X3.4-1968"  # type: ignore[assignment]


def test_a_stream_without_unicode_gets_ascii(events: list[Event], clock: Callable[[], float]) -> None:
    stream = AsciiStream()
    progress = PlainProgress(stream, clock=clock)
    for event in events:
        progress(event)
    assert stream.getvalue().isascii()
    assert "  + orders    1.4.1 -> 1.4.2" in stream.getvalue()


def test_warnings_name_their_release(clock: Callable[[], float]) -> None:
    text = shown([Notice("hook is old", environment="prod", release="web")], clock)
    assert text == "warning: web: hook is old\n"
