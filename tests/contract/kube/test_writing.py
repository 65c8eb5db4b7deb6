"""`ObjectWriter` as the engine relies on it: server-side apply, ownership, conflicts, deletion."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.kube.conftest import World

from fairway.domain.kube_errors import AlreadyExists, ApiRefusal, Conflict, InvalidObject, UnknownKind
from fairway.domain.manifests.managed_fields import applied_by
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.domain.manifests.takeover import needs_takeover, takeover_patch

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"


async def gone(world: World, ref: ObjectRef) -> None:
    async with asyncio.timeout(30):
        while await world.kube.get(ref) is not None:
            await asyncio.sleep(0.05)


async def test_applying_twice_changes_nothing(world: World) -> None:
    first = await world.apply(world.deployment())
    again = await world.apply(world.deployment())
    assert again["metadata"]["generation"] == first["metadata"]["generation"] == 1
    assert first["metadata"]["uid"] == again["metadata"]["uid"]


async def test_an_unchanged_config_map_keeps_its_version(world: World) -> None:
    first = await world.apply(world.config_map(a="1"))
    assert (await world.apply(world.config_map(a="1")))["metadata"]["resourceVersion"] == (
        first["metadata"]["resourceVersion"]
    )


async def test_a_change_of_the_spec_counts_the_generation(world: World) -> None:
    await world.apply(world.deployment())
    changed = await world.apply(world.deployment("web", 0, {"name": "app", "image": "shop/web:2"}))
    assert changed["metadata"]["generation"] == 2
    labelled = world.deployment("web", 0, {"name": "app", "image": "shop/web:2"})
    labelled["metadata"]["labels"] = {"a": "b"}
    assert (await world.apply(labelled))["metadata"]["generation"] == 2


async def test_a_field_that_leaves_the_manifest_leaves_the_object(world: World) -> None:
    await world.apply(world.config_map(a="1", b="2"))
    assert (await world.apply(world.config_map(a="1")))["data"] == {"a": "1"}


async def test_a_container_that_leaves_the_manifest_leaves_the_object(world: World) -> None:
    app, side = {"name": "app", "image": "shop/web:1"}, {"name": "side", "image": "shop/side:1"}
    await world.apply(world.deployment("web", 0, app, side))
    stored = await world.apply(world.deployment("web", 0, app))
    assert [c["name"] for c in stored["spec"]["template"]["spec"]["containers"]] == ["app"]


async def test_what_another_manager_added_stays(world: World) -> None:
    await world.apply(world.config_map(a="1"))
    await world.apply(world.config_map(b="2"), manager="other")
    assert (await world.apply(world.config_map(a="3")))["data"] == {"a": "3", "b": "2"}


async def test_a_field_that_two_managers_apply_stays_when_one_gives_it_up(world: World) -> None:
    await world.apply(world.config_map(a="1"))
    await world.apply(world.config_map(a="1"), manager="other")
    assert (await world.apply(world.config_map(b="2")))["data"] == {"a": "1", "b": "2"}


async def test_without_force_a_foreign_field_is_a_conflict_that_names_it(world: World) -> None:
    await world.apply(world.config_map(a="1"), manager="other")
    with pytest.raises(Conflict) as caught:
        await world.apply(world.config_map(a="2"), force=False)
    (cause,) = caught.value.causes
    assert (cause.reason, cause.field) == ("FieldManagerConflict", ".data.a")
    assert "other" in cause.message


async def test_without_force_the_same_value_is_shared(world: World) -> None:
    await world.apply(world.config_map(a="1"), manager="other")
    stored = await world.apply(world.config_map(a="1"), force=False)
    assert {entry["manager"] for entry in stored["metadata"]["managedFields"]} == {"helm", "other"}


async def test_force_takes_the_field_from_its_owner(world: World) -> None:
    await world.apply(world.config_map(a="1", b="2"), manager="other")
    stored = await world.apply(world.config_map(a="2"))
    owners = {entry["manager"]: entry["fieldsV1"] for entry in stored["metadata"]["managedFields"]}
    assert owners == {"helm": {"f:data": {"f:a": {}}}, "other": {"f:data": {"f:b": {}}}}


async def test_a_write_by_hand_takes_the_field_from_us(world: World) -> None:
    obj = world.config_map(a="1", b="2")
    await world.apply(obj)
    stored = await world.kube.patch(ref_of(obj), {"data": {"a": "9"}}, content_type=MERGE, manager="kubectl-edit")
    assert stored["data"] == {"a": "9", "b": "2"}
    assert applied_by(stored) == {"f:data": {"f:b": {}}}


async def test_fields_of_a_client_side_apply_can_be_taken_over(world: World) -> None:
    obj = world.config_map(a="1", b="2")
    await world.kube.create(obj, ref_of(obj))
    live = await world.read(obj)
    assert needs_takeover(live)
    moved = await world.kube.patch(ref_of(obj), takeover_patch(live), content_type=JSON)
    assert not needs_takeover(moved)
    assert (await world.apply(world.config_map(a="1")))["data"] == {"a": "1"}


async def test_a_json_patch_with_an_old_version_is_a_conflict(world: World) -> None:
    obj = world.config_map(a="1")
    old = await world.apply(obj)
    await world.apply(world.config_map(a="2"))
    patch = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": old["metadata"]["resourceVersion"]},
        {"op": "replace", "path": "/data/a", "value": "3"},
    ]
    with pytest.raises(Conflict):
        await world.kube.patch(ref_of(obj), patch, content_type=JSON)


async def test_a_json_patch_that_does_not_fit_is_invalid(world: World) -> None:
    obj = world.config_map(a="1")
    await world.apply(obj)
    with pytest.raises(InvalidObject):
        await world.kube.patch(ref_of(obj), [{"op": "remove", "path": "/data/zz"}], content_type=JSON)


async def test_a_null_in_a_merge_patch_deletes(world: World) -> None:
    obj = world.config_map(a="1", b="2")
    await world.apply(obj)
    assert (await world.kube.patch(ref_of(obj), {"data": {"b": None}}, content_type=MERGE))["data"] == {"a": "1"}


async def test_a_dry_run_answers_and_stores_nothing(world: World) -> None:
    obj = world.config_map(a="1")
    assert (await world.apply(obj, dry_run=True))["data"] == {"a": "1"}
    assert await world.kube.get(ref_of(obj)) is None


async def test_creating_what_is_there_is_refused(world: World) -> None:
    obj = world.config_map(a="1")
    created = await world.kube.create(obj, ref_of(obj))
    assert created["metadata"]["uid"]
    with pytest.raises(AlreadyExists) as caught:
        await world.kube.create(obj, ref_of(obj))
    assert caught.value.status == 409


async def test_of_many_who_create_one_name_exactly_one_wins(world: World) -> None:
    obj = world.config_map("lock")
    results = await asyncio.gather(*(world.kube.create(obj, ref_of(obj)) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, dict) for result in results) == 1
    assert sum(isinstance(result, AlreadyExists) for result in results) == 9


async def test_replacing_honours_the_version_that_was_read(world: World) -> None:
    read = await world.apply(world.config_map(a="1"))
    newer = await world.kube.replace({**read, "data": {"a": "2"}}, ref_of(read))
    assert newer["data"] == {"a": "2"}
    with pytest.raises(Conflict):
        await world.kube.replace({**read, "data": {"a": "3"}}, ref_of(read))


async def test_replacing_what_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(ApiRefusal) as caught:
        await world.kube.replace(world.config_map("nothing"), world.ref("v1", "ConfigMap", "nothing"))
    assert caught.value.status == 404


async def test_an_immutable_field_is_named(world: World) -> None:
    await world.apply(world.deployment())
    changed = world.deployment()
    changed["spec"]["selector"]["matchLabels"] = {"app": "other"}
    changed["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(InvalidObject) as caught:
        await world.apply(changed)
    assert [cause.field for cause in caught.value.causes] == ["spec.selector"]
    assert "immutable" in caught.value.causes[0].message


async def test_a_missing_namespace_is_said(world: World) -> None:
    obj = world.config_map()
    obj["metadata"]["namespace"] = "no-such-namespace"
    with pytest.raises(ApiRefusal) as caught:
        await world.apply(obj)
    assert caught.value.status == 404
    assert not isinstance(caught.value, UnknownKind)
    assert '"no-such-namespace" not found' in caught.value.message


async def test_a_kind_that_is_not_served_is_said(world: World) -> None:
    with pytest.raises(UnknownKind):
        await world.kube.apply({}, world.ref("example.com/v1", "Ship", "x"))


async def test_deleting_twice_says_that_it_was_gone(world: World) -> None:
    obj = world.config_map()
    await world.apply(obj)
    assert await world.kube.delete(ref_of(obj)) is True
    await gone(world, ref_of(obj))
    assert await world.kube.delete(ref_of(obj)) is False
    assert await world.kube.delete(world.ref("example.com/v1", "Ship", "x")) is False


async def test_deleting_by_uid_spares_a_successor(world: World) -> None:
    obj = world.config_map()
    first = await world.apply(obj)
    await world.kube.delete(ref_of(obj))
    await gone(world, ref_of(obj))
    second = await world.apply(obj)
    assert await world.kube.delete(ref_of(obj), uid=first["metadata"]["uid"]) is False
    assert await world.kube.delete(ref_of(obj), uid=second["metadata"]["uid"]) is True


def owned_by(owner: Object, world: World) -> Object:
    child = world.config_map("child")
    metadata = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": metadata["name"], "uid": metadata["uid"]}
    child["metadata"]["ownerReferences"] = [reference]
    return child


async def test_what_an_object_owns_goes_with_it(world: World) -> None:
    owner = await world.apply(world.config_map("owner"))
    child = owned_by(owner, world)
    await world.apply(child)
    await world.kube.delete(ref_of(owner))
    await gone(world, ref_of(child))


async def test_an_orphan_stays(world: World) -> None:
    owner = await world.apply(world.config_map("owner"))
    child = owned_by(owner, world)
    await world.apply(child)
    await world.kube.delete(ref_of(owner), propagation="Orphan")
    await gone(world, ref_of(owner))
    assert not (await world.read(child))["metadata"].get("ownerReferences")


async def test_a_finalizer_holds_an_object_until_it_is_removed(world: World) -> None:
    obj = world.config_map("held")
    obj["metadata"]["finalizers"] = ["example.com/hold"]
    await world.apply(obj)
    assert await world.kube.delete(ref_of(obj)) is True
    assert (await world.read(obj))["metadata"]["deletionTimestamp"]
    await world.kube.patch(ref_of(obj), {"metadata": {"finalizers": None}}, content_type=MERGE)
    await gone(world, ref_of(obj))


async def test_a_new_kind_is_served_after_discovery_is_asked_afresh(world: World) -> None:
    group = f"{world.namespace}.example.com"
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    crd: Object = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"ships.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Ship", "plural": "ships", "singular": "ship"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    await world.kube.discover()
    await world.apply(crd)
    ref = world.ref(f"{group}/v1", "Ship", "one")
    ship: Object = {
        "apiVersion": ref.api_version,
        "kind": "Ship",
        "metadata": {"name": "one", "namespace": world.namespace},
        "spec": {"sails": 3},
    }
    try:
        async with asyncio.timeout(20):
            while True:
                await world.kube.discover(fresh=True)
                try:
                    stored = await world.kube.apply(ship, ref)
                    break
                except UnknownKind:
                    await asyncio.sleep(0.1)
        assert stored["spec"] == {"sails": 3}
    finally:
        await world.kube.delete(ref_of(crd))
