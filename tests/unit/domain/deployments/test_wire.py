"""Records as JSON and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployments import a_deployment, a_log, a_run, id_at

from fairway.adapters.spool.lines import decode, encode
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.record import Cause, Change, Deployment, PlanSummary, Run, StatusEntry, Story
from fairway.domain.deployments.status import State
from fairway.domain.deployments.wire import (
    deployment_from_plain,
    run_from_plain,
    status_from_plain,
    story_as_plain,
    time_as_text,
    time_from_text,
)

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
PLANS = st.builds(
    PlanSummary,
    st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
    st.dictionaries(TEXT, st.integers(0, 99), max_size=2),
)
NUMBERS = st.none() | st.integers(0, 2**31 - 1)
CHANGES = st.builds(
    Change,
    environment=TEXT,
    release=TEXT,
    chart=TEXT,
    revision_before=NUMBERS,
    plan=PLANS,
    labels=st.dictionaries(TEXT, TEXT, max_size=2),
)
RUNS = st.builds(
    Run, id=TEXT, at=TIMES, action=TEXT, cause=st.builds(Cause, user=TEXT, dirty=st.booleans(), subject=TEXT)
)
DEPLOYMENTS = st.builds(Deployment, id=TEXT, run_id=TEXT, at=TIMES, change=CHANGES)
STATUSES = st.builds(StatusEntry, deployment_id=TEXT, at=TIMES, description=TEXT, revision=NUMBERS)


@given(st.lists(RUNS | DEPLOYMENTS | STATUSES, max_size=5))
def test_records_come_back_from_their_lines_as_they_were(records: list[Record]) -> None:
    assert decode(encode(records), is_live=False).records == tuple(records)


@given(TIMES)
def test_times_are_kept_to_the_microsecond(at: datetime) -> None:
    assert time_from_text(time_as_text(at)) == at


@pytest.mark.parametrize("text", [None, 17, "", "2026-11-21T12:00:00", "noon"])
def test_a_time_needs_an_offset(text: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        time_from_text(text)


def test_keys_of_a_newer_version_are_ignored_and_missing_ones_take_their_default() -> None:
    run = run_from_plain({"id": "1", "at": "2026-11-21T12:00:00Z", "door": "cli", "mood": "good"})
    assert run.cause == Cause()
    deployment = deployment_from_plain(
        {"id": "2", "run_id": "1", "at": "2026-11-21T12:00:00Z", "change": {"action": "install", "weight": 1}}
    )
    assert deployment.change.plan == PlanSummary()


@pytest.mark.parametrize(
    "plain",
    [
        [],
        {"id": "1"},
        {"id": 1, "at": "2026-11-21T12:00:00Z", "door": "cli"},
        {"id": "1", "at": "2026-11-21T12:00:00Z", "door": "window"},
        {"id": "1", "at": "2026-11-21T12:00:00Z", "door": "cli", "cause": []},
    ],
)
def test_what_is_no_run_is_refused(plain: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        run_from_plain(plain)


def test_a_revision_is_a_number() -> None:
    plain = asdict(StatusEntry("1", State.SUCCESS, datetime.now(UTC))) | {"at": "2026-11-21T12:00:00Z"}
    assert status_from_plain(plain | {"revision": 3}).revision == 3
    for wrong in ("3", True, 1.5):
        with pytest.raises(ValueError, match="revision"):
            status_from_plain(plain | {"revision": wrong})


def test_a_story_for_scripts() -> None:
    run = a_run(dirty=True, subject="orders 1.4.2")
    deployment = a_deployment(run)
    log = a_log(deployment, State.QUEUED, State.IN_PROGRESS, State.FAILURE, description="it crashed", revision=12)
    plain = story_as_plain(Story(run, deployment, tuple(log)))
    json.dumps(plain)
    assert plain["id"] == id_at(1)
    assert plain["run"] == {"id": run.id, "at": "2026-11-21T12:00:00.123456Z", "door": "cli", "action": "apply"}
    assert plain["cause"]["subject"] == "orders 1.4.2"
    assert plain["plan"] == {
        "counts": {"update": 1, "create": 1},
        "objects": [
            {"action": "update", "object": "Deployment web"},
            {"action": "create", "object": "ConfigMap web-5f9c"},
        ],
    }
    assert (plain["state"], plain["outcome"], plain["reason"]) == ("failure", "failure", "it crashed")
    assert (plain["revisionBefore"], plain["revisionAfter"], plain["durationSeconds"]) == (11, 12, 1.0)
    assert [entry["state"] for entry in plain["statuses"]] == ["queued", "in_progress", "failure"]
