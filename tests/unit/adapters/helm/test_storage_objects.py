"""A revision as the object that keeps it: names, labels, notes, and records in parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.helm import storage_objects as stored
from fairway.adapters.helm.record_parts import LARGEST, Parts, head, joined, same_content, split
from fairway.domain.errors import Terminal
from fairway.domain.releases.record import decode, encode
from fairway.domain.releases.revision import Hook, HookEvent, Revision, Status

CHART = {"metadata": {"name": "web", "version": "1.0.0"}, "values": {"a": 1}}
REVISION = Revision(
    "web",
    "shop",
    3,
    Status.DEPLOYED,
    "---\nkind: A\n",
    {"a": 2},
    CHART,
    (Hook("h", "Job", "p", "m", (HookEvent.TEST,)),),
    first_deployed=datetime(2026, 1, 1, tzinfo=UTC),
    description="done",
    notes="Hello",
)


def metadata(**changes: Any) -> dict[str, Any]:
    labels = {"name": "web", "owner": "helm", "status": "deployed", "version": "3", "modifiedAt": "1767225600"}
    plain = {"name": "sh.helm.release.v1.web.v3", "namespace": "shop", "uid": "u", "resourceVersion": "9"}
    return {**plain, "creationTimestamp": "2025-12-31T00:00:00Z", "labels": labels, **changes}


def test_the_key_is_helms() -> None:
    assert stored.record_key("web", 12) == "sh.helm.release.v1.web.v12"


def test_a_summary_is_read_from_labels_and_annotations_alone() -> None:
    annotations = {"fairway.dev/inputs": "sha256:1", "other": "x"}
    summary = stored.summary_of({"metadata": metadata(annotations=annotations)})
    assert summary is not None
    assert (summary.name, summary.namespace, summary.version, summary.status) == ("web", "shop", 3, Status.DEPLOYED)
    assert summary.modified == datetime(2026, 1, 1, tzinfo=UTC)
    assert summary.created == datetime(2025, 12, 31, tzinfo=UTC)
    assert (summary.notes_to_self, summary.uid, summary.resource_version) == ({"inputs": "sha256:1"}, "u", "9")


def test_a_record_that_was_never_updated_was_modified_when_it_was_created() -> None:
    labels = {"name": "web", "owner": "helm", "status": "deployed", "version": "3", "createdAt": "1"}
    summary = stored.summary_of({"metadata": metadata(labels=labels)})
    assert summary is not None
    assert summary.modified == summary.created


@pytest.mark.parametrize("labels", [None, {}, {"name": "web"}, {"name": "web", "version": "one"}, {"version": "1"}])
def test_an_object_that_is_no_record_has_no_summary(labels: dict[str, str] | None) -> None:
    assert stored.summary_of({"metadata": metadata(labels=labels)}) is None


def test_an_unknown_status_is_said_to_be_unknown() -> None:
    summary = stored.summary_of({"metadata": metadata(labels={"name": "web", "version": "1", "status": "odd"})})
    assert summary is not None
    assert summary.status is Status.UNKNOWN


def test_labels_of_the_release_never_hide_helms() -> None:
    revision = replace(REVISION, labels={"team": "shop", "status": "mine", stored.PARTS: "x"})
    assert stored.labels_of(revision, createdAt="5") == {
        "team": "shop",
        "createdAt": "5",
        "name": "web",
        "owner": "helm",
        "status": "deployed",
        "version": "3",
    }


def test_labels_and_notes_come_back_from_the_object() -> None:
    revision = replace(REVISION, labels={"team": "shop"}, notes_to_self={"inputs": "1"})
    object_metadata = {"labels": stored.labels_of(revision), "annotations": stored.annotations_of(revision)}
    assert stored.revision_of(encode(revision), object_metadata) == revision


def test_a_record_fits_one_object_or_none() -> None:
    assert stored.whole(REVISION) == encode(REVISION)
    noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(600_000))
    assert stored.whole(replace(REVISION, manifest=noise)) is None


parts = st.builds(
    Parts,
    st.text("0123456789abcdef", min_size=1, max_size=16),
    st.integers(1, 99),
    st.text("0123456789abcdef", min_size=32, max_size=32),
)


@given(parts)
def test_the_label_about_parts_reads_back_and_is_a_valid_label(value: Parts) -> None:
    assert Parts.parse(str(value)) == value
    assert len(str(value)) <= 63


@pytest.mark.parametrize("label", ["", "a", "a.b", "a.b.c", "a.1.c.d"])
def test_a_broken_label_about_parts_is_an_error(label: str) -> None:
    with pytest.raises(Terminal, match="parts"):
        Parts.parse(label)


def test_parts_and_head_give_the_revision_again() -> None:
    place, slices = split(REVISION, "ABCDEF0123456789-too-long")
    assert place.id == "abcdef0123456789"
    assert place.names("key") == ["key.abcdef0123456789.0"]
    again = joined(decode(head(REVISION, place)), slices, place)
    assert again == replace(REVISION, helm_readable=False)


def test_a_change_of_status_keeps_the_parts() -> None:
    place, _ = split(REVISION, "a")
    assert same_content(replace(REVISION, status=Status.SUPERSEDED, description="x", deleted=datetime.now(UTC)), place)
    assert not same_content(replace(REVISION, config={"a": 3}), place)


def test_damaged_parts_are_found() -> None:
    place, slices = split(REVISION, "a")
    with pytest.raises(Terminal, match="checksum"):
        joined(REVISION, [slices[0][:-1]], place)


def test_the_head_lists_well_and_cannot_be_worked_from() -> None:
    place, _ = split(REVISION, "a")
    seen = decode(head(REVISION, place))
    assert (seen.chart_label, seen.status, seen.description) == ("web-1.0.0", Status.DEPLOYED, "done")
    assert "kind: RecordInParts" in seen.manifest
    assert (seen.hooks, seen.config, seen.notes) == ((), {}, "")


def test_no_part_is_larger_than_an_object_may_be() -> None:
    noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(1_200_000))
    place, slices = split(replace(REVISION, manifest=noise), "a")
    assert place.count == len(slices) > 1
    assert max(map(len, slices)) <= LARGEST
