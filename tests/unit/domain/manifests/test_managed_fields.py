"""Ownership as the API server writes it: what we applied, what we leave to others."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.manifests.field_sets import as_set, fingerprint, union
from fairway.domain.manifests.managed_fields import (
    applied_by,
    foreign_writers,
    is_person,
    pointers_for,
    still_ours,
    with_excused,
    without_paths,
    yields,
)
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import IgnoreRule

APP = 'k:{"name":"app"}'
IMAGE = ("f:spec", "f:template", "f:spec", "f:containers", APP, "f:image")
REPLICAS = ("f:spec", "f:replicas")


def entry(manager: str, operation: str, fields: Any, subresource: str = "", **more: Any) -> dict[str, Any]:
    written = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }
    return {**written, "subresource": subresource} if subresource else written


def deployment(*entries: dict[str, Any], **metadata: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "resourceVersion": "7", "managedFields": list(entries), **metadata},
        "spec": {
            "replicas": 3,
            "template": {"spec": {"containers": [{"name": "app", "image": "web:1", "resources": {"limits": {}}}]}},
        },
    }


OURS = union(as_set(REPLICAS), as_set(IMAGE))


def test_only_the_apply_entry_of_the_manager_counts() -> None:
    obj = deployment(
        entry("helm", "Update", {"f:a": {}}),
        entry("helm", "Apply", {"f:status": {}}, "status"),
        entry("other", "Apply", {"f:b": {}}),
        entry("helm", "Apply", OURS),
    )
    assert applied_by(obj) == OURS
    assert applied_by(obj, "other") == {"f:b": {}}
    assert applied_by(deployment()) is None


def test_foreign_writers_leave_out_the_status_and_ourselves() -> None:
    obj = deployment(
        entry("helm", "Apply", OURS),
        entry("kube-controller-manager", "Update", {"f:status": {}}, "status"),
        entry("kubectl-edit", "Update", as_set(IMAGE), time="2026-11-21T10:00:00Z"),
    )
    [writer] = foreign_writers(obj)
    assert (writer.manager, writer.time) == ("kubectl-edit", "2026-11-21T10:00:00Z")


@pytest.mark.parametrize(
    ("manager", "person"),
    [
        ("kubectl", True),
        ("kubectl-edit", True),
        ("k9s", True),
        ("Lens", True),
        ("Mozilla", True),
        ("kube-controller-manager", False),
        ("keda", False),
        ("vpa-recommender", False),
    ],
)
def test_tools_of_people_are_known(manager: str, person: bool) -> None:
    assert is_person(manager) is person


def test_replicas_go_to_the_autoscaler() -> None:
    obj = deployment(
        entry("helm", "Apply", as_set(IMAGE)),
        entry("kube-controller-manager", "Update", as_set(REPLICAS), "scale"),
    )
    assert yields(obj) == (REPLICAS,)


def test_replicas_set_by_a_person_are_not_yielded() -> None:
    assert yields(deployment(entry("kubectl", "Update", as_set(REPLICAS), "scale"))) == ()


def test_a_pointer_yields_only_what_somebody_else_owns() -> None:
    limits = (*IMAGE[:-1], "f:resources", "f:limits", "f:cpu")
    obj = deployment(entry("helm", "Apply", OURS), entry("vpa-updater", "Update", as_set(limits)))
    below_any = "/spec/template/spec/containers/*/resources"
    by_index = "/spec/template/spec/containers/0/resources"
    assert yields(obj, pointers=[below_any]) == (limits,)
    assert yields(obj, pointers=[by_index]) == (limits,)
    assert yields(obj, pointers=["/spec/template/spec/containers/1/resources"]) == ()
    assert yields(obj, pointers=["/spec/replicas"]) == ()


def test_a_pointer_with_an_index_needs_the_list_itself() -> None:
    obj = deployment(entry("vpa", "Update", as_set(IMAGE)))
    only_metadata = {"metadata": obj["metadata"]}
    assert yields(only_metadata, pointers=["/spec/template/spec/containers/0/image"]) == ()
    assert yields(only_metadata, pointers=["/spec/template/spec/containers/*/image"]) == (IMAGE,)


def test_escaped_pointers_reach_annotations() -> None:
    path = ("f:metadata", "f:annotations", "f:example.com/x")
    obj = deployment(entry("injector", "Update", {"f:metadata": {"f:annotations": {".": {}, "f:example.com/x": {}}}}))
    assert yields(obj, pointers=["/metadata/annotations/example.com~1x"]) == (path,)
    assert yields(obj, pointers=["/metadata/annotations"]) == (path,)


def test_an_atomic_value_is_yielded_as_a_whole() -> None:
    obj = deployment(entry("injector", "Update", {"f:spec": {"f:tolerations": {}}}))
    assert yields(obj, pointers=["/spec/tolerations/0/key"]) == (("f:spec", "f:tolerations"),)


def test_merge_keys_of_an_item_are_never_yielded() -> None:
    item = {APP: {".": {}, "f:name": {}, "f:image": {}}}
    obj = deployment(entry("setter", "Update", {"f:spec": {"f:template": {"f:spec": {"f:containers": item}}}}))
    assert yields(obj, pointers=["/spec/template"]) == (IMAGE,)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (IgnoreRule(("/spec",)), True),
        (IgnoreRule(("/spec",), kind="Deployment"), True),
        (IgnoreRule(("/spec",), kind="D*", name="w?b"), True),
        (IgnoreRule(("/spec",), kind="Service"), False),
        (IgnoreRule(("/spec",), name="other"), False),
        (IgnoreRule(("/spec",), namespace="shop-*"), True),
        (IgnoreRule(("/spec",), namespace="test"), False),
    ],
)
def test_rules_speak_of_objects_by_globs(rule: IgnoreRule, fits: bool) -> None:
    ref = ObjectRef("apps/v1", "Deployment", "shop-eu", "web")
    assert pointers_for([rule], ref) == (("/spec",) if fits else ())


def test_losing_only_excused_paths_is_no_drift() -> None:
    stored = fingerprint(OURS)
    now = as_set(IMAGE)
    assert fingerprint(with_excused(now, [REPLICAS])) == stored
    assert still_ours(stored, now, [REPLICAS])
    assert not still_ours(stored, now)
    assert not still_ours(stored, {}, [REPLICAS])


def test_excused_paths_that_we_never_set_do_not_look_like_drift() -> None:
    stored = fingerprint(as_set(IMAGE))
    never_set = ("f:metadata", "f:annotations", "f:x")
    assert still_ours(stored, as_set(IMAGE), [REPLICAS])
    assert still_ours(stored, {}, [REPLICAS, IMAGE, never_set])


def test_a_new_owner_beside_us_is_no_drift_but_a_lost_field_is() -> None:
    stored = fingerprint(OURS)
    assert still_ours(stored, OURS)
    assert not still_ours(stored, as_set(REPLICAS))


def test_fields_are_left_out_by_copying_only_the_way_to_them() -> None:
    obj = deployment()
    smaller = without_paths(obj, [REPLICAS, IMAGE])
    assert "replicas" not in smaller["spec"]
    assert smaller["spec"]["template"]["spec"]["containers"] == [{"name": "app", "resources": {"limits": {}}}]
    assert obj["spec"]["replicas"] == 3
    assert smaller["metadata"] is obj["metadata"]


@pytest.mark.parametrize(
    "path",
    [
        ("f:spec", "f:missing"),
        ("f:spec", "f:replicas", "f:deeper"),
        ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"no"}', "f:image"),
        ("f:spec", 'k:{"name":"app"}'),
    ],
)
def test_a_path_that_is_not_there_changes_nothing(path: tuple[str, ...]) -> None:
    obj = deployment()
    assert without_paths(obj, [path]) is obj


def test_a_whole_item_and_a_member_of_a_set_can_be_left_out() -> None:
    obj: Object = {"metadata": {"finalizers": ["a", "b"]}, "spec": {"c": [{"name": "x"}, {"name": "y"}]}}
    got = without_paths(obj, [("f:metadata", "f:finalizers", 'v:"a"'), ("f:spec", "f:c", 'k:{"name":"x"}')])
    assert got == {"metadata": {"finalizers": ["b"]}, "spec": {"c": [{"name": "y"}]}}
