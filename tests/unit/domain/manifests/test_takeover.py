"""Client-side ownership becomes ours, and a plan knows what goes with it."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest

from fairway.domain.manifests.field_sets import FieldSet, as_set, contains, union
from fairway.domain.manifests.managed_fields import applied_by
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.takeover import LAST_APPLIED, after_takeover, needs_takeover, takeover_patch

APP = 'k:{"name":"app"}'
POD = ("f:spec", "f:template", "f:spec", "f:containers")
IMAGE = (*POD, APP, "f:image")
REPLICAS = ("f:spec", "f:replicas")
OURS = union(as_set(REPLICAS), as_set(IMAGE))


def entry(manager: str, operation: str, fields: Any, subresource: str = "", **more: Any) -> dict[str, Any]:
    written = {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields, **more}
    return {**written, "subresource": subresource} if subresource else written


def deployment(*entries: dict[str, Any], **metadata: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "resourceVersion": "7", "managedFields": list(entries), **metadata},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "app", "image": "web:1"}]}}},
    }


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


def everything(obj: Any, prefix: tuple[str, ...] = ()) -> FieldSet:
    """The field set of whoever wrote the whole object, items of `containers` and `env` by name."""
    fields: FieldSet = {}
    for key, value in obj.items():
        path = (*prefix, f"f:{key}")
        if isinstance(value, dict):
            fields = union(fields, union(everything(value, path), as_set(path)) if value else as_set(path))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                inner = (*path, f'k:{{"name":"{item["name"]}"}}')
                fields = union(fields, union(everything(item, inner), as_set(inner)))
        else:
            fields = union(fields, as_set(path))
    return fields


def pod(*containers: dict[str, Any], **spec: Any) -> Object:
    return {"spec": {"template": {"spec": {"containers": list(containers), **spec}}}}


def stored(manifest: Object, *entries: dict[str, Any]) -> Object:
    return {**manifest, "metadata": {"managedFields": list(entries)}}


A, B = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
BEFORE = pod({"name": "app", "image": "web:1", "env": [A, B]}, {"name": "gone", "image": "x"}, hostNetwork=True)
NOW = pod({"name": "app", "image": "web:2", "env": [A]})
DEFAULTED = pod({"name": "app", "image": "web:1", "env": [A, B], "imagePullPolicy": "Always"}, BEFORE["spec"][
    "template"]["spec"]["containers"][1], hostNetwork=True)  # fmt: skip


def dry_run_of(*entries: dict[str, Any]) -> Object:
    """What a dry run answers without a takeover: everything from before is still there."""
    merged = pod(
        {"name": "app", "image": "web:2", "env": [A, B], "imagePullPolicy": "Always"},
        {"name": "gone", "image": "x"},
        hostNetwork=True,
    )
    return stored(merged, entry("helm", "Apply", everything(NOW)), *entries)


def test_a_plan_knows_what_goes_with_a_takeover() -> None:
    live = stored(DEFAULTED, entry("helm", "Update", everything(DEFAULTED)))
    after = after_takeover(live, dry_run_of(), [BEFORE])
    assert after["spec"] == pod({"name": "app", "image": "web:2", "env": [A], "imagePullPolicy": "Always"})["spec"]


def test_what_others_own_too_stays() -> None:
    other = as_set((*POD[:-1], "f:hostNetwork"))
    live = stored(DEFAULTED, entry("helm", "Update", everything(DEFAULTED)), entry("someone", "Update", other))
    after = after_takeover(live, dry_run_of(), [BEFORE])
    assert after["spec"]["template"]["spec"]["hostNetwork"] is True


def test_what_no_manifest_declared_is_a_default_and_stays() -> None:
    live = stored(DEFAULTED, entry("helm", "Update", everything(DEFAULTED)))
    assert after_takeover(live, dry_run_of(), [])["spec"] == dry_run_of()["spec"]


def test_without_client_side_owners_the_dry_run_is_right() -> None:
    live = stored(DEFAULTED, entry("helm", "Apply", everything(DEFAULTED)))
    answer = dry_run_of()
    assert after_takeover(live, answer, [BEFORE]) is answer
