"""What is left of an entry when its faulty parts are taken out: as much as possible, at the same indices."""

from typing import Any

import pytest

from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Overlay, Site
from fairway.domain.repository.validating import known_keys, model_at, validated
from fairway.domain.repository.written import EnvironmentEntry, ReleaseEntry
from fairway.domain.repository.written.releases import ChartEntry
from fairway.domain.repository.written.triggers import ImageTriggerEntry
from fairway.domain.yaml import compose


def left_of(text: str) -> tuple[ReleaseEntry | None, list[str]]:
    value, positions, _ = compose(text, "f.yaml")
    findings = Findings()
    entry = validated(ReleaseEntry, value, Site(positions), findings, "release")
    return entry, [one.rule for one in findings.in_order()]


@pytest.mark.parametrize(
    ("text", "rules", "left"),
    [
        ("{name: a, nope: 1}", ["unknown-key"], {"name": "a"}),
        ("{name: a, wait: 5, timeout: 1m}", ["wrong-type"], {"name": "a", "timeout": "1m"}),
        ("{name: a, needs: [b, 5]}", ["wrong-type"], {"name": "a"}),
        ("{name: a, chart: {dir: c, version: 1}}", ["wrong-type"], {"name": "a", "chart": {"dir": "c"}}),
        (
            "{name: a, triggers: [{image: {track: Nope}}, {chart: {track: Newest}}], labels: {x: z}}",
            ["bad-track"],
            {"name": "a", "triggers": [{}, {"chart": {"track": "Newest"}}], "labels": {"x": "z"}},
        ),
        ("{name: a, owner: {team: [], slack: s}}", ["wrong-type"], {"name": "a", "owner": {"slack": "s"}}),
        ("{name: a, values: [{key: x}, {value: 1}]}", ["missing-key"], {"name": "a"}),
        ("{name: a, timeout: x, retries: 1, wait: z}", ["bad-duration", "unknown-key", "wrong-type"], {"name": "a"}),
    ],
)
def test_faulty_parts_go_and_the_rest_stays(text: str, rules: list[str], left: dict[str, Any]) -> None:
    entry, found = left_of(text)
    assert sorted(found) == rules
    assert entry == ReleaseEntry.model_validate(left)


@pytest.mark.parametrize("text", ["{wait: true}", "[]", "5", "{name: []}"])
def test_an_entry_without_what_it_must_have_is_none(text: str) -> None:
    entry, found = left_of(text)
    assert entry is None
    assert found


def test_stand_ins_fill_reported_gaps() -> None:
    findings = Findings()
    value, positions, _ = compose("{name: a, clusterName: b}", "f.yaml")
    entry = validated(EnvironmentEntry, value, Site(positions), findings, "x", {"kubeNamespace": "default"})
    assert entry is not None
    assert entry.kube_namespace == "default"
    assert findings.failed


def test_models_are_found_by_the_path_of_a_mistake() -> None:
    assert model_at(ReleaseEntry, ("chart",)) is ChartEntry
    assert model_at(ReleaseEntry, ("triggers", 0, "image")) is ImageTriggerEntry
    assert model_at(ReleaseEntry, ()) is ReleaseEntry
    assert model_at(ReleaseEntry, ("labels", "x")) is None
    assert "valuesFile" in known_keys(ReleaseEntry)


def test_an_overlay_answers_with_the_longest_origin() -> None:
    _, own, _ = compose("{a: {b: 1}, c: 2}", "own.yaml")
    _, other, _ = compose("x: {b: 9, d: 8}\n", "other.yaml")
    overlay = Site(Overlay(Site(own), {("a",): Site(other, ("x",)), ("a", "b"): Site(own, ("a", "b"))}))
    assert str(overlay.at("a", "b")) == "own.yaml:1:9"
    assert str(overlay.at("a", "d")) == "other.yaml:1:14"
    assert str(overlay.key("a", "d")) == "other.yaml:1:11"
    assert str(overlay.at("c")) == "own.yaml:1:16"
    assert overlay.into("a").given("b", "d", "e") == ["b", "d"]
    scalar = overlay.scalar("a", "d")
    assert scalar is not None
    assert scalar.text == "8"


def test_what_is_null_is_not_given() -> None:
    _, positions, _ = compose("{a: null, b: ~, c: 'null', d: {}}", "f.yaml")
    assert Site(positions).given("a", "b", "c", "d", "e") == ["c", "d"]
