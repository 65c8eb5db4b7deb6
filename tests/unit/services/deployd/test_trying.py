"""What is found out before anything is changed, and what happens to Jobs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.services.deployd.conftest import config_map, deployment, job, ref

from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.memory.kinds import resource
from fairway.domain.dispatch.resources import declared, delivery_of
from fairway.domain.errors import FairwayError, Transient, UserError
from fairway.domain.kube_errors import ApiRefusal, Cause, ClusterAway, Forbidden, InvalidObject
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.domain.manifests.ownership import owned
from fairway.services.deployd.applying import apply_item
from fairway.services.deployd.trying import MANAGER, Item, items_of, placed, try_all, words_of
from fairway.services.waiting import open_waiter


async def items(kube: MemoryKube, *objects: Object, namespace: str = "default") -> tuple[Item, ...]:
    return await items_of(declared(objects, "d"), kube, namespace)


async def tried(kube: Any, *objects: Object) -> list[Any]:
    return await try_all(kube, kube, await items(kube, *objects), "d")


def state(kube: MemoryKube) -> dict[str, str]:
    return {str(key): obj["metadata"]["resourceVersion"] for key, obj in kube._objects.items()}


async def test_trying_changes_nothing(kube: MemoryKube) -> None:
    await kube.apply(job(), ref("Job", "migrate"))
    before = state(kube)
    found = await tried(kube, config_map(), deployment(), job(image="shop/web:2"))
    assert [one.error for one in found] == [None, None, None]
    assert state(kube) == before


async def test_discovery_is_asked_again_for_a_kind_that_is_new(kube: MemoryKube) -> None:
    await items(kube, config_map())
    assert kube.requests["discover"] == 0
    ship: Object = {"apiVersion": "example.com/v1", "kind": "Ship", "metadata": {"name": "x"}}
    (item,) = await items(kube, ship)
    assert kube.requests["discover"] == 1
    assert item.ref == ObjectRef("example.com/v1", "Ship", "default", "x")


async def test_objects_go_to_their_place(kube: MemoryKube) -> None:
    homeless = {**config_map(), "metadata": {"name": "a"}}
    wide: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "namespace": "nonsense"}}
    first, second = await items(kube, homeless, wide, namespace="team")
    assert placed(first)["metadata"]["namespace"] == "team"
    assert (second.ref.namespace, first.earlier, len(second.earlier)) == ("", (), 1)


async def test_a_job_that_ran_for_this_delivery_is_not_tried_again(kube: MemoryKube) -> None:
    (mine,) = declared([job()], "d")
    await kube.apply(mine, ref("Job", "migrate"))
    before = kube.requests.copy()
    (found,) = await tried(kube, job(image="other"))
    assert found.error is None
    assert kube.requests["apply"] == before["apply"]
    assert kube.requests["delete"] == before["delete"]


async def test_a_job_of_a_release_is_left_to_it(kube: MemoryKube) -> None:
    await kube.apply(owned(job(), release="r", namespace="shop"), ref("Job", "migrate"))
    (found,) = await tried(kube, job())
    assert isinstance(found.error, UserError)
    assert "belongs to the release shop/r" in found.error.message


async def test_whose_a_job_is_learns_only_who_may_delete_it(kube: MemoryKube) -> None:
    await kube.apply(owned(job(), release="r", namespace="shop"), ref("Job", "migrate"))

    class Stranger:
        def __getattr__(self, name: str) -> Any:
            return getattr(kube, name)

        async def delete(self, *_: Any, **__: Any) -> bool:
            raise Forbidden('jobs.batch "migrate" is forbidden')

    (found,) = await try_all(kube, Stranger(), await items(kube, job()), "d")  # type: ignore[arg-type]
    assert isinstance(found.error, Forbidden)


async def test_what_is_wrong_with_a_job_beside_its_immutable_fields_is_told(kube: MemoryKube) -> None:
    await kube.apply(job(), ref("Job", "migrate"))

    class Strict:
        """Refuses every dry run for a reason that replacing does not cure."""

        def __getattr__(self, name: str) -> Any:
            return getattr(kube, name)

        async def apply(self, *_: Any, **__: Any) -> Object:
            raise InvalidObject('Job "migrate" is invalid: spec.template.spec.restartPolicy: Unsupported value')

    (found,) = await try_all(kube, Strict(), await items(kube, job(image="x")), "d")  # type: ignore[arg-type]
    assert isinstance(found.error, InvalidObject)


class Labelling:
    """Refuses a Job in the place of another one for the labels that Kubernetes gave that one, too."""

    def __init__(self, kube: MemoryKube, anew: FairwayError | None = None) -> None:
        self._kube = kube
        self._anew = anew
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kube, name)

    async def apply(self, obj: Object, to: ObjectRef, **_: Any) -> Object:
        assert obj["metadata"]["name"] == to.name
        self.names.append(to.name)
        if to.name == "migrate":
            causes = (
                Cause("", "must be 'x'", "spec.template.metadata.labels"),
                Cause("", "field is immutable", "spec"),
            )
            raise InvalidObject('Job "migrate" is invalid', causes=causes)
        if self._anew:
            raise self._anew
        return obj


async def test_a_job_is_judged_as_a_new_one_where_it_can_not_be_the_old_one(kube: MemoryKube) -> None:
    await kube.apply(job(), ref("Job", "migrate"))
    team = Labelling(kube)
    (found,) = await try_all(kube, team, await items(kube, job(image="x")), "d")  # type: ignore[arg-type]
    assert found.error is None
    assert len(set(team.names)) == 2


async def test_what_is_wrong_with_a_new_job_is_told_under_its_own_name(kube: MemoryKube) -> None:
    await kube.apply(job(), ref("Job", "migrate"))

    class Wrong(Labelling):
        async def apply(self, obj: Object, to: ObjectRef, **more: Any) -> Object:
            await super().apply(obj, to, **more)
            raise InvalidObject(f'Job "{to.name}" is invalid: restartPolicy')

    (found,) = await try_all(kube, Wrong(kube), await items(kube, job(image="x")), "d")  # type: ignore[arg-type]
    assert isinstance(found.error, InvalidObject)
    assert found.error.message == 'Job "migrate" is invalid: restartPolicy'


async def test_who_may_use_no_other_name_hears_what_was_wrong_with_his(kube: MemoryKube) -> None:
    await kube.apply(job(), ref("Job", "migrate"))
    team = Labelling(kube, Forbidden("no"))
    (found,) = await try_all(kube, team, await items(kube, job(image="x")), "d")  # type: ignore[arg-type]
    assert isinstance(found.error, InvalidObject)
    assert found.error.message == 'Job "migrate" is invalid'


async def test_an_api_server_that_is_away_is_nobodys_fault(kube: MemoryKube) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            return getattr(kube, name)

        async def apply(self, *_: Any, **__: Any) -> Object:
            raise ClusterAway("can't be reached")

    with pytest.raises(Transient):
        await try_all(kube, Gone(), await items(kube, config_map()), "d")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ApiRefusal('apply ConfigMap settings: configmaps "settings" is forbidden'),
            'configmaps "settings" is forbidden',
        ),
        (ApiRefusal("apply ConfigMap settings: admission said no"), "ConfigMap shop/settings: admission said no"),
        (UserError("ConfigMap shop/settings belongs to r"), "ConfigMap shop/settings belongs to r"),
    ],
)
def test_kubernetes_speaks_for_itself_and_the_object_is_named(error: FairwayError, words: str) -> None:
    assert words_of(error, ref("ConfigMap", "settings")) == words


async def test_a_job_that_is_being_deleted_is_waited_for(kube: MemoryKube) -> None:
    held = job()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await kube.apply(held, ref("Job", "migrate"))
    await kube.delete(ref("Job", "migrate"))
    (item,) = await items(kube, job(image="new"))
    async with open_waiter(kube, now=lambda: datetime.now(UTC)) as waiter:
        applying = asyncio.create_task(apply_item(kube, kube, waiter, item, "d", tried=True))
        await asyncio.sleep(0.1)
        assert not applying.done()
        release = [{"op": "remove", "path": "/metadata/finalizers"}]
        await kube.patch(ref("Job", "migrate"), release, content_type="application/json-patch+json")
        _, made = await applying
    assert delivery_of(made) == "d"
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "new"


async def test_a_kind_that_comes_with_the_request_is_waited_for(kube: MemoryKube) -> None:
    ship: Object = {"apiVersion": "example.com/v1", "kind": "Ship", "metadata": {"name": "x"}, "spec": {}}
    (item,) = await items(kube, ship)
    async with open_waiter(kube) as waiter:
        applying = asyncio.create_task(apply_item(kube, kube, waiter, item, "d", tried=False))
        await asyncio.sleep(0.1)
        kube._built_in = (*kube._built_in, resource("example.com/v1", "Ship", namespaced=False))
        where, made = await applying
    assert (where.namespace, delivery_of(made)) == ("", "d")
    assert [entry["manager"] for entry in made["metadata"]["managedFields"]] == [MANAGER]
    assert await kube.get(ref_of(made)) is not None
