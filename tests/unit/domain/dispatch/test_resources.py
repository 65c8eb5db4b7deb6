"""From what a team sends to objects that can be applied, twice if need be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.resources import (
    comes_first,
    declared,
    delivery_of,
    mark_of,
    name_of,
    refuse_duplicates,
    refuse_foreign,
)
from fairway.domain.dispatch.secrets import secrets_in
from fairway.domain.errors import UserError
from fairway.domain.health.applications import CORRELATION_ID
from fairway.domain.manifests.lists import flatten
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.domain.manifests.ownership import owned
from fairway.domain.values.secrets import SecretRegister


def config_map(name: str = "a", **metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"k": "v"}}


def test_each_object_says_which_delivery_applied_it() -> None:
    (one,) = declared([config_map(annotations={"mine": "kept"})], "d-1")
    assert one["metadata"]["annotations"] == {"mine": "kept", CORRELATION_ID: "d-1"}
    assert delivery_of(one) == "d-1"
    assert one["data"] == {"k": "v"}


def test_what_a_team_writes_of_the_delivery_does_not_count() -> None:
    (one,) = declared([config_map(annotations={CORRELATION_ID: "forged"})], "d-1")
    assert delivery_of(one) == "d-1"


def test_what_was_given_is_left_as_it_is() -> None:
    given = config_map()
    declared([given], "d-1")
    assert given == config_map()


def test_what_only_a_server_writes_is_left_out() -> None:
    exported = {**config_map(uid="1", resourceVersion="7", managedFields=[], generation=3), "status": {"x": 1}}
    (one,) = declared([exported], "d")
    assert set(one["metadata"]) == {"name", "annotations"}
    assert "status" not in one


def test_lists_stand_for_their_items_in_their_order() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [config_map("b"), config_map("c")]}
    outer = {"apiVersion": "v1", "kind": "List", "items": [config_map("a"), inner]}
    objects = declared([outer, config_map("d")], "x")
    assert [one["metadata"]["name"] for one in objects] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ("text", r"resources\[0\] is no object"),
        ({}, "has no apiVersion"),
        ({"apiVersion": "v1"}, "has no kind"),
        ({"apiVersion": 1, "kind": "X"}, "has no apiVersion"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "has no metadata"),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}},
            r"resources\[0\] \(ConfigMap\) has no metadata.name",
        ),
        ({"apiVersion": "v1", "kind": "Job", "metadata": {"generateName": "x-"}}, "generateName"),
        (config_map(annotations=["x"]), "metadata.annotations must be an object"),
        (config_map(labels="x"), "metadata.labels must be an object"),
        (config_map(namespace=7), "metadata.namespace must be a text"),
        (config_map("web/status"), "metadata.name: 'web/status' is no name"),
        (config_map("web%2Flog"), "metadata.name: 'web%2Flog' is no name"),
        (config_map(".."), r"metadata.name: '\.\.' is no name"),
        (config_map(namespace="mine/pods/web/log?"), "metadata.namespace: 'mine/pods/web/log.' is no name"),
        (owned(config_map(), release="shop", namespace="web"), "belongs to a release"),
        ({"apiVersion": "v1", "kind": "List", "items": []}, "no resources to deploy"),
    ],
)
def test_what_can_not_be_applied_is_named_with_its_place(resource: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        declared([resource], "d")


def test_the_same_object_twice_is_refused_also_in_two_versions() -> None:
    old, new = (ObjectRef(version, "Deployment", "shop", "web") for version in ("apps/v1", "apps/v1beta1"))
    refuse_duplicates([old, ObjectRef("apps/v1", "Deployment", "other", "web")])
    with pytest.raises(UserError, match="Deployment shop/web is there twice"):
        refuse_duplicates([old, new])


def test_an_object_of_a_release_is_left_to_it() -> None:
    obj = config_map(namespace="web")
    refuse_foreign(obj, ref_of(obj))
    with pytest.raises(UserError, match="ConfigMap web/a belongs to the release web/shop") as refused:
        refuse_foreign(owned(obj, release="shop", namespace="web"), ref_of(obj))
    assert "helm -n web get manifest shop" in str(refused.value.fix)


def test_names_for_people_and_marks_for_memory() -> None:
    ref, wide = ObjectRef("apps/v1", "Deployment", "shop", "web"), ObjectRef("v1", "Namespace", "", "shop")
    assert (name_of(ref), name_of(wide)) == ("Deployment shop/web", "Namespace shop")
    assert (mark_of(ref), mark_of(wide)) == ("Deployment.apps shop/web", "Namespace shop")


CRD: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "ships.example.com"},
    "spec": {"group": "example.com", "names": {"kind": "Ship", "plural": "ships"}},
}
NAMESPACE: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}


@pytest.mark.parametrize(
    ("ref", "earlier", "first"),
    [
        (ObjectRef("example.com/v1", "Ship", "shop", "a"), [CRD], "CustomResourceDefinition ships.example.com"),
        (ObjectRef("other.com/v1", "Ship", "shop", "a"), [CRD], ""),
        (ObjectRef("example.com/v1", "Boat", "shop", "a"), [CRD], ""),
        (ObjectRef("example.com/v1", "Ship", "shop", "a"), [], ""),
        (ObjectRef("v1", "ConfigMap", "new", "a"), [config_map(), NAMESPACE], "Namespace new"),
        (ObjectRef("v1", "ConfigMap", "old", "a"), [NAMESPACE], ""),
        (ObjectRef("v1", "ConfigMap", "", "a"), [NAMESPACE], ""),
        (ObjectRef("example.com/v1", "Ship", "", "a"), [{**CRD, "spec": "broken"}], ""),
    ],
)
def test_what_has_to_exist_first_is_foreseen(ref: ObjectRef, earlier: list[Object], first: str) -> None:
    assert comes_first(ref, earlier) == first


def test_what_secrets_hold_is_known_in_every_form() -> None:
    register = SecretRegister()
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"key": "aHVudGVyMi1pcy1teS1wYXNz"},
        "stringData": {"other": "correct horse battery", "pin": 123456},
    }
    variables = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"env": [{"name": "DB_PASSWORD", "value": "Tr0ub4dor&3"}, {"name": "A", "value": "shown"}]}]
        },
    }
    secrets_in([secret, variables], register)
    text = "aHVudGVyMi1pcy1teS1wYXNz hunter2-is-my-pass correct horse battery 123456 Tr0ub4dor&3 shown"
    masked = register.mask(text)
    assert masked.endswith(" shown")
    assert not any(word in masked for word in ("hunter2", "horse", "123456", "Tr0ub4dor", "aHVud"))


@pytest.mark.parametrize(
    "broken", [{"data": "text"}, {"data": ["x"]}, {"data": {"a": None}}, {"stringData": {"a": {"b": 1}}}]
)
def test_a_broken_secret_does_not_stop_the_masking(broken: Object) -> None:
    secrets_in([{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **broken}], SecretRegister())


KEYS = st.sampled_from(
    ["apiVersion", "kind", "metadata", "items", "spec", "data", "stringData", "name", "annotations", "labels", "env"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["v1", "List", "Secret", "x", "password", ""])
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)


@given(st.lists(JSON, max_size=3))
def test_whatever_a_team_sends_is_an_object_or_a_user_error(resources: list[Any]) -> None:
    try:
        objects = declared(resources, "d")
    except UserError:
        return
    assert all(delivery_of(one) == "d" for one in objects)
    comes_first(ref_of(objects[-1]), objects[:-1])
    secrets_in(objects, SecretRegister())


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=6), max_size=3))
def test_secrets_are_looked_for_in_whatever_a_team_sends(resources: list[Any]) -> None:
    leaves = [leaf for one in resources for leaf in flatten(one)]
    secrets_in(leaves, SecretRegister())
