"""Progress on a terminal, seen through a small terminal emulator."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable

import pytest

from fairway.domain.progress import Event, Outcome, Phase, PhaseKind, ReleaseFinished, ReleaseStarted, RunStarted
from fairway.domain.releases.state import Action
from fairway.entrypoints.cli.render.progress import Form, form_for, reporting
from fairway.entrypoints.cli.render.progress_live import LiveProgress


class Screen(io.StringIO):
    """Understands just what is needed: cursor up, carriage return, clear below; colours are dropped."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        rows, y, x = [""], 0, 0
        for up, other, char in re.findall(r"\x1b\[(\d+)A|(\x1b\[[?\d;]*[a-zA-Z])|(.|\n)", self.getvalue()):
            if up:
                y -= int(up)
            elif other == "\x1b[0J":
                del rows[y + 1 :]
                rows[y] = rows[y][:x]
            elif char == "\r":
                x = 0
            elif char == "\n":
                y, x = y + 1, 0
                rows += [""] * (y + 1 - len(rows))
            elif char:
                rows[y] = rows[y][:x] + char + rows[y][x + 1 :]
                x += 1
        return [row.rstrip() for row in rows]


def live(screen: Screen, clock: Callable[[], float], size: tuple[int, int] = (100, 30)) -> LiveProgress:
    return LiveProgress(screen, clock=clock, size=lambda: size)


def test_what_is_under_way_moves_below_what_is_done(events: list[Event], clock) -> None:  # type: ignore[no-untyped-def]
    screen = Screen()
    progress = live(screen, clock)
    for event in events[:8]:
        progress(event)
        progress.draw()
        clock.pass_(2)
    progress.draw()
    assert screen.lines == [
        'prod · cluster eu-1, namespace shop · commit 3f2c1ab "orders 1.4.2" · 1 to install, 2 to upgrade, 5 unchanged',
        "",
        "  = redis     unchanged",
        "  ✓ orders    1.4.1 → 1.4.2    revision 12   6.1 s",
        "  ⠇ web       installing       2 of 3 pods ready; web-7d9f-x2x1 pulling image    8.0 s",
        "  · checkout  waits for orders, web",
        "",
    ]


def test_at_the_end_only_the_finished_lines_stay(events: list[Event], clock: Callable[[], float]) -> None:
    screen = Screen()
    progress = live(screen, clock)
    for event in events:
        progress(event)
        progress.draw()
    progress.close()
    lines = screen.lines
    assert lines[-2] == "exit code 1"
    assert not any("waits for" in line or "⠹" in line for line in lines)
    assert sum("web  " in line for line in lines) == 1
    assert screen.getvalue().endswith("\x1b[?25h")


def test_the_region_never_outgrows_the_screen(clock: Callable[[], float]) -> None:
    screen = Screen()
    progress = live(screen, clock, (60, 10))
    names = tuple(f"release-{n}" for n in range(500))
    progress(RunStarted("prod", "eu-1", "shop", names))
    for name in names[:40]:
        progress(ReleaseStarted("prod", name, Action.UPGRADE))
        progress(Phase("prod", name, PhaseKind.WAITING, "a detail that is much too long for a narrow terminal " * 2))
    progress.draw()
    region = screen.lines[2:]
    assert len(region) <= 10
    assert all(len(line) <= 60 for line in region)
    assert region[-2] == "  … 493 more waiting"


@pytest.mark.parametrize("width", [1, 20, 33, 40, 80, 120])
def test_moving_lines_fit_every_width(width: int, events: list[Event], clock) -> None:  # type: ignore[no-untyped-def]
    screen = Screen()
    progress = live(screen, clock, (width, 24))
    for event in events[:7]:
        progress(event)
    clock.pass_(75)
    progress.draw()
    moving = [line for line in screen.lines if "⠙" in line or "waits" in line or line.startswith("  · ")]
    assert all(len(line) < max(width, 6) for line in moving)


def test_an_event_alone_draws_nothing(clock: Callable[[], float]) -> None:
    screen = Screen()
    progress = live(screen, clock)
    before = screen.getvalue()
    progress(RunStarted("prod", "eu-1", "shop", ("web",)))
    progress(ReleaseStarted("prod", "web", Action.INSTALL))
    progress(ReleaseFinished("prod", "web", Outcome.INSTALLED, 1, 1.0))
    assert screen.getvalue() == before


def test_quiet_shows_no_region(clock: Callable[[], float]) -> None:
    screen = Screen()
    progress = LiveProgress(screen, clock=clock, quiet=True, size=lambda: (80, 24))
    progress(RunStarted("prod", "eu-1", "shop", ("web",)))
    progress(ReleaseStarted("prod", "web", Action.INSTALL))
    progress.draw()
    assert screen.lines == [""]


def test_texts_of_others_come_above_the_region(clock: Callable[[], float]) -> None:
    screen = Screen()
    progress = live(screen, clock)
    progress(RunStarted("prod", "eu-1", "shop", ("web",)))
    progress(ReleaseStarted("prod", "web", Action.INSTALL))
    progress.draw()
    progress.write_text("a log line\n")
    progress.draw()
    assert screen.lines[2] == "a log line"
    assert screen.lines[3].endswith("web  installing       comparing")


def test_the_terminal_is_whole_again_after_an_exception(events: list[Event]) -> None:
    screen = Screen()

    def fail() -> None:
        with reporting(screen, form=Form.LIVE) as report:
            report(events[0])
            report(events[3])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert screen.getvalue().endswith("\x1b[?25h")
    assert screen.lines[2:] == ["  ✗ orders    interrupted after 0.0 s", "              comparing", ""]


def test_stderr_is_given_back(events: list[Event], capsys: pytest.CaptureFixture[str]) -> None:
    real = sys.stderr
    with reporting(sys.stderr, form=Form.LIVE) as report:
        report(events[0])
        sys.stderr.write("from a library\n")
    assert sys.stderr is real
    assert "from a library\n" in capsys.readouterr().err


class Pipe(io.StringIO):
    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("stream", "github", "quiet", "terminal", "form"),
    [
        (Screen(), False, False, "xterm", Form.LIVE),
        (Screen(), False, True, "xterm", Form.PLAIN),
        (Screen(), False, False, "dumb", Form.PLAIN),
        (Pipe(), False, False, "xterm", Form.PLAIN),
        (Pipe(), True, False, "", Form.GITHUB),
        (Screen(), True, True, "xterm", Form.GITHUB),
    ],
)
def test_the_form_follows_the_surroundings(
    stream: io.StringIO, github: bool, quiet: bool, terminal: str, form: Form
) -> None:
    assert form_for(stream, in_github_actions=github, quiet=quiet, terminal=terminal) is form


@pytest.mark.parametrize("form", [Form.PLAIN, Form.GITHUB])
def test_every_form_reports(form: Form, events: list[Event]) -> None:
    pipe = Pipe()
    with reporting(pipe, form=form) as report:
        for event in events:
            report(event)
    assert "1 of 3 changes failed" in pipe.getvalue()
    assert "\x1b" not in pipe.getvalue()
