"""A run with one of everything, and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fairway.domain.errors import Position
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

ENV = "prod"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def run_events() -> Iterator[Event]:
    yield RunStarted(
        ENV,
        "eu-1",
        "shop",
        ("redis", "orders", "web", "checkout"),
        "3f2c1abcdef",
        "orders 1.4.2",
        {Action.INSTALL: 1, Action.UPGRADE: 2, Action.NOTHING: 5},
    )
    yield ReleaseFinished(ENV, "redis", Outcome.UNCHANGED, 4)
    yield Phase(ENV, "checkout", PhaseKind.QUEUED, "orders, web")
    yield ReleaseStarted(ENV, "orders", Action.UPGRADE, "1.4.1", "1.4.2")
    yield ReleaseStarted(ENV, "web", Action.INSTALL, "", "2.0.0")
    yield Phase(ENV, "orders", PhaseKind.HOOKS, "orders-migrate")
    yield Phase(ENV, "web", PhaseKind.WAITING, "2 of 3 pods ready; web-7d9f-x2x1 pulling image")
    yield ReleaseFinished(ENV, "orders", Outcome.UPGRADED, 12, 6.1, "1.4.1", "1.4.2")
    yield Phase(ENV, "web", PhaseKind.ROLLING_BACK, "to revision 4")
    yield Notice("the ledger can't be reached; 2 records are kept and sent later")
    yield ReleaseFinished(
        ENV,
        "web",
        Outcome.FAILED,
        5,
        21,
        "1.9.0",
        "1.9.1",
        (
            "pod web-7d9f-x2x1, container app: CrashLoopBackOff, exit code 1, 3 restarts",
            "  panic: \x1b[31mDATABASE_URL\x1b[0m is not set",
            "  ::error::from a pod",
        ),
        4,
        3.2,
        Position("releases/web.yaml", 12, 5),
    )
    yield ReleaseFinished(ENV, "checkout", Outcome.SKIPPED, reasons=("needs web",))
    yield RunFinished(
        ENV,
        {Outcome.UNCHANGED: 5, Outcome.UPGRADED: 1, Outcome.FAILED: 1, Outcome.SKIPPED: 1},
        27.0,
        "01JD3KABCDEFGHJKMNPQRSTVWX",
        (("try again", "fairway apply prod -r web,checkout"),),
        1,
    )


@pytest.fixture
def events() -> list[Event]:
    return list(run_events())
