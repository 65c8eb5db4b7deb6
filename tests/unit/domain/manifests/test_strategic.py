"""Strategic merge as Kubernetes does it for its own kinds, and JSON merge for all others."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.strategic import merge


def deployment(**pod: Any) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}}


def custom(spec: Any) -> Object:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "spec": spec}


A, B, C = {"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}, {"name": "c", "image": "c:1"}

CASES: dict[str, tuple[Object, Object, Object | None]] = {
    "containers merge by name, in place": (
        deployment(containers=[A, B]),
        deployment(containers=[{"name": "b", "image": "b:2"}]),
        deployment(containers=[A, {"name": "b", "image": "b:2"}]),
    ),
    "new items come first": (
        deployment(containers=[A]),
        deployment(containers=[C, B]),
        deployment(containers=[C, B, A]),
    ),
    "an item is deleted by its key": (
        deployment(containers=[A, B]),
        deployment(containers=[{"name": "a", "$patch": "delete"}]),
        deployment(containers=[B]),
    ),
    "a keyed list is replaced on demand": (
        deployment(containers=[A, B]),
        deployment(containers=[C, {"$patch": "replace"}]),
        deployment(containers=[C]),
    ),
    "a list without key is replaced": (
        deployment(tolerations=[{"key": "x"}]),
        deployment(tolerations=[{"key": "y", "value": None}]),
        deployment(tolerations=[{"key": "y"}]),
    ),
    "a map is replaced on demand": (
        deployment(securityContext={"runAsUser": 1, "fsGroup": 2}),
        deployment(securityContext={"$patch": "replace", "fsGroup": 3}),
        deployment(securityContext={"fsGroup": 3}),
    ),
    "merge can be said out loud": (
        deployment(securityContext={"runAsUser": 1}),
        deployment(securityContext={"$patch": "merge", "fsGroup": 3}),
        deployment(securityContext={"runAsUser": 1, "fsGroup": 3}),
    ),
    "a map is deleted on demand": (
        deployment(securityContext={"runAsUser": 1}, hostNetwork=True),
        deployment(securityContext={"$patch": "delete"}),
        deployment(hostNetwork=True),
    ),
    "null deletes": (
        deployment(hostNetwork=True, hostPID=True),
        deployment(hostNetwork=None, missing=None),
        deployment(hostPID=True),
    ),
    "retained keys drop the others": (
        deployment(volumes=[{"name": "v", "emptyDir": {}}]),
        deployment(volumes=[{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}]),
        deployment(volumes=[{"name": "v", "configMap": {"name": "m"}}]),
    ),
    "the order directive is ignored": (
        deployment(containers=[A, B]),
        deployment(**{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "hostNetwork": True}),
        deployment(containers=[A, B], hostNetwork=True),
    ),
    "finalizers are a set": (
        {"apiVersion": "v1", "metadata": {"finalizers": ["a"]}},
        {"metadata": {"finalizers": ["b", "a"]}},
        {"apiVersion": "v1", "metadata": {"finalizers": ["b", "a"]}},
    ),
    "items of the patch keep its order, others stay before what they stood before": (
        deployment(containers=[A, B, C]),
        deployment(containers=[{"name": "c"}, {"name": "new"}, {"name": "a"}]),
        deployment(containers=[B, C, {"name": "new"}, A]),
    ),
    "members of a set are deleted on demand": (
        {"apiVersion": "v1", "metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}},
        {"apiVersion": "v1", "metadata": {"finalizers": ["b"]}},
    ),
    "the ports of a container merge by port": (
        deployment(containers=[{"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 81}]}]),
        deployment(containers=[{"name": "a", "ports": [{"containerPort": 80, "name": "http"}]}]),
        deployment(containers=[{"name": "a", "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81}]}]),
    ),
    "the object itself can be deleted": (deployment(), {"$patch": "delete"}, None),
    "other kinds replace every list": (
        custom({"containers": [A, B], "gone": 1, "kept": {"x": 1}}),
        custom({"containers": [C], "gone": None, "kept": {"y": 2}}),
        custom({"containers": [C], "kept": {"x": 1, "y": 2}}),
    ),
    "other kinds can be deleted too": (custom({}), {"$patch": "delete"}, None),
    "a new branch keeps nothing of the patch language": (
        deployment(),
        deployment(affinity={"nodeAffinity": {"x": None, "$patch": "merge", "y": 1}}),
        deployment(affinity={"nodeAffinity": {"y": 1}}),
    ),
}


@pytest.mark.parametrize(("old", "patch", "expected"), CASES.values(), ids=CASES.keys())
def test_patches_merge(old: Object, patch: Object, expected: Object | None) -> None:
    before = copy.deepcopy((old, patch))
    assert merge(old, patch) == expected
    assert (old, patch) == before


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (deployment(containers=[{"image": "x"}]), 'spec.template.spec.containers: an item lacks its merge key "name"'),
        (deployment(containers=["x"]), 'spec.template.spec.containers: an item lacks its merge key "name"'),
        (deployment(tolerations=[{"$patch": "delete", "key": "x"}]), "has no merge key|have no merge key"),
        (deployment(affinity={"$patch": "remove"}), "spec.template.spec.affinity: \\$patch: remove is not known"),
        (deployment(affinity={"$retainKeys": "x"}), "\\$retainKeys needs a list"),
        (deployment(**{"$deleteFromPrimitiveList/x": 1}), "needs a list"),
    ],
)
def test_nonsense_is_named_with_its_place(patch: Object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        merge(deployment(containers=[A]), patch)


trees = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=10,
)
specs = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(specs, specs)
def test_a_patch_applied_twice_does_what_it_does_once(old: Any, patch: Any) -> None:
    once = merge(custom(old), custom(patch))
    assert once is not None
    assert merge(once, custom(patch)) == once


@given(specs)
def test_an_object_patched_with_itself_stays(old: Any) -> None:
    assert merge(custom(old), custom(old)) == custom(old)
    built_in = {"apiVersion": "apps/v1", "spec": old}
    assert merge(built_in, built_in) == built_in
