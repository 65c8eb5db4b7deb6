"""Progress in GitHub Actions: groups, annotations, and no way for a pod to speak to the runner."""

from __future__ import annotations

import io
from collections.abc import Callable

from fairway.domain.errors import Position
from fairway.domain.progress import Event, Outcome, ReleaseFinished, RunFinished, RunStarted
from fairway.entrypoints.cli.render.progress_github import GithubProgress

GOLDEN = """\
::group::prod · cluster eu-1, namespace shop · commit 3f2c1ab "orders 1.4.2" · 1 to install, 2 to upgrade, 5 unchanged
  = redis     unchanged
  · orders    upgrading        1.4.1 → 1.4.2
  · web       installing       2.0.0
  ✓ orders    1.4.1 → 1.4.2    revision 12   6.1 s
  · web       rolling back     to revision 4
warning: the ledger can't be reached; 2 records are kept and sent later
  ✗ web       failed after 21 s
              pod web-7d9f-x2x1, container app: CrashLoopBackOff, exit code 1, 3 restarts
                panic: DATABASE_URL is not set
                : :error::from a pod
              kept revision 4 running (rolled back in 3.2 s)
::error file=releases/web.yaml,line=12,col=5,title=prod/web failed::pod web-7d9f-x2x1, container app: \
CrashLoopBackOff, exit code 1, 3 restarts%0A  panic: DATABASE_URL is not set%0A  ::error::from a pod
  – checkout  not started: needs web
::endgroup::
  ✗ web       failed after 21 s
              pod web-7d9f-x2x1, container app: CrashLoopBackOff, exit code 1, 3 restarts
                panic: DATABASE_URL is not set
                : :error::from a pod
              kept revision 4 running (rolled back in 3.2 s)
  – checkout  not started: needs web

1 of 3 changes failed · more: fairway show 01JD3KABCD
  try again: fairway apply prod -r web,checkout
exit code 1
"""


def shown(some: list[Event], clock: Callable[[], float], *, quiet: bool = False) -> str:
    stream = io.StringIO()
    progress = GithubProgress(stream, clock=clock, quiet=quiet)
    for event in some:
        progress(event)
    return stream.getvalue()


def test_a_run_is_a_group_and_failures_are_annotated(events: list[Event], clock: Callable[[], float]) -> None:
    assert shown(events, clock) == GOLDEN


def test_quiet_keeps_the_annotations(events: list[Event], clock: Callable[[], float]) -> None:
    text = shown(events, clock, quiet=True)
    assert "::group::" not in text
    assert text.count("::error ") == 1
    assert text.count("failed after 21 s") == 1


def test_groups_are_never_nested(clock: Callable[[], float]) -> None:
    some: list[Event] = [
        RunStarted("prod", "eu-1", "shop", ("web",)),
        RunStarted("test", "eu-1", "shop-test", ("web",)),
        ReleaseFinished("test", "web", Outcome.UPGRADED, 2, 1.0),
        RunFinished("test", {Outcome.UPGRADED: 1}),
        RunFinished("prod", {}),
    ]
    text = shown(some, clock)
    assert text.count("::group::") == text.count("::endgroup::") == 1
    assert text.index("prod: nothing to do") > text.index("::endgroup::")


def test_places_and_texts_are_escaped(clock: Callable[[], float]) -> None:
    event = ReleaseFinished(
        "prod", "web", Outcome.FAILED, reasons=("100% of a, b:\r\nc",), where=Position("a,b:c.yaml", 3)
    )
    assert "::error file=a%2Cb%3Ac.yaml,line=3,title=prod/web failed::100%25 of a, b:%0Ac\n" in shown([event], clock)


def test_old_workflow_commands_are_taken_apart_too(clock: Callable[[], float]) -> None:
    event = ReleaseFinished("prod", "web", Outcome.FAILED, reasons=("x", "  ##[set-output name=a]b"))
    body = [line for line in shown([event], clock).splitlines() if not line.startswith("::error")]
    assert not any("##[" in line for line in body)
