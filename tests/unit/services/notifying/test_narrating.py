"""From a run's progress to what people are told."""

from __future__ import annotations

import itertools
from typing import Any

from tests.support.notifying import COMMIT, NOON

from fairway.domain.errors import Position, Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.progress import Event, Outcome, ReleaseFinished, ReleaseStarted, RunFinished, RunStarted
from fairway.domain.releases.state import Action
from fairway.domain.repository.models import Cluster, Environment, Owner, Provider, Release
from fairway.services.notifying.narrating import Narrator, Narrators, telling

SHOP = Owner(team="shop", slack="#shop")


def an_environment(**owners: Owner) -> Environment:
    place = Position("environments.yaml")
    releases = tuple(Release(name, place, owner=owner) for name, owner in owners.items())
    return Environment("prod", Cluster("eu-1", Provider("existingContext"), place), "shop", place, releases)


class Told:
    """A narrator and everything that it told."""

    def __init__(self, *names: str, **owners: Owner) -> None:
        self.events: list[Happening] = []
        ids = itertools.count(1)
        known = {name: Owner() for name in names} | owners
        self.narrator = Narrator(
            an_environment(**known),
            self.events.append,
            now=lambda: NOON,
            new_id=lambda: f"id{next(ids)}",
            commit_url=lambda commit: f"https://git.example/{commit}",
        )

    def run(
        self, *events: Event, commit: str = COMMIT, end: dict[str, Any] | None = None, **start: Any
    ) -> list[Happening]:
        self.events.clear()
        releases = tuple(one.release for one in events if isinstance(one, ReleaseFinished))
        self.narrator(RunStarted("prod", "eu-1", "shop", releases, commit=commit, subject="orders 1.4.2", **start))
        for event in events:
            self.narrator(event)
        self.narrator(RunFinished("prod", {}, **{"deployment": "01KAJ3X9T2", **(end or {})}))
        return list(self.events)


def begun(release: str, action: Action = Action.UPGRADE, **more: str) -> ReleaseStarted:
    return ReleaseStarted("prod", release, action, **more)


def done(release: str, outcome: Outcome = Outcome.UPGRADED, **more: Any) -> ReleaseFinished:
    return ReleaseFinished("prod", release, outcome, **more)


def kinds(events: list[Happening]) -> list[str]:
    return [event.kind.value for event in events]


def test_a_run_that_changes_nothing_tells_nothing() -> None:
    assert Told("a", "b").run(done("a", Outcome.UNCHANGED), done("b", Outcome.UNCHANGED)) == []


def test_an_upgrade_is_told_when_it_begins_and_when_it_ends() -> None:
    versions = {"before": "1.9.0", "after": "1.9.1"}
    first, last = Told("web").run(begun("web", **versions), done("web", revision=12, **versions))
    assert kinds([first, last]) == ["deployment.started", "deployment.succeeded"]
    assert first.title == "prod: upgrading web 1.9.0 → 1.9.1"
    assert last.title == "prod: web upgraded 1.9.0 → 1.9.1"
    assert last.lines == (
        "web upgraded 1.9.0 → 1.9.1, revision 12",
        'commit 3f2c1ab "orders 1.4.2"',
        "more: fairway show 01KAJ3X9T2",
    )
    assert first.thread == last.thread != ""
    assert (last.release, last.environment, last.cluster, last.deployment) == ("web", "prod", "eu-1", "01KAJ3X9T2")
    assert last.url == f"https://git.example/{COMMIT}"
    assert last.severity is Severity.INFO


def test_five_hundred_releases_are_two_events() -> None:
    names = [f"r{n}" for n in range(500)]
    events = [event for name in names for event in (begun(name, Action.INSTALL), done(name, Outcome.INSTALLED))]
    first, last = Told(*names).run(*events, counts={Action.INSTALL: 500})
    assert first.lines[-1] == "500 releases to change in this run"
    assert last.title == "prod: 500 installed"
    assert last.releases == tuple(names)
    assert "and 440 more releases" in last.lines
    assert len(last.lines) < 70


def test_a_failure_says_why_and_what_runs_now() -> None:
    reasons = ("pod web-1: CrashLoopBackOff", "  panic: no database")
    told = Told("web", "db", "late").run(
        begun("web"),
        done("web", Outcome.FAILED, reasons=reasons, kept_revision=4),
        done("db", Outcome.UNCHANGED),
        done("late", Outcome.SKIPPED, reasons=("needs web",)),
    )
    last = told[-1]
    assert (last.kind, last.severity) == (EventKind.DEPLOYMENT_FAILED, Severity.ERROR)
    assert last.title == "prod: web failed"
    assert last.lines == (
        "web failed",
        "    pod web-1: CrashLoopBackOff",
        "      panic: no database",
        "    revision 4 keeps running",
        "late not started",
        "    needs web",
        'commit 3f2c1ab "orders 1.4.2"',
        "why: fairway show 01KAJ3X9T2",
    )


def test_a_failure_that_went_back_is_a_rollback() -> None:
    last = Told("web").run(begun("web"), done("web", Outcome.FAILED, kept_revision=4, rollback_elapsed=3.2))[-1]
    assert last.kind is EventKind.DEPLOYMENT_ROLLED_BACK
    assert last.title == "prod: web failed and went back"
    assert "    revision 4 runs again" in last.lines
    both = Told("web", "db").run(
        begun("web"),
        done("web", Outcome.FAILED, kept_revision=4, rollback_elapsed=3.2),
        done("db", Outcome.FAILED),
    )[-1]
    assert both.kind is EventKind.DEPLOYMENT_FAILED
    assert both.title == "prod: web and db failed"


def test_drift_that_was_put_back_is_told_apart() -> None:
    [event] = Told("web", "db").run(
        begun("web", Action.CORRECT), done("web", Outcome.CORRECTED), done("db", Outcome.UNCHANGED)
    )
    assert (event.kind, event.severity) == (EventKind.DRIFT_CORRECTED, Severity.WARNING)
    assert event.title == "prod: web changed in the cluster, and put back"
    both = Told("web", "db").run(begun("web", Action.CORRECT), done("web", Outcome.CORRECTED), begun("db"), done("db"))
    assert kinds(both) == ["deployment.started", "drift.corrected", "deployment.succeeded"]
    assert both[2].release == "db"


def test_each_owner_gets_the_releases_that_are_theirs() -> None:
    told = Told("free", web=SHOP, api=SHOP, db=Owner(team="data"))
    events = told.run(
        begun("web"), begun("db"), done("web"), done("db"), begun("api"), done("api"), done("free", Outcome.UNCHANGED)
    )
    assert kinds(events) == ["deployment.started"] * 2 + ["deployment.succeeded"] * 2
    shop, data = events[2:]
    assert (shop.owner, shop.about) == (SHOP, ("web", "api"))
    assert (data.owner.team, data.about) == ("data", ("db",))
    assert shop.thread != data.thread
    assert events[0].thread == shop.thread


def test_the_same_failure_of_the_same_commit_is_told_once() -> None:
    told = Told("web")
    failure = (begun("web", Action.RETRY), done("web", Outcome.FAILED))
    assert kinds(told.run(*failure)) == ["deployment.started", "deployment.failed"]
    assert told.run(*failure) == []
    assert told.run(done("web", Outcome.FAILED)) == []
    assert kinds(told.run(*failure, commit="b" * 40)) == ["deployment.started", "deployment.failed"]


def test_what_failed_and_works_now_is_told() -> None:
    told = Told("web")
    told.run(begun("web"), done("web", Outcome.FAILED))
    assert kinds(told.run(begun("web", Action.RETRY), done("web"))) == ["deployment.succeeded"]
    assert told.run(done("web", Outcome.UNCHANGED)) == []
    assert kinds(told.run(begun("web"), done("web", Outcome.FAILED))) == ["deployment.started", "deployment.failed"]


def test_another_failure_beside_a_known_one_names_both() -> None:
    told = Told("web", "db")
    told.run(begun("web"), done("web", Outcome.FAILED))
    [last] = told.run(done("web", Outcome.FAILED), done("db", Outcome.REFUSED, reasons=("of another owner",)))
    assert last.title == "prod: web and db failed"


def test_what_was_refused_is_told_without_a_beginning() -> None:
    [event] = Told("web").run(done("web", Outcome.REFUSED, reasons=("objects of another release",)))
    assert (event.title, event.severity) == ("prod: web refused", Severity.ERROR)


def test_an_interrupted_run_is_a_warning() -> None:
    told = Told("web").run(begun("web"), done("web", Outcome.INTERRUPTED), end={"interrupted": True})
    assert (told[-1].title, told[-1].severity) == ("prod: web interrupted", Severity.WARNING)
    assert told[-1].lines[0] == "interrupted: the next run goes on where this one stopped"


def test_what_was_announced_also_ends() -> None:
    assert kinds(Told("web").run(begun("web"), done("web", Outcome.UNCHANGED))) == [
        "deployment.started",
        "deployment.succeeded",
    ]


def test_what_is_no_longer_declared_goes_to_the_environments_owner() -> None:
    events = Told().run(begun("old", Action.UNINSTALL), done("old", Outcome.UNINSTALLED))
    assert [event.title for event in events] == ["prod: uninstalling old", "prod: old uninstalled"]


def test_runs_of_other_environments_and_broken_orders_are_left_alone() -> None:
    told = Told("web")
    told.narrator(begun("web"))
    told.narrator(RunFinished("prod", {}))
    told.narrator(RunStarted("stage", "eu-1", "shop", ("web",)))
    told.narrator(ReleaseStarted("stage", "web", Action.UPGRADE))
    assert told.events == []


def test_narrators_remember_environments_and_follow_their_files() -> None:
    told: list[Happening] = []
    narrators = Narrators(told.append, now=lambda: NOON, new_id=lambda: "id")
    first = narrators.of(an_environment(web=Owner()))
    again = narrators.of(an_environment(web=SHOP))
    assert first is again
    for event in (RunStarted("prod", "eu-1", "shop", ("web",)), begun("web")):
        first(event)
    assert told[0].owner == SHOP


def test_one_reporter_passes_on_to_several() -> None:
    one: list[Event] = []
    other: list[Event] = []
    telling(one.append, other.append)(begun("web"))
    assert one == other == [begun("web")]
