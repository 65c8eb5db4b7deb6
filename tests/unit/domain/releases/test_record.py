"""Helm's stored form of a revision: what we write reads back, and what Helm 3 and 4 wrote is understood."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Terminal
from fairway.domain.releases.record import decode, encode, pack, unpack
from fairway.domain.releases.revision import Hook, HookDeletePolicy, HookEvent, HookRun, Revision, Status
from fairway.domain.releases.stored_chart import StoredChart

CHART = {"metadata": {"name": "web", "version": "1.2.3"}, "templates": [{"name": "a", "data": "eA=="}], "values": {}}
NOW = datetime(2026, 11, 21, 12, 30, 1, 250000, tzinfo=UTC)


def revision(**changes: Any) -> Revision:
    return replace(Revision("web", "shop", 3, Status.DEPLOYED, "---\na: b\n", chart=CHART), **changes)


def plain_json(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(data)))
    return document


def as_helm_writes(document: dict[str, Any]) -> bytes:
    return base64.b64encode(gzip.compress(json.dumps(document).encode(), 9, mtime=0))


texts = st.text(st.characters(codec="utf-8"), max_size=40)
moments = st.none() | st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(texts, json_values, max_size=4)
hooks = st.builds(
    Hook,
    texts,
    texts,
    texts,
    texts,
    st.lists(st.sampled_from(HookEvent), min_size=1, max_size=3).map(tuple),
    st.integers(-100, 100),
    st.lists(st.sampled_from(HookDeletePolicy), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(["hook-succeeded", "hook-failed"]), max_size=2).map(tuple),
    st.builds(HookRun, moments, moments, st.sampled_from(["", "Running", "Succeeded", "Failed"])),
)
revisions = st.builds(
    Revision,
    texts,
    texts,
    st.integers(0, 10_000),
    st.sampled_from(Status),
    texts,
    maps,
    maps,
    st.lists(hooks, max_size=3).map(tuple),
    moments,
    moments,
    moments,
    texts,
    texts,
    apply_method=st.sampled_from(["", "ssa", "csa"]),
    rollback_revision=st.integers(0, 99),
)


@given(revisions)
def test_what_is_encoded_decodes_to_the_same_revision(original: Revision) -> None:
    assert decode(encode(original)) == original


@given(revisions)
def test_encoding_what_was_decoded_changes_nothing(original: Revision) -> None:
    stored = encode(original)
    assert encode(decode(stored)) == stored


@given(revisions)
def test_a_reader_that_knows_nothing_of_members_sees_one_json_object(original: Revision) -> None:
    document = plain_json(encode(original))
    assert document["chart"] == dict(original.chart)
    assert document.get("name", "") == original.name


def test_the_json_has_helms_field_names_and_leaves_out_what_is_empty() -> None:
    hook = Hook("migrate", "Job", "web/templates/job.yaml", "kind: Job", (HookEvent.PRE_INSTALL,), -5)
    document = plain_json(encode(revision(hooks=(hook,), config={"a": 1}, first_deployed=NOW, description="done")))
    assert document == {
        "name": "web",
        "namespace": "shop",
        "version": 3,
        "info": {"first_deployed": "2026-11-21T12:30:01.250000Z", "description": "done", "status": "deployed"},
        "config": {"a": 1},
        "manifest": "---\na: b\n",
        "hooks": [
            {
                "name": "migrate",
                "kind": "Job",
                "path": "web/templates/job.yaml",
                "manifest": "kind: Job",
                "events": ["pre-install"],
                "last_run": {"phase": ""},
                "weight": -5,
                "delete_policies": ["before-hook-creation"],
            }
        ],
        "apply_method": "ssa",
        "chart": CHART,
    }


HELM_3 = {
    "name": "old",
    "info": {
        "first_deployed": "2020-05-01T10:00:00.123456789+02:00",
        "last_deployed": "2020-05-01T10:00:00.123456789+02:00",
        "deleted": "",
        "description": "Install complete",
        "status": "deployed",
        "notes": "Hello",
    },
    "chart": CHART,
    "config": None,
    "manifest": "---\n",
    "hooks": [
        {
            "name": "h",
            "events": ["test-success", "pre-delete"],
            "last_run": {"started_at": "", "completed_at": "0001-01-01T00:00:00Z", "phase": ""},
            "delete_policies": None,
        },
        None,
    ],
    "version": 1,
    "namespace": "default",
}


def test_a_record_of_helm_3_is_understood() -> None:
    old = decode(as_helm_writes(HELM_3))
    assert old.status is Status.DEPLOYED
    assert (old.apply_method, old.config, old.notes, old.deleted) == ("", {}, "Hello", None)
    assert old.first_deployed == datetime(2020, 5, 1, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    (hook,) = old.hooks
    assert hook.events == (HookEvent.TEST, HookEvent.PRE_DELETE)
    assert hook.last_run == HookRun()
    assert hook.delete_policies == (HookDeletePolicy.BEFORE_CREATION,)
    assert old.chart_label == "web-1.2.3"


@pytest.mark.parametrize("text", ["", None, "0001-01-01T00:00:00Z"])
def test_a_time_that_never_was_is_none(text: str | None) -> None:
    assert decode(as_helm_writes({"name": "x", "info": {"deleted": text}})).deleted is None


def test_a_record_with_next_to_nothing_in_it_is_read() -> None:
    empty = decode(as_helm_writes({}))
    assert (empty.name, empty.version, empty.status, empty.hooks) == ("", 0, Status.UNKNOWN, ())


def test_json_that_was_stored_uncompressed_is_read() -> None:
    assert decode(base64.b64encode(json.dumps(HELM_3).encode())).name == "old"


def test_gzip_in_several_members_is_read_wherever_they_are_cut() -> None:
    text = json.dumps(HELM_3).encode()
    data = b"".join(gzip.compress(text[start : start + 100]) for start in range(0, len(text), 100))
    assert unpack(data).name == "old"


def test_words_that_helm_does_not_know_are_kept() -> None:
    odd = Hook("h", "Job", "p", "m", (HookEvent.TEST,), 0, ("hook-suceeded",))  # type: ignore[arg-type]
    assert decode(encode(revision(hooks=(odd,)))).hooks == (odd,)


def test_a_naive_time_is_stored_as_utc() -> None:
    stored = plain_json(encode(revision(deleted=datetime(2026, 1, 2, 3, 4, 5))))
    assert stored["info"]["deleted"] == "2026-01-02T03:04:05Z"


def test_integers_beyond_64_bits_survive() -> None:
    assert decode(encode(revision(config={"big": 2**70}))).config == {"big": float(2**70)}
    assert plain_json(encode(revision(config={"big": 2**70})))["config"] == {"big": 2**70}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"!", "base64"),
        (base64.b64encode(b"\x1f\x8b\x08 not gzip"), "damaged"),
        (base64.b64encode(gzip.compress(b"{}", mtime=0)[:-9]), "damaged"),
        (base64.b64encode(b"not json"), "damaged"),
        (base64.b64encode(b"[1]"), "not a JSON object"),
        (as_helm_writes({"info": {"deleted": "yesterday"}}), "wrong type"),
        (as_helm_writes({"info": "text"}), "wrong type"),
        (as_helm_writes({"version": "one"}), "wrong type"),
    ],
)
def test_what_is_no_record_is_a_terminal_error_that_says_why(data: bytes, why: str) -> None:
    with pytest.raises(Terminal, match=why):
        decode(data)


def test_the_chart_is_packed_once_and_stays_packed_when_read_back() -> None:
    chart = StoredChart(CHART)
    one, two = pack(revision(chart=chart)), pack(revision(chart=chart, version=4))
    assert one.endswith(chart.packed)
    assert two.endswith(chart.packed)
    again = unpack(one)
    assert isinstance(again.chart, StoredChart)
    assert again.chart.packed == chart.packed
    assert again.chart == CHART
    assert again.chart != {**CHART, "values": {"other": 1}}


def test_a_damaged_chart_is_found_when_it_is_looked_at() -> None:
    damaged = StoredChart(None, packed=b"\x1f\x8b\x08nonsense")
    with pytest.raises(Terminal, match="chart inside"):
        damaged["metadata"]
