"""Ownership as the API server writes it: what we applied, what we leave to others, what must be taken over."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest

from fairway.domain.manifests.field_sets import as_set, contains, union
from fairway.domain.manifests.managed_fields import (
    LAST_APPLIED,
    applied_by,
    fingerprint,
    foreign_writers,
    is_person,
    needs_takeover,
    pointers_for,
    still_ours,
    takeover_patch,
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


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (entry("helm", "Update", {"f:spec": {}}), True),
        (entry("kubectl-client-side-apply", "Update", {"f:spec": {}}), True),
        (entry("Go-http-client", "Update", {"f:spec": {}}), True),
        (entry("helm", "Apply", {"f:spec": {}}), False),
        (entry("helm", "Update", {"f:status": {}}, "status"), False),
        (entry("kubectl-edit", "Update", {"f:spec": {}}), False),
        (entry("kube-controller-manager", "Update", {"f:spec": {}}), False),
    ],
)
def test_only_client_side_appliers_are_taken_over(owner: dict[str, Any], expected: bool) -> None:
    obj = deployment(owner)
    assert needs_takeover(obj) is expected
    assert bool(takeover_patch(obj)) is expected


def test_takeover_moves_everything_into_one_apply_entry() -> None:
    controller = entry("kube-controller-manager", "Update", {"f:status": {}}, "status")
    annotation = {"f:metadata": {"f:annotations": {".": {}, f"f:{LAST_APPLIED}": {}, "f:kept": {}}}}
    obj = deployment(
        entry("helm", "Apply", as_set(IMAGE), time="2026-01-01T00:00:00Z"),
        entry("helm", "Update", as_set(REPLICAS), time="2025-01-01T00:00:00Z"),
        entry("kubectl-client-side-apply", "Update", annotation),
        controller,
        annotations={LAST_APPLIED: "{}", "kept": "1"},
    )
    after = jsonpatch.apply_patch(obj, takeover_patch(obj))
    assert not needs_takeover(after)
    owned = applied_by(after)
    assert owned is not None
    assert contains(owned, IMAGE)
    assert contains(owned, REPLICAS)
    assert contains(owned, ("f:metadata", "f:annotations", "f:kept"))
    assert not contains(owned, ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}"))
    assert controller in after["metadata"]["managedFields"]
    assert len(after["metadata"]["managedFields"]) == 2
    assert after["metadata"]["annotations"] == {"kept": "1"}
    assert after["spec"] == obj["spec"]


def test_takeover_without_an_apply_entry_turns_the_newest_update_into_one() -> None:
    obj = deployment(
        entry("before-first-apply", "Update", as_set(IMAGE), time="2024-01-01T00:00:00Z", apiVersion="apps/v1beta1"),
        entry("helm", "Update", as_set(REPLICAS), time="2025-01-01T00:00:00Z"),
    )
    after = jsonpatch.apply_patch(obj, takeover_patch(obj))
    [only] = after["metadata"]["managedFields"]
    assert (only["manager"], only["operation"], only["apiVersion"]) == ("helm", "Apply", "apps/v1")
    assert only["fieldsV1"] == OURS


def test_takeover_carries_the_resource_version_that_was_read() -> None:
    patch = takeover_patch(deployment(entry("helm", "Update", as_set(IMAGE))))
    assert {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"} in patch


def test_a_second_takeover_does_nothing() -> None:
    obj = deployment(entry("helm", "Update", OURS))
    after = jsonpatch.apply_patch(obj, takeover_patch(obj))
    assert takeover_patch(after) == []
