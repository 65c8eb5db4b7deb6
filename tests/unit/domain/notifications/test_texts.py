"""What a message says."""

from __future__ import annotations

import pytest
from tests.support.notifying import a_failure, an_event, an_upgrade, upgrades_written

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind
from fairway.domain.notifications.texts import LONGEST_TEXT, MOST_SECTIONS, MOST_UPGRADES, as_plain_text, text_of


def test_the_worst_comes_first() -> None:
    text = text_of([an_event(title="fine"), a_failure(), an_event(title="so so", severity=Severity.WARNING)])
    assert text.title == "prod: web failed, and 2 more"
    assert text.severity is Severity.ERROR
    assert [section.title for section in text.sections] == ["prod: web failed", "so so", "fine"]


def test_a_deployment_that_began_and_ended_says_how_it_ended() -> None:
    begun = an_event(EventKind.DEPLOYMENT_STARTED, title="prod: upgrading web", thread="run 1")
    assert text_of([begun, a_failure()]).title == "prod: web failed"


def test_upgrades_of_many_commits_are_one_section() -> None:
    events = [upgrades_written(2, title=f"commit {n}", url=f"https://git.example/{n}") for n in range(3)]
    text = text_of(events)
    assert text.title == "6 upgrades in 3 commits"
    assert text.sections[0].url == "https://git.example/2"
    assert text.sections[0].lines[:3] == ("commit 0", "commit 1", "commit 2")


def test_releases_that_get_the_same_version_share_a_line() -> None:
    upgrades = (an_upgrade(1, release="web"), an_upgrade(2, environment="stage"), an_upgrade(1, release="api"))
    event = an_event(EventKind.UPGRADE_WRITTEN, upgrades=upgrades, lines=("why",))
    assert text_of([event]).sections[0].lines == (
        "why",
        "prod web, api: registry.shop.example/app1 1.0.0 → 1.0.1 (newest in 1.0.x)",
        "stage app2: registry.shop.example/app2 1.0.0 → 1.0.1 (newest in 1.0.x)",
    )


def test_what_has_no_room_is_counted() -> None:
    many = text_of([an_event(title=f"event {n}") for n in range(MOST_SECTIONS + 5)])
    assert many.sections[-1].title == "5 more events"
    assert many.sections[-1].lines == tuple(f"event {n}" for n in range(MOST_SECTIONS, MOST_SECTIONS + 5))
    [section] = text_of([upgrades_written(MOST_UPGRADES + 7)]).sections
    assert section.lines[-1] == "and 7 more"
    [long] = text_of([an_event(lines=("x" * 1000,) * 200)]).sections
    assert sum(len(line) for line in long.lines) <= LONGEST_TEXT + 100
    assert long.lines[-1] == "and 101 more lines"


def test_as_plain_text() -> None:
    assert as_plain_text(text_of([a_failure(), an_event(title="fine")])) == (
        "❌ prod: web failed\n"
        "  web failed 1.9.0 → 1.9.1\n"
        "      pod web-7d9f-x2x1, container app: CrashLoopBackOff\n"
        "      revision 4 runs again\n"
        '  commit 3f2c1ab "web <1.9.1> & more"\n'
        "  https://git.shop.example/deployments/commit/3f2c1ab\n"
        "\n"
        "✅ fine"
    )


@pytest.mark.parametrize("odd", ["\u202e", "\x00", "\x1b[31m", "\r\n", "\ud800"])
def test_nothing_unseen_is_passed_on(odd: str) -> None:
    [section] = text_of([an_event(title=f"a{odd}b", lines=(f"c{odd}d",))]).sections
    for text in (section.title, *section.lines):
        assert odd[0] not in text
