"""Provenance: the traced merge is the merge, and every value names the layer that it really comes from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ListMerge, ListMergeRule
from fairway.domain.values.assignments import Assignment
from fairway.domain.values.charts import ChartDefaults, chart_defaults
from fairway.domain.values.coalescing import coalesced_defaults
from fairway.domain.values.explaining import Explanation, explain
from fairway.domain.values.layers import EnvironmentLayers, LayerKind, ReleaseLayers, ValuesDocument
from fairway.domain.values.paths import format_path, parse_key
from fairway.domain.values.tracing import plain, trace_user_values
from fairway.domain.yaml import dump, load_with_positions

CHART = {
    "Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": b"ingress:\n  host: chart.local\n  paths: [/]\nport: 80\ngone: yes\n",
    "charts/redis/Chart.yaml": b"apiVersion: v2\nname: redis\nversion: 1.0.0\n",
    "charts/redis/values.yaml": b"# of redis\nreplicas: 1\nauth:\n  enabled: true\n",
}


def document(text: str, file: str, *, secret: bool = False) -> ValuesDocument:
    values, positions = load_with_positions(text, file)
    return ValuesDocument(file, values or {}, positions, secret)


def assigned(key: str, value: Any, line: int, file: str = "releases/prod.yaml", **more: Any) -> Assignment:
    return Assignment(parse_key(key), value, Position(file, line, 5), written=value, **more)


def lines(explanation: Explanation, key: str) -> list[str]:
    """`layer file:line key` of a key, strongest first."""
    return [
        f"{item.layer} {item.position.file}:{item.position.line} {format_path(item.path)}"
        for item in explanation.provenance[parse_key(key)]
    ]


@pytest.fixture(scope="module")
def explanation() -> Explanation:
    environment = EnvironmentLayers(
        document("ingress:\n  class: nginx\nglobal:\n  zone: a\n", "defaults.yaml"),
        [Assignment(("ingress", "host"), "{{release}}.example.com", Position("environments.yaml", 31, 9), open=True)],
    )
    release = ReleaseLayers(
        "web",
        document("ingress:\n  paths:\n  - /api\nredis:\n  replicas: 3\n", "releases/web.yaml"),
        [assigned("gone", None, 12), assigned("redis.auth.enabled", None, 13), assigned("port", 8080, 14)],
    )
    return explain(environment, release, chart_defaults(CHART, "charts/web"))


def test_the_final_values_are_merged_over_the_chart(explanation: Explanation) -> None:
    assert explanation.values == {
        "ingress": {"host": "web.example.com", "paths": ["/api"], "class": "nginx"},
        "port": 8080,
        "global": {"zone": "a"},
        "redis": {"replicas": 3, "auth": {}, "global": {"zone": "a"}},
    }


def test_the_user_values_keep_their_nulls(explanation: Explanation) -> None:
    assert explanation.user["gone"] is None
    assert explanation.user["redis"] == {"replicas": 3, "auth": {"enabled": None}}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "ingress.host",
            [
                "environment default environments.yaml:31 ingress.host",
                "chart default charts/web/values.yaml:2 ingress.host",
            ],
        ),
        ("ingress.class", ["environment default file defaults.yaml:2 ingress.class"]),
        ("port", ["release value releases/prod.yaml:14 port", "chart default charts/web/values.yaml:4 port"]),
        (
            "redis.replicas",
            [
                "release values file releases/web.yaml:5 redis.replicas",
                "sub-chart default charts/web/charts/redis/values.yaml:2 replicas",
            ],
        ),
        ("redis.global.zone", ["environment default file defaults.yaml:4 global.zone"]),
        (
            "ingress.paths[0]",
            [
                "release values file releases/web.yaml:3 ingress.paths[0]",
                "chart default charts/web/values.yaml:3 ingress.paths",
            ],
        ),
    ],
)
def test_each_key_names_its_layers_strongest_first(explanation: Explanation, key: str, expected: list[str]) -> None:
    assert lines(explanation, key) == expected


def test_a_null_is_named_for_what_it_removed(explanation: Explanation) -> None:
    removed = {format_path(key): [o.position.line for o in origins] for key, origins in explanation.removed.items()}
    assert removed == {"gone": [12, 5], "redis.auth.enabled": [13, 4]}


def test_what_was_written_is_kept_beside_the_value(explanation: Explanation) -> None:
    top = explanation.provenance[("ingress", "host")][0]
    assert (top.value, top.position.line) == ("web.example.com", 31)


def test_a_map_that_replaced_a_scalar_covers_it() -> None:
    environment = EnvironmentLayers(document("port: 80\n", "defaults.yaml"), ())
    release = ReleaseLayers("web", document("port:\n  http: 81\n", "web.yaml"))
    found = explain(environment, release, chart_defaults(CHART, "charts/web"))
    assert [o.position.file for o in found.provenance[("port", "http")]] == [
        "web.yaml",
        "defaults.yaml",
        "charts/web/values.yaml",
    ]


def test_values_of_an_encrypted_file_are_secret() -> None:
    environment = EnvironmentLayers(document("a:\n  b: x\n  c: [1]\n", "secrets.yaml", secret=True), ())
    release = ReleaseLayers("web", None, [assigned("a.b", "open", 3)])
    assert environment.merge(release).secret_paths == {("a", "b"), ("a", "c")}
    found = explain(environment, release, chart_defaults(CHART, "charts/web"))
    assert found.secret_paths == {("a", "c", 0)}


def test_skipping_defaults_leaves_the_environment_out() -> None:
    environment = EnvironmentLayers(document("a: 1\n", "defaults.yaml"), [assigned("b", "s", 2, secret=True)])
    values = environment.merge(ReleaseLayers("web", skip_defaults=True))
    assert (values.values, values.secret_paths) == ({}, frozenset())


def test_a_scalar_for_a_sub_chart_is_refused_with_its_place() -> None:
    release = ReleaseLayers("web", None, [assigned("redis", 5, 21)])
    with pytest.raises(UserError, match="sub-chart redis") as caught:
        explain(EnvironmentLayers(None, ()), release, chart_defaults(CHART, "charts/web"))
    assert caught.value.where == Position("releases/prod.yaml", 21, 5)


def test_list_rules_start_from_the_chart_s_list() -> None:
    rule = (ListMerge("ingress.paths", ListMergeRule.APPEND),)
    release = ReleaseLayers("web", document("ingress:\n  paths: [/x]\n", "web.yaml"), list_merge=rule)
    defaults = chart_defaults(CHART, "charts/web")
    found = explain(EnvironmentLayers(None, ()), release, defaults)
    assert found.values["ingress"]["paths"] == ["/", "/x"]
    assert lines(found, "ingress.paths[0]")[0] == "chart default charts/web/values.yaml:3 ingress.paths[0]"
    assert lines(found, "ingress.paths[1]")[0] == "release values file web.yaml:2 ingress.paths[0]"
    merged = EnvironmentLayers(None, ()).merge(release, coalesced_defaults(defaults))
    assert merged.values == found.user


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 5), st.sampled_from(["", "x", "{{release}}"]))
KEYS = st.sampled_from(["a", "b", "redis", "ingress"])


def tables(depth: int = 2) -> st.SearchStrategy[Any]:
    inner = SCALARS if depth == 0 else st.one_of(SCALARS, st.lists(SCALARS, max_size=2), tables(depth - 1))
    return st.dictionaries(KEYS, inner, max_size=3)


paths = st.lists(KEYS, min_size=1, max_size=3).flatmap(
    lambda names: st.sampled_from([tuple(names), (*names, 0), (*names, 1), (names[0], 0, "a")])
)
assignments = st.lists(
    st.builds(
        lambda path, value: Assignment(path, value, Position("r.yaml", 1, 1), written=value, open=True),
        paths,
        st.one_of(SCALARS, tables(1), st.lists(SCALARS, max_size=2)),
    ),
    max_size=4,
)
rules = st.lists(
    st.builds(
        ListMerge,
        st.sampled_from(["a", "a.b", "ingress.a", "b"]),
        st.sampled_from([ListMergeRule.APPEND, ListMergeRule.BY_KEY]),
        st.just("a"),
    ),
    max_size=2,
)


def _as_document(values: dict[str, Any], file: str) -> ValuesDocument:
    return document(dump(values), file)


@given(tables(), assignments, tables(), assignments, rules, st.booleans(), assignments)
def test_the_traced_merge_gives_what_the_merge_gives(
    defaults: dict[str, Any],
    default_values: list[Assignment],
    file: dict[str, Any],
    values: list[Assignment],
    list_merge: list[ListMerge],
    skip: bool,
    locked: list[Assignment],
) -> None:
    environment = EnvironmentLayers(_as_document(defaults, "d.yaml"), default_values)
    own, locked = ([item.for_release("web") for item in items] for items in (values, locked))
    release = ReleaseLayers("web", _as_document(file, "v.yaml"), own, skip, tuple(list_merge), locked)
    traced = trace_user_values(environment, release)
    assert plain(traced) == environment.merge(release).values


@given(tables(), tables())
def test_the_first_origin_holds_the_value_that_won(file: dict[str, Any], defaults: dict[str, Any]) -> None:
    file = {key: value for key, value in file.items() if key != "redis" or isinstance(value, dict)}
    chart = {**CHART, "values.yaml": dump({k: v for k, v in defaults.items() if k != "redis"}).encode()}
    release = ReleaseLayers("web", _as_document(file, "v.yaml"))
    found = explain(EnvironmentLayers(None, ()), release, _chart(chart))
    ranks = list(LayerKind)
    for path, origins in found.provenance.items():
        node = found.root.at(path)
        assert node is not None
        if node.origins and not node.is_table:
            assert origins[0].value == plain(node)
        assert [ranks.index(o.layer) for o in origins] == sorted((ranks.index(o.layer) for o in origins), reverse=True)


def _chart(files: dict[str, bytes]) -> ChartDefaults:
    return chart_defaults(files, "charts/web")
