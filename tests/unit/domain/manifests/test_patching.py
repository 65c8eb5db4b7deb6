"""Patches reach the objects that they name, all mistakes come at once, and each tells its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fairway.domain.errors import InvalidInput, Position
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.patching import apply_patches, selects
from fairway.domain.repository.models import Patch, PatchKind

HERE = Position("releases/web.yaml", 12, 5)


def obj(kind: str, name: str, **metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}, "data": {"a": "1"}}


def json_patch(*operations: dict[str, Any], **target: Any) -> Patch:
    return Patch(PatchKind.JSON, list(operations), HERE, **target)


def strategic(body: Any, **target: Any) -> Patch:
    return Patch(PatchKind.STRATEGIC, body, HERE, **target)


REPLACE = {"op": "replace", "path": "/data/a", "value": "2"}
OBJECTS = [("text of web", obj("ConfigMap", "web")), ("text of db", obj("ConfigMap", "db", labels={"app": "db"}))]


def test_only_the_chosen_object_changes() -> None:
    before = copy.deepcopy(OBJECTS)
    web, db = apply_patches(OBJECTS, [json_patch(REPLACE, target_name="web")])
    assert web.changed
    assert web.object == {**obj("ConfigMap", "web"), "data": {"a": "2"}}
    assert not db.changed
    assert db.object is OBJECTS[1][1]
    assert before == OBJECTS


def test_patches_apply_in_order() -> None:
    second = json_patch({"op": "test", "path": "/data/a", "value": "2"}, {"op": "remove", "path": "/data/a"})
    results = apply_patches(OBJECTS, [json_patch(REPLACE), second])
    assert [r.object["data"] for r in results if r.object] == [{}, {}]


def test_a_patch_that_changes_nothing_leaves_the_document_as_rendered() -> None:
    [web, _] = apply_patches(OBJECTS, [strategic({"data": {"a": "1"}}, target_name="web")])
    assert not web.changed


def test_the_name_in_a_strategic_patch_never_renames() -> None:
    body = {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "x", "labels": {"a": "b"}}}
    results = apply_patches(OBJECTS, [strategic(body, target_name="*")])
    assert [r.object["metadata"]["name"] for r in results if r.object] == ["web", "db"]
    assert [r.object["apiVersion"] for r in results if r.object] == ["v1", "v1"]
    assert all(r.object["metadata"]["labels"]["a"] == "b" for r in results if r.object)


def test_an_object_can_be_deleted_and_is_then_left_alone() -> None:
    gone = strategic({"$patch": "delete"}, target_name="db")
    results = apply_patches(OBJECTS, [gone, json_patch(REPLACE)])
    assert [r.object is None for r in results] == [False, True]


@pytest.mark.parametrize(
    ("patch", "matches"),
    [
        (json_patch(), True),
        (json_patch(target_kind="ConfigMap"), True),
        (json_patch(target_kind="Secret"), False),
        (json_patch(target_name="d*"), True),
        (json_patch(target_name="web*"), False),
        (json_patch(target_namespace="shop"), True),
        (json_patch(target_namespace="other"), False),
        (json_patch(target_labels={"app": "db"}), True),
        (json_patch(target_labels={"app": "web"}), False),
        (strategic({"kind": "ConfigMap", "metadata": {"name": "db"}}), True),
        (strategic({"kind": "ConfigMap", "metadata": {"name": "web"}}), False),
        (strategic({"kind": "ConfigMap", "metadata": {"name": "web"}}, target_kind="ConfigMap"), True),
        (strategic({"data": {}}), True),
    ],
)
def test_targets_are_globs_and_labels(patch: Patch, matches: bool) -> None:
    assert selects(patch, OBJECTS[1][1], "shop") is matches


def test_the_namespace_of_an_object_wins_over_the_release_s() -> None:
    patch = json_patch(target_namespace="shop")
    assert not selects(patch, obj("ConfigMap", "x", namespace="kube-system"), "shop")


def test_a_patch_that_matches_nothing_says_what_there_is() -> None:
    with pytest.raises(InvalidInput) as caught:
        apply_patches(OBJECTS, [json_patch(REPLACE, target_kind="Secret", target_name="x", target_labels={"a": "b"})])
    [problem] = caught.value.diagnostics
    assert problem.position == HERE
    assert problem.message == "the patch matches no object of the release (kind Secret, name x, label a=b)"
    assert problem.fix == "the release has ConfigMap db, ConfigMap web"


def test_a_release_without_objects_is_said_to_have_none() -> None:
    with pytest.raises(InvalidInput) as caught:
        apply_patches([], [json_patch(REPLACE)])
    assert caught.value.fix == "the release has no objects"


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        (json_patch({"op": "replace", "path": "/data/missing", "value": 1}), "operation 1 (replace /data/missing)"),
        (json_patch({"op": "test", "path": "/data/a", "value": "9"}), "the object has another value there"),
        (json_patch(REPLACE, {"op": "remove", "path": "/x"}), "operation 2 (remove /x)"),
        (json_patch("add"), "operation 1"),  # type: ignore[arg-type]
        (json_patch({"op": "jump", "path": "/data"}), "jump"),
        (json_patch({"op": "add"}), "add without path"),
        (json_patch({"op": "add", "path": "data", "value": 1}), "location must start with /"),
        (Patch(PatchKind.JSON, {"op": "add"}, HERE), "a JSON 6902 patch is a list of operations"),
        (json_patch({"op": "replace", "path": "", "value": []}), "the patch leaves no object"),
        (strategic([]), "a strategic merge patch is a partial object"),
        (strategic({"metadata": {"ownerReferences": [{}]}}), "merge key"),
    ],
)
def test_a_patch_that_does_not_fit_names_the_object_and_its_place(patch: Patch, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        apply_patches(OBJECTS[:1], [patch])
    [problem] = caught.value.diagnostics
    assert problem.position == HERE
    assert problem.message.startswith("the patch does not fit ConfigMap web: ")
    assert why in problem.message


def test_a_failed_test_of_a_secret_does_not_tell_its_value() -> None:
    with pytest.raises(InvalidInput) as caught:
        apply_patches(
            [("", {**obj("Secret", "s"), "data": {"a": "c2VjcmV0"}})],
            [json_patch({"op": "test", "path": "/data/a", "value": "Z3Vlc3M="})],
        )
    assert "c2VjcmV0" not in str(caught.value)
    assert "Z3Vlc3M" not in str(caught.value)


def test_all_mistakes_come_at_once() -> None:
    wrong = json_patch({"op": "remove", "path": "/data/missing"})
    with pytest.raises(InvalidInput) as caught:
        apply_patches(OBJECTS, [wrong, json_patch(REPLACE, target_kind="Nothing")])
    assert len(caught.value.diagnostics) == 3
