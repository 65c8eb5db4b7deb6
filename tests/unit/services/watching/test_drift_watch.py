"""A release is named when, and only when, one of its objects is no longer as it was applied."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from tests.support.engine import Declared, config_map, memory_world, plain, with_policy
from tests.unit.services.watching.conftest import Watching, open_watching

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.errors import Transient
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.releases.revision import Status
from fairway.domain.repository.models import IgnoreRule


def web(**data: str) -> Declared:
    return plain("web", config_map("web", **(data or {"colour": "blue"})))


def orders() -> Declared:
    return plain("orders", config_map("orders", size="s"), config_map("orders-more", size="m"))


async def ready(watching: Watching, *declared: Declared) -> None:
    """Applied, watched, and all that is there was seen."""
    await watching.world.apply(*declared)
    await watching.over(*declared)
    await watching.until(lambda: watching.watch.watches == 1)
    await watching.a_while()
    assert watching.named == []


def cm(name: str) -> ObjectRef:
    return ObjectRef("v1", "ConfigMap", "default", name)


async def test_an_edit_names_its_release_once(watching: Watching) -> None:
    await ready(watching, web(), orders())
    await watching.world.put(config_map("orders", size="xl"))
    await watching.world.put(config_map("orders-more", size="xl"))
    await watching.until(lambda: bool(watching.named))
    await watching.a_while()
    assert watching.named == [("test", "orders")]


async def test_a_deletion_names_its_release(watching: Watching) -> None:
    await ready(watching, web(), orders())
    await watching.world.kube.delete(cm("web"))
    await watching.until(lambda: bool(watching.named))
    assert watching.named == [("test", "web")]


async def test_what_was_put_back_and_goes_again_is_named_again(watching: Watching) -> None:
    await ready(watching, web())
    for times in (1, 2):
        await watching.world.kube.delete(cm("web"))
        await watching.until(lambda: len(watching.named) == times)  # noqa: B023
        await watching.world.apply(web())
        await watching.a_while()
    assert watching.named == [("test", "web")] * 2


async def test_what_controllers_and_others_write_beside_is_no_drift(watching: Watching) -> None:
    await ready(watching, web())
    watching.world.kube.set_status(cm("web"), {"seen": "yes"})
    await watching.world.put({**config_map("web"), "data": {"more": "by others"}}, manager="operator")
    await watching.a_while()
    assert watching.named == []


async def test_what_the_policy_ignores_is_not_named_and_other_fields_are(watching: Watching) -> None:
    rule = IgnoreRule(pointers=("/data/colour",), kind="ConfigMap")
    declared = with_policy(web(colour="blue", size="s"), drift_ignore=(rule,))
    await ready(watching, declared)
    await watching.world.put(config_map("web", colour="red"), manager="operator")
    await watching.a_while()
    assert watching.named == []
    await watching.world.put(config_map("web", size="xl"), manager="kubectl")
    await watching.until(lambda: bool(watching.named))


async def test_drift_that_is_only_reported_is_told_once_for_each_change(watching: Watching) -> None:
    await ready(watching, with_policy(web(colour="blue", size="s"), drift="report"))
    await watching.world.put(config_map("web", colour="red"))
    await watching.until(lambda: len(watching.reported) == 1)
    watching.world.kube.set_status(cm("web"), {"seen": "yes"})
    await watching.a_while()
    assert len(watching.reported) == 1
    (found,) = watching.reported[0].objects
    assert (watching.reported[0].release.name, found.ref) == ("web", cm("web"))
    assert watching.named == []


async def test_ignored_drift_opens_no_watch(watching: Watching) -> None:
    declared = with_policy(web(), drift="ignore")
    await watching.world.apply(declared)
    await watching.over(declared)
    await watching.a_while()
    assert watching.watch.watches == 0


async def test_a_release_that_is_left_alone_is_named_once_it_is_so_no_more() -> None:
    alone = {"web"}
    options = {"left_alone": lambda _, release: release in alone, "patience": 0.05}
    async with open_watching(memory_world(), **options) as watching:
        await ready(watching, web(), orders())
        await watching.world.kube.delete(cm("web"))
        await watching.world.kube.delete(cm("orders"))
        await watching.until(lambda: bool(watching.named))
        await watching.a_while()
        assert watching.named == [("test", "orders")]
        alone.clear()
        await watching.until(lambda: watching.named == [("test", "orders"), ("test", "web")])


async def test_an_apply_by_somebody_else_is_no_drift_and_what_it_left_is_what_counts_from_then_on(
    watching: Watching,
) -> None:
    """Nobody told the watch of the new revision: it reads it when it sees the objects change."""
    await ready(watching, web())
    await watching.world.apply(web(colour="red", size="s"))
    await watching.a_while()
    assert watching.named == []
    await watching.world.put(config_map("web", size="xl"))
    await watching.until(lambda: bool(watching.named))
    assert watching.named == [("test", "web")]


async def test_while_a_revision_is_under_way_nothing_is_named_and_afterwards_what_is_off(watching: Watching) -> None:
    await ready(watching, web())
    stored = await watching.world.revision("web", 1)
    pending = replace(stored, version=2, status=Status.PENDING_UPGRADE)
    await watching.world.session.store.create(pending)
    await watching.world.put(config_map("web", colour="red"))
    await watching.a_while()
    assert watching.named == []
    await watching.world.session.store.update(replace(pending, status=Status.DEPLOYED))
    await watching.until(lambda: bool(watching.named))
    assert watching.named == [("test", "web")]


async def test_an_uninstall_by_somebody_else_is_no_drift(watching: Watching) -> None:
    await ready(watching, web(), orders())
    await watching.world.uninstall("web")
    await watching.a_while()
    assert watching.named == []


async def test_what_went_missing_before_the_watch_began_is_named_too(watching: Watching) -> None:
    await watching.world.apply(web())
    await watching.world.kube.delete(cm("web"))
    await watching.over(web())
    await watching.until(lambda: bool(watching.named))


async def test_new_kinds_are_watched_and_old_ones_no_more_without_a_restart(watching: Watching) -> None:
    await ready(watching, web())
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    declared = plain("web", config_map("web", colour="blue"), service)
    await watching.world.apply(declared)
    await watching.over(declared)
    await watching.until(lambda: watching.watch.watches == 2)
    await watching.a_while()
    await watching.world.kube.delete(ObjectRef("v1", "Service", "default", "web"))
    await watching.until(lambda: bool(watching.named))
    await watching.over()
    await watching.until(lambda: watching.watch.watches == 0)


async def test_environments_of_one_namespace_share_its_watches(watching: Watching) -> None:
    await ready(watching, web())
    other = replace(watching.world, environment_name="canary")
    await other.apply(orders(), only=["orders"])
    summaries = await watching.world.session.store.summaries("default")
    watching.watch.watching(other.environment([orders()]), summaries)
    await watching.a_while()
    assert watching.world.kube.requests["watch"] == 1
    await watching.world.kube.delete(cm("orders"))
    await watching.until(lambda: bool(watching.named))
    assert watching.named == [("canary", "orders")]
    watching.watch.forget("canary")
    await watching.world.kube.delete(cm("orders-more"))
    await watching.a_while()
    assert watching.named == [("canary", "orders")]


class NoConfigMaps(MemoryKube):
    """A cluster whose RBAC lets nobody watch ConfigMaps."""

    def watch_metadata(self, resource, namespace, **options):  # type: ignore[no-untyped-def]
        if resource.kind == "ConfigMap":
            raise Forbidden('configmaps is forbidden: User "agent" cannot watch', status=403)
        return super().watch_metadata(resource, namespace, **options)


async def test_a_kind_that_may_not_be_watched_is_told_and_hides_no_other() -> None:
    async with open_watching(memory_world(kube=NoConfigMaps())) as watching:
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
        declared = plain("web", config_map("web", colour="blue"), {**service, "spec": {"ports": [{"port": 80}]}})
        await watching.world.apply(declared)
        await watching.over(declared)
        await watching.until(lambda: bool(watching.problems))
        assert watching.watch.problems == ('configmaps is forbidden: User "agent" cannot watch',)
        await watching.world.kube.delete(cm("web"))
        await watching.a_while()
        assert watching.named == []
        await watching.world.kube.delete(ObjectRef("v1", "Service", "default", "web"))
        await watching.until(lambda: bool(watching.named))


async def test_somebody_who_changes_it_all_the_time_is_named_ever_more_rarely(watching: Watching) -> None:
    await ready(watching, web())
    for n in range(30):
        await watching.world.put(config_map("web", colour=f"red{n}"))
        await watching.world.apply(web())
        await watching.world.put(config_map("web", colour=f"red{n}"), manager=f"fighter-{n}")
        await asyncio.sleep(0.02)
    await watching.a_while()
    assert watching.named == [("test", "web")]


async def test_the_steady_state_asks_nothing(watching: Watching) -> None:
    await ready(watching, web(), orders())
    before = watching.world.kube.requests.total()
    for _ in range(5):
        await watching.over(web(), orders())
    await watching.a_while()
    lists_of_the_test = 5
    assert watching.world.kube.requests.total() == before + lists_of_the_test


async def test_what_helm_wrote_last_is_left_to_the_next_look(watching: Watching) -> None:
    """Its revision has no list of what we own, so nothing can be said of its objects."""
    await ready(watching, web())
    stored = await watching.world.revision("web", 1)
    await watching.world.session.store.create(replace(stored, version=2, notes_to_self={}))
    await watching.world.put(config_map("web", colour="red"), manager="helm-upgrade")
    await watching.a_while()
    assert watching.named == []


async def test_drift_is_named_when_the_cluster_answers_again(watching: Watching) -> None:
    await ready(watching, web())
    away = watching.world.session.store.summaries
    calls = 0

    async def sometimes(namespace: str | None, *, name: str = ""):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls < 3:
            raise Transient("the cluster does not answer")
        return await away(namespace, name=name)

    async with open_watching(watching.world, store=Answering(sometimes)) as second:
        await second.over(web())
        await second.until(lambda: second.watch.watches == 1)
        await second.a_while()
        await watching.world.kube.delete(cm("web"))
        await second.until(lambda: bool(second.named))
    assert calls == 3


class Answering:
    """A store that answers as it is told."""

    def __init__(self, summaries: Any) -> None:
        self.summaries = summaries
