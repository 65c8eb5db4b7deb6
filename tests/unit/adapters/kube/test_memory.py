"""The pieces of the cluster in memory that the contract suite does not reach."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.kube.memory import BUILT_IN, MemoryKube
from fairway.adapters.kube.memory.field_ownership import fields_of, merged, value_at, without_given_up
from fairway.adapters.kube.memory.kinds import plural_of
from fairway.adapters.kube.memory.selectors import by_fields, by_labels
from fairway.domain.kube_errors import ApiRefusal, InvalidObject
from fairway.domain.manifests.field_sets import leaves
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of

NAMES = st.sampled_from(["a", "b", "c", "containers", "labels"])
VALUES: Any = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Pod", "pods"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("Gateway", "gateways"),
        ("StorageClass", "storageclasses"),
    ],
)
def test_plurals_are_kubernetes_own(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_no_kind_is_there_twice() -> None:
    assert len({(r.api_version, r.kind) for r in BUILT_IN}) == len(BUILT_IN)


@given(OBJECTS, OBJECTS)
def test_after_merging_every_desired_leaf_is_there(live: Object, desired: Object) -> None:
    result = merged(live, desired)
    for path in leaves(fields_of(desired)):
        # An empty map or list asks for its existence only.
        assert value_at(result, path) == value_at(desired, path) or value_at(desired, path) in ({}, [])


@given(OBJECTS, OBJECTS)
def test_merging_again_changes_nothing(live: Object, desired: Object) -> None:
    once = merged(live, desired)
    assert merged(once, desired) == once


@given(OBJECTS)
def test_who_gives_up_everything_leaves_no_value_behind(obj: Object) -> None:
    left = without_given_up(obj, fields_of(obj), {}, [])
    assert all(value_at(left, path) is None for path in leaves(fields_of(obj)))


@given(OBJECTS)
def test_what_somebody_else_owns_too_stays(obj: Object) -> None:
    fields = fields_of(obj)
    assert without_given_up(obj, fields, {}, [fields]) == obj


@given(OBJECTS, OBJECTS)
def test_nothing_that_was_given_is_changed(live: Object, desired: Object) -> None:
    before = repr((live, desired))
    merged(live, desired)
    without_given_up(live, fields_of(live), fields_of(desired), [])
    assert repr((live, desired)) == before


@pytest.mark.parametrize("selector", ["a=", "a,b,!c", "a in (x,y),b notin (z)", "x.y/z=1", ""])
def test_selectors_of_every_form_are_read(selector: str) -> None:
    by_labels(selector)


@pytest.mark.parametrize("selector", ["a b", "=x", "a in x", ","])
def test_a_selector_that_cannot_be_read_is_an_error(selector: str) -> None:
    with pytest.raises(ValueError, match="unable to parse"):
        by_labels(selector)


def test_field_selectors_compare_texts() -> None:
    pod = {"metadata": {"name": "web"}, "status": {"phase": "Running"}, "spec": {"n": 3}}
    assert by_fields("metadata.name=web,status.phase==Running,spec.n=3")(pod)
    assert by_fields("status.phase!=Failed,spec.nothing=")(pod)
    assert not by_fields("metadata.name=other")(pod)


async def test_deleting_a_namespace_takes_what_is_in_it() -> None:
    kube = MemoryKube(namespaces=("shop",))
    obj: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}
    await kube.apply(obj, ref_of(obj))
    await kube.delete(ObjectRef("v1", "Namespace", "", "shop"))
    assert await kube.get(ref_of(obj)) is None


async def test_an_object_needs_a_name() -> None:
    with pytest.raises(InvalidObject, match="a name is required"):
        await MemoryKube().apply({}, ObjectRef("v1", "ConfigMap", "default", ""))


async def test_patches_of_other_kinds_are_refused() -> None:
    kube = MemoryKube()
    obj: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}
    await kube.apply(obj, ref_of(obj))
    with pytest.raises(InvalidObject, match="not known"):
        await kube.patch(ref_of(obj), {}, content_type="application/strategic-merge-patch+json")
    with pytest.raises(ApiRefusal):
        await kube.patch(ObjectRef("v1", "ConfigMap", "default", "b"), {}, content_type="application/merge-patch+json")


async def test_what_is_handed_out_is_a_copy() -> None:
    kube = MemoryKube()
    obj: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"},
        "data": {},
    }
    (await kube.apply(obj, ref_of(obj)))["data"]["x"] = "changed"
    obj["data"]["y"] = "changed"
    stored = await kube.get(ref_of(obj))
    assert stored is not None
    assert stored["data"] == {}


async def test_an_immutable_config_map_keeps_its_data() -> None:
    kube = MemoryKube()
    obj: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"},
        "immutable": True,
        "data": {"a": "1"},
    }
    await kube.apply(obj, ref_of(obj))
    with pytest.raises(InvalidObject) as caught:
        await kube.apply({**obj, "data": {"a": "2"}}, ref_of(obj))
    assert [cause.field for cause in caught.value.causes] == ["data"]


async def test_a_log_gives_its_last_lines() -> None:
    kube = MemoryKube()
    kube.logs["default", "web", "app", False] = "one\ntwo\nthree\n"
    assert await kube.read_logs("default", "web", "app", lines=2, previous=False) == "two\nthree\n"
    assert await kube.read_logs("default", "web", "app", lines=2, previous=True) == ""
