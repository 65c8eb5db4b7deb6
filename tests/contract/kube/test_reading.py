"""`ObjectReader` as the engine relies on it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from tests.contract.kube.conftest import World

from fairway.domain.manifests.api import EventType
from fairway.domain.manifests.objects import Kind, ObjectRef, ref_of


async def test_discovery_knows_scope_plural_and_preferred_version(world: World) -> None:
    resources = await world.kube.discover()
    ingress = resources.by_ref["networking.k8s.io/v1", "Ingress"]
    assert (ingress.plural, ingress.namespaced) == ("ingresses", True)
    assert not resources.by_kind[Kind("", "Namespace")].namespaced
    assert resources.by_kind[Kind("autoscaling", "HorizontalPodAutoscaler")].api_version == "autoscaling/v2"
    assert resources.kube_version.startswith("v1.")
    assert "apps/v1/Deployment" in resources.capabilities().api_versions
    assert "watch" in ingress.verbs


async def test_discovery_is_one_answer_until_asked_afresh(world: World) -> None:
    assert await world.kube.discover() is await world.kube.discover()


async def test_what_is_missing_is_none(world: World) -> None:
    assert await world.kube.get(world.ref("v1", "ConfigMap", "nothing")) is None
    assert await world.kube.get(ObjectRef("v1", "ConfigMap", "no-such-namespace", "nothing")) is None


async def test_an_object_of_an_unknown_kind_is_missing_too(world: World) -> None:
    assert await world.kube.get(world.ref("example.com/v1", "Ship", "nothing")) is None


async def test_listed_objects_say_what_they_are(world: World) -> None:
    await world.apply(world.config_map(colour="blue"))
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    (found,) = await world.kube.list_objects(resource, world.namespace, field_selector="metadata.name=settings")
    assert ref_of(found) == world.ref("v1", "ConfigMap", "settings")
    assert found["data"] == {"colour": "blue"}


async def test_metadata_comes_with_owners_of_fields_and_without_content(world: World) -> None:
    await world.apply(world.config_map(colour="blue"))
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    listed = await world.kube.list_metadata(resource, world.namespace)
    (found,) = [item for item in listed if item["metadata"]["name"] == "settings"]
    assert ref_of(found) == world.ref("v1", "ConfigMap", "settings")
    assert "data" not in found
    (entry,) = found["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("helm", "Apply")
    assert entry["fieldsV1"] == {"f:data": {"f:colour": {}}}


async def test_a_list_sees_what_was_written_a_moment_ago(world: World) -> None:
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    for n in range(20):
        stored = await world.apply(world.config_map(n=str(n)))
        listed = await world.kube.list_metadata(resource, world.namespace)
        (found,) = [item for item in listed if item["metadata"]["name"] == "settings"]
        assert found["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", {"a", "b", "c"}),
        ("tier=web", {"a"}),
        ("tier!=web", {"b", "c"}),
        ("tier", {"a", "b"}),
        ("!tier", {"c"}),
        ("tier in (web, db)", {"a", "b"}),
        ("tier notin (web),tier", {"b"}),
        ("tier==db,app=shop", {"b"}),
    ],
)
async def test_label_selectors_choose(world: World, selector: str, expected: set[str]) -> None:
    labels = {"a": {"tier": "web"}, "b": {"tier": "db", "app": "shop"}, "c": {"other": "x"}}
    for name, given in labels.items():
        obj = world.config_map(name)
        obj["metadata"]["labels"] = given
        await world.apply(obj)
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    found = await world.kube.list_metadata(resource, world.namespace, label_selector=selector)
    assert {item["metadata"]["name"] for item in found} & set(labels) == expected


async def test_lists_of_all_namespaces_hold_every_namespace(world: World) -> None:
    await world.apply(world.config_map("here"))
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    found = {(i["metadata"]["namespace"], i["metadata"]["name"]) for i in await world.kube.list_objects(resource, None)}
    assert (world.namespace, "here") in found


async def test_a_watch_brings_what_is_there_and_then_each_change(world: World) -> None:
    obj = world.config_map("watched", n="1")
    await world.apply(obj)
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    seen: list[tuple[EventType, str]] = []
    async with (
        asyncio.timeout(20),
        aclosing(world.kube.watch(resource, world.namespace, field_selector="metadata.name=watched")) as events,
    ):
        async for event in events:
            seen.append((event.type, (event.object.get("data") or {}).get("n", "")))
            if len(seen) == 1:
                await world.apply(world.config_map("watched", n="2"))
            elif len(seen) == 2:
                await world.kube.delete(ref_of(obj))
            else:
                break
    assert seen == [(EventType.ADDED, "1"), (EventType.MODIFIED, "2"), (EventType.DELETED, "2")]


async def test_a_watch_sees_only_what_it_asked_for(world: World) -> None:
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    wanted = world.config_map("wanted")
    wanted["metadata"]["labels"] = {"watch": "me"}
    async with (
        asyncio.timeout(20),
        aclosing(world.kube.watch(resource, world.namespace, label_selector="watch=me")) as events,
    ):
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.2)
        await world.apply(world.config_map("other"))
        await world.apply(wanted)
        assert (await first).object["metadata"]["name"] == "wanted"


async def test_the_log_of_a_pod_that_is_not_there_is_empty(world: World) -> None:
    assert await world.kube.read_logs(world.namespace, "no-pod", "app", lines=5, previous=False) == ""


async def test_a_watch_of_metadata_brings_who_owns_which_field_and_no_content(world: World) -> None:
    await world.apply(world.config_map("watched", n="1"))
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    listed = asyncio.Event()
    seen = []
    async with (
        asyncio.timeout(20),
        aclosing(world.kube.watch_metadata(resource, world.namespace, on_listed=listed.set)) as events,
    ):
        async for event in events:
            if event.object["metadata"]["name"] != "watched":
                continue
            seen.append(event)
            if len(seen) == 1:
                await world.apply(world.config_map("watched", n="2"), manager="kubectl")
            elif len(seen) == 2:
                await world.kube.delete(ref_of(world.config_map("watched")))
            else:
                break
    assert [event.type for event in seen] == [EventType.ADDED, EventType.MODIFIED, EventType.DELETED]
    assert all("data" not in event.object for event in seen)
    managers = [{entry["manager"] for entry in event.object["metadata"]["managedFields"]} for event in seen[:2]]
    assert managers == [{"helm"}, {"kubectl"}]
    assert listed.is_set()


async def test_an_object_that_loses_the_label_that_was_asked_for_is_gone_for_that_watch(world: World) -> None:
    labelled, plain = world.config_map("watched"), world.config_map("watched")
    labelled["metadata"]["labels"] = {"watch": "me"}
    await world.apply(labelled)
    resource = (await world.kube.discover()).by_ref["v1", "ConfigMap"]
    seen = []
    async with (
        asyncio.timeout(20),
        aclosing(world.kube.watch_metadata(resource, world.namespace, label_selector="watch=me")) as events,
    ):
        async for event in events:
            seen.append(event.type)
            if event.type is EventType.ADDED and len(seen) == 1:
                await world.apply(plain)
            elif event.type is EventType.DELETED:
                await world.apply(labelled)
            elif len(seen) == 3:
                break
    assert seen == [EventType.ADDED, EventType.DELETED, EventType.ADDED]
