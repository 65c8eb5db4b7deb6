"""Our coalesced values against what a template of Helm's own renderer sees as `.Values`, over made-up charts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from helm_python import Chart, HelmError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairway.domain.charts.archive import write_archive
from fairway.domain.errors import UserError
from fairway.domain.values.charts import chart_defaults
from fairway.domain.values.coalescing import chart_of, coalesce
from fairway.domain.values.subcharts import effective
from fairway.domain.values.tracing import Node, plain

SEEN = {"templates/seen.yaml": b"{{ .Values | toJson }}"}


def chart_files(
    name: str,
    values: dict[str, Any],
    children: dict[str, dict[str, bytes]] | None = None,
    dependencies: list[dict[str, Any]] | None = None,
    version: str = "1.0.0",
) -> dict[str, bytes]:
    metadata: dict[str, Any] = {"apiVersion": "v2", "name": name, "version": version}
    if dependencies:
        metadata["dependencies"] = dependencies
    files = {"Chart.yaml": yaml.safe_dump(metadata).encode(), "values.yaml": yaml.safe_dump(values).encode(), **SEEN}
    for folder, below in (children or {}).items():
        files |= {f"charts/{folder}/{path}": data for path, data in below.items()}
    return files


def seen_by_helm(files: dict[str, bytes], user: dict[str, Any]) -> Any:
    with Chart.load_archive(write_archive("top", files)) as chart:
        return json.loads(chart.render(user, name="r", namespace="n")["top/templates/seen.yaml"])


def computed(files: dict[str, bytes], user: dict[str, Any]) -> Any:
    chart, tree = chart_of(chart_defaults(files, "charts/top")), nodes(user)
    return plain(coalesce(effective(chart, tree), tree))


def nodes(value: Any) -> Node:
    if isinstance(value, dict):
        return Node({key: nodes(item) for key, item in value.items()})
    return Node([nodes(item) for item in value] if isinstance(value, list) else value)


CASES: dict[str, tuple[dict[str, bytes], dict[str, Any]]] = {
    "a null removes the default": (chart_files("top", {"a": 1, "b": {"c": 2, "d": 3}}), {"a": None, "b": {"c": None}}),
    "a null for nothing stays": (chart_files("top", {"b": {"c": 2}}), {"x": None, "b": {"y": None}}),
    "null defaults do not count": (chart_files("top", {"a": None, "b": {"c": None, "d": 1}}), {"b": {"e": 2}}),
    "null over null": (chart_files("top", {"a": None, "b": {"c": None}}), {"a": None, "b": {"c": None}}),
    "a scalar covers a map": (chart_files("top", {"a": {"b": 1}}), {"a": 5}),
    "a map covers a scalar": (chart_files("top", {"a": 5}), {"a": {"b": 1}}),
    "a sub-chart's defaults are below its name": (
        chart_files("top", {"sub": {"x": 1}}, {"sub": chart_files("sub", {"x": 0, "y": {"z": 2}})}),
        {"sub": {"y": {"w": 3}}},
    ),
    "a null of the user removes a sub-chart's default": (
        chart_files("top", {"sub": {"x": 1, "m": {"n": 1}}}, {"sub": chart_files("sub", {"x": 0, "m": {"n": 2}})}),
        {"sub": {"x": None, "m": {"n": None}}},
    ),
    "a null of the parent removes a sub-chart's default": (
        chart_files("top", {"sub": {"x": None}}, {"sub": chart_files("sub", {"x": 0, "m": {"n": 2}})}),
        {"sub": {"m": {"o": 1}}},
    ),
    "globals go down": (
        chart_files(
            "top",
            {"global": {"a": {"b": 1}}},
            {"sub": chart_files("sub", {"global": {"a": {"c": 2}, "d": 4}, "x": 1})},
        ),
        {"global": {"e": 5}},
    ),
    "deep globals": (
        chart_files(
            "top",
            {"global": {"a": {"b": {"c": 1}}}},
            {"sub": chart_files("sub", {"global": {"a": {"b": {"d": 2}}}})},
        ),
        {},
    ),
    "condition and tags": (
        chart_files(
            "top",
            {"one": {"enabled": False}, "tags": {"back": False, "front": True}},
            {n: chart_files(n, {"v": n}) for n in ("one", "two", "three", "four")},
            [
                {"name": "one", "version": "1.x", "condition": "one.enabled", "tags": ["front"]},
                {"name": "two", "version": "1.x", "tags": ["back"]},
                {"name": "three", "version": "1.x", "condition": "three.enabled,global.three", "tags": ["back"]},
            ],
        ),
        {"global": {"three": True}},
    ),
    "an alias": (
        chart_files(
            "top",
            {"primary": {"v": 1}},
            {"db": chart_files("db", {"v": 0, "w": 2})},
            [
                {"name": "db", "version": "^1.0.0", "alias": "primary"},
                {"name": "db", "version": "^1.0.0", "alias": "replica"},
            ],
        ),
        {"replica": {"w": 9}},
    ),
    "import-values": (
        chart_files(
            "top",
            {"here": {"port": 1}, "own": 1},
            {"sub": chart_files("sub", {"exports": {"all": {"own": 2, "new": 3}}, "data": {"port": 9, "host": "h"}})},
            [
                {
                    "name": "sub",
                    "version": "*",
                    "import-values": ["all", {"child": "data", "parent": "here"}, {"child": "none", "parent": "x.y"}],
                }
            ],
        ),
        {"here": {"extra": True}},
    ),
    "a sub-chart of a sub-chart": (
        chart_files(
            "top",
            {"global": {"g": 1}, "sub": {"deep": {"v": 5}}},
            {
                "sub": chart_files(
                    "sub",
                    {"deep": {"w": 1, "on": True}},
                    {"deep": chart_files("deep", {"v": 0, "x": None, "g": {"h": None}})},
                    [{"name": "deep", "version": "1.0.0", "condition": "deep.on"}],
                )
            },
            [{"name": "sub", "version": "1.0.0", "condition": "sub.on"}],
        ),
        {"sub": {"deep": {"w": None}}},
    ),
}


@pytest.mark.parametrize("user", [{"sub": 1}, {"sub": []}, {"sub": "x"}])
def test_a_sub_chart_s_values_must_be_a_map_for_both(user: dict[str, Any]) -> None:
    files = chart_files("top", {}, {"sub": chart_files("sub", {"x": 0})})
    with pytest.raises(HelmError):
        seen_by_helm(files, user)
    with pytest.raises(UserError, match="sub-chart sub"):
        computed(files, user)


@pytest.mark.parametrize("name", CASES)
def test_values_are_what_a_template_sees(name: str) -> None:
    files, user = CASES[name]
    assert computed(files, user) == seen_by_helm(files, user)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.sampled_from(["", "x", "y"]))
KEYS = st.sampled_from(["a", "b", "sub", "other", "global", "on"])


def tables(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    item = SCALARS if depth == 0 else st.one_of(SCALARS, st.lists(SCALARS, max_size=2), tables(depth - 1))
    return st.dictionaries(KEYS, item, max_size=4)


def whole(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Values whose sub-chart keys are tables where they stand, as Helm demands."""
    return tables(depth).map(_fix)


def _fix(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k not in ("sub", "other", "global") or isinstance(v, dict)}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    top=whole(3),
    sub=whole(2),
    other=whole(2),
    user=whole(3),
    condition=st.sampled_from(["", "sub.on", "global.on", "on"]),
    imports=st.sampled_from([[], [{"child": "a", "parent": "b"}], [{"child": "a", "parent": "."}]]),
)
def test_any_values_are_what_a_template_sees(
    top: dict[str, Any],
    sub: dict[str, Any],
    other: dict[str, Any],
    user: dict[str, Any],
    condition: str,
    imports: list[dict[str, str]],
) -> None:
    declared: dict[str, Any] = {"name": "sub", "version": "1.0.0"}
    if condition:
        declared["condition"] = condition
    if imports:
        declared["import-values"] = imports
    children = {"sub": chart_files("sub", sub), "other": chart_files("other", other)}
    files = chart_files("top", top, children, [declared])
    assert computed(files, user) == seen_by_helm(files, user)
