"""The merge of layers: examples for people, laws for everything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.repository.models import ListMerge, ListMergeRule
from fairway.domain.values.merging import Values, assign, list_rules, merge
from fairway.domain.values.paths import parse_key

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 5), st.sampled_from(["", "x"]))
KEYS = st.sampled_from(["a", "b", "c"])


def values(depth: int = 3) -> st.SearchStrategy[Any]:
    inner = SCALARS if depth == 0 else st.one_of(SCALARS, st.lists(SCALARS, max_size=2), values(depth - 1))
    return st.dictionaries(KEYS, inner, max_size=3)


LEAF, TABLE = st.integers(0, 3), ("a", "b")
same_shape = st.fixed_dictionaries(
    {},
    optional={
        "leaf": st.one_of(LEAF, st.none(), st.lists(LEAF, max_size=2)),
        "table": st.fixed_dictionaries(
            {}, optional={"x": LEAF, "deep": st.fixed_dictionaries({}, optional={"y": LEAF, "z": st.none()})}
        ),
    },
)


@pytest.mark.parametrize(
    ("weaker", "stronger", "result"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": {"x": 1}}, {"a": {"x": None}}, {"a": {"x": None}}),
        ({"a": None}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": {"x": 1}}, {"a": {}}, {"a": {"x": 1}}),
        ({"a": False}, {"a": None}, {"a": None}),
    ],
)
def test_maps_merge_and_everything_else_replaces(weaker: Values, stronger: Values, result: Values) -> None:
    assert merge(weaker, stronger) == result


@given(values())
def test_an_empty_layer_changes_nothing(layer: Values) -> None:
    assert merge({}, layer) == layer == merge(layer, {})


@given(values())
def test_a_layer_over_itself_is_itself(layer: Values) -> None:
    assert merge(layer, layer) == layer


@given(same_shape, same_shape, same_shape)
def test_layers_of_one_shape_may_be_merged_in_any_grouping(a: Values, b: Values, c: Values) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(values(), values())
def test_every_leaf_of_the_stronger_layer_is_in_the_result(weaker: Values, stronger: Values) -> None:
    merged = merge(weaker, stronger)

    def check(wanted: Any, found: Any) -> None:
        if isinstance(wanted, dict):
            for key, item in wanted.items():
                check(item, found[key])
        else:
            assert found == wanted
            assert type(found) is type(wanted)

    check(stronger, merged)


@given(values(), values())
def test_inputs_stay_as_they_are(weaker: Values, stronger: Values) -> None:
    before = repr((weaker, stronger))
    merge(weaker, stronger)
    assign(weaker, ("a", "b", 1), stronger)
    assert repr((weaker, stronger)) == before


@given(values(), values())
def test_keys_keep_their_order_and_new_ones_follow(weaker: Values, stronger: Values) -> None:
    assert list(merge(weaker, stronger)) == [*weaker, *(key for key in stronger if key not in weaker)]


@pytest.mark.parametrize(
    ("old", "key", "value", "result"),
    [
        ({}, "a.b", 1, {"a": {"b": 1}}),
        ({"a": {"c": 2}}, "a.b", 1, {"a": {"c": 2, "b": 1}}),
        ({"a": {"b": {"x": 1}}}, "a.b", {"y": 2}, {"a": {"b": {"x": 1, "y": 2}}}),
        ({"a": 5}, "a.b", 1, {"a": {"b": 1}}),
        ({"a": None}, "a.b", 1, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, "a.b", None, {"a": {"b": None}}),
        ({"l": [1, 2]}, "l[1]", 9, {"l": [1, 9]}),
        ({"l": [{"n": 1}]}, "l[0].m", 2, {"l": [{"n": 1, "m": 2}]}),
        ({}, "l[2]", "x", {"l": [None, None, "x"]}),
        ({"l": {"not": "a list"}}, "l[0]", 1, {"l": [1]}),
        ({}, "m[1][0].a", 1, {"m": [None, [{"a": 1}]]}),
    ],
)
def test_a_value_is_set_at_its_key(old: Values, key: str, value: Any, result: Values) -> None:
    assert assign(old, parse_key(key), value) == result


@given(values(), st.lists(KEYS, min_size=1, max_size=3), SCALARS)
def test_what_was_assigned_stands_there(old: Values, path: list[str], value: Any) -> None:
    found: Any = assign(old, tuple(path), value)
    for part in path:
        found = found[part]
    assert found == value


APPEND = ListMerge("env", ListMergeRule.APPEND)
BY_NAME = ListMerge("env", ListMergeRule.BY_KEY, "name")


def test_append_puts_the_stronger_items_behind() -> None:
    assert merge({"env": [1, 2]}, {"env": [2, 3]}, list_rules([APPEND])) == {"env": [1, 2, 2, 3]}


def test_by_key_merges_items_in_place_and_adds_new_ones() -> None:
    weaker = {"env": [{"name": "A", "value": 1, "x": 1}, {"name": "B", "value": 2}]}
    stronger = {"env": [{"name": "C"}, {"name": "A", "value": 9}, "loose", {"name": "C", "value": 3}]}
    assert merge(weaker, stronger, list_rules([BY_NAME])) == {
        "env": [{"name": "A", "value": 9, "x": 1}, {"name": "B", "value": 2}, {"name": "C", "value": 3}, "loose"]
    }


def test_a_rule_holds_only_at_its_path() -> None:
    rules = list_rules([ListMerge("a.env", ListMergeRule.APPEND)])
    assert merge({"env": [1], "a": {"env": [1]}}, {"env": [2], "a": {"env": [2]}}, rules) == {
        "env": [2],
        "a": {"env": [1, 2]},
    }


def test_rules_reach_into_items_of_lists() -> None:
    rules = list_rules(
        [ListMerge("containers", ListMergeRule.BY_KEY, "name"), ListMerge("containers.args", ListMergeRule.APPEND)]
    )
    weaker = {"containers": [{"name": "app", "args": ["-v"]}]}
    assert merge(weaker, {"containers": [{"name": "app", "args": ["-x"]}]}, rules) == {
        "containers": [{"name": "app", "args": ["-v", "-x"]}]
    }


def test_replace_is_what_lists_do_anyway() -> None:
    rules = list_rules([ListMerge("env", ListMergeRule.REPLACE)])
    assert merge({"env": [1]}, {"env": [2]}, rules) == {"env": [2]}


def test_a_null_takes_a_list_away_whatever_the_rule() -> None:
    assert merge({"env": [1]}, {"env": None}, list_rules([APPEND])) == {"env": None}


lists = st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"v": st.integers(0, 3)}), max_size=4)


@given(lists, lists, lists)
def test_append_may_be_grouped_in_any_way(a: list[Any], b: list[Any], c: list[Any]) -> None:
    rules = list_rules([APPEND])
    one, two, three = {"env": a}, {"env": b}, {"env": c}
    assert merge(merge(one, two, rules), three, rules) == merge(one, merge(two, three, rules), rules)


@given(lists, lists)
def test_by_key_keeps_each_old_name_in_its_place(old: list[Any], new: list[Any]) -> None:
    merged = merge({"env": old}, {"env": new}, list_rules([BY_NAME]))["env"]
    assert [item["name"] for item in merged[: len(old)]] == [item["name"] for item in old]
    assert {item["name"] for item in merged} == {item["name"] for item in [*old, *new]}
