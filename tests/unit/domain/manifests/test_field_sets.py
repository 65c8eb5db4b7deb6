"""Field sets behave as sets of paths, whatever shape the server wrote them in."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.field_sets import (
    FieldPath,
    FieldSet,
    as_set,
    contains,
    find_item,
    fingerprint,
    leaves,
    normal,
    path_text,
    union,
    without,
)

elements = st.sampled_from(["f:a", "f:b", "f:spec", 'k:{"name":"x"}', 'k:{"name":"y"}', 'v:"s"', "i:0"])
paths: st.SearchStrategy[FieldPath] = st.lists(elements, min_size=1, max_size=4).map(tuple)


def set_of(some: list[FieldPath]) -> FieldSet:
    fields: FieldSet = {}
    for path in some:
        fields = union(fields, as_set(path))
    return fields


field_sets = st.lists(paths, max_size=8).map(set_of)


@given(field_sets)
def test_union_is_idempotent(a: FieldSet) -> None:
    assert fingerprint(union(a, a)) == fingerprint(a)


@given(field_sets, field_sets)
def test_union_is_commutative(a: FieldSet, b: FieldSet) -> None:
    assert fingerprint(union(a, b)) == fingerprint(union(b, a))


@given(field_sets, field_sets, field_sets)
def test_union_is_associative(a: FieldSet, b: FieldSet, c: FieldSet) -> None:
    assert fingerprint(union(union(a, b), c)) == fingerprint(union(a, union(b, c)))


@given(st.lists(paths, min_size=1, max_size=8))
def test_a_union_contains_exactly_the_paths_put_in(some: list[FieldPath]) -> None:
    fields = set_of(some)
    for path in some:
        assert contains(fields, path)
        assert contains(fields, path[:-1]) == (path[:-1] in some)


@given(field_sets, paths)
def test_without_leaves_nothing_at_or_below_the_path(a: FieldSet, path: FieldPath) -> None:
    smaller = without(union(a, as_set((*path, "f:below"))), path)
    assert not any(leaf[: len(path)] == path for leaf in leaves(smaller))


@given(field_sets, st.randoms(use_true_random=False))
def test_a_fingerprint_does_not_depend_on_key_order(a: FieldSet, dice: random.Random) -> None:
    def shuffled(node: FieldSet) -> dict[str, Any]:
        names = list(node)
        dice.shuffle(names)
        return {name: shuffled(node[name]) for name in names}

    assert fingerprint(shuffled(a)) == fingerprint(a)


@given(field_sets, field_sets)
def test_fingerprints_differ_when_the_sets_differ(a: FieldSet, b: FieldSet) -> None:
    assert (fingerprint(a) == fingerprint(b)) == (normal(a) == normal(b))


def test_a_lone_dot_means_the_same_as_a_leaf() -> None:
    assert fingerprint({"f:a": {".": {}}}) == fingerprint({"f:a": {}})
    assert fingerprint({"f:a": {".": {}, "f:b": {}}}) != fingerprint({"f:a": {"f:b": {}}})


def test_nothing_that_was_given_is_changed() -> None:
    a: FieldSet = {"f:a": {"f:b": {}}}
    b: FieldSet = {"f:a": {}}
    union(a, b)
    without(a, ("f:a", "f:b"))
    assert a == {"f:a": {"f:b": {}}}
    assert b == {"f:a": {}}


def test_removing_the_last_path_of_a_branch_removes_the_branch() -> None:
    fields: FieldSet = {"f:metadata": {"f:annotations": {"f:x": {}}}, "f:spec": {}}
    assert without(fields, ("f:metadata", "f:annotations", "f:x")) == {"f:spec": {}}
    assert without(fields, ("f:spec", "f:missing")) == fields
    assert without(fields, ("f:other",)) is fields


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("f:spec", "f:replicas"), "spec.replicas"),
        (("f:spec", "f:containers", 'k:{"name":"app"}', "f:image"), "spec.containers[app].image"),
        (("f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'), "ports[80,TCP]"),
        (("f:metadata", "f:annotations", "f:example.com/x"), 'metadata.annotations["example.com/x"]'),
        (("f:finalizers", 'v:"a"'), 'finalizers["a"]'),
        (("f:args", "i:2", "f:x"), "args[2].x"),
    ],
)
def test_paths_read_like_field_paths(path: FieldPath, text: str) -> None:
    assert path_text(path) == text


@pytest.mark.parametrize(
    ("items", "element", "index"),
    [
        ([{"name": "a"}, {"name": "b"}], 'k:{"name":"b"}', 1),
        ([{"containerPort": 80}], 'k:{"containerPort":80,"protocol":"TCP"}', 0),
        ([{"containerPort": 80, "protocol": "UDP"}], 'k:{"containerPort":80,"protocol":"TCP"}', None),
        (["x", "y"], 'v:"y"', 1),
        (["x"], 'v:"z"', None),
        (["x"], "i:0", 0),
        (["x"], "i:1", None),
        (["x"], 'k:{"name":"x"}', None),
    ],
)
def test_elements_find_their_list_item(items: list[Any], element: str, index: int | None) -> None:
    assert find_item(items, element) == index
