"""One suite for every place where revisions are kept: Secrets and ConfigMaps of a real cluster, PostgreSQL, memory."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.support.clusters import Cluster

from fairway.adapters.helm.configmaps import ConfigMapRevisionStore
from fairway.adapters.helm.kube_store import KubeRevisionStore
from fairway.adapters.helm.memory import MemoryRevisionStore
from fairway.adapters.helm.secrets import SecretRevisionStore
from fairway.adapters.helm.sql import SqlRevisionStore
from fairway.adapters.kube import open_cluster
from fairway.domain.errors import Terminal
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.releases.revision import Hook, HookEvent, HookRun, Revision, Status
from fairway.services.engine.ports import RevisionStore

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Place:
    """A store, a namespace of its own, and where to look behind it."""

    store: RevisionStore
    namespace: str
    cluster: Cluster | None = None

    def objects(self, kind: str = "secrets") -> list[dict[str, Any]]:
        assert self.cluster is not None
        found: list[dict[str, Any]] = self.cluster.client.get(f"/api/v1/namespaces/{self.namespace}/{kind}")["items"]
        return [item for item in found if item["metadata"]["name"].startswith("sh.helm")]


class Clock:
    def __init__(self) -> None:
        self._ticks = itertools.count()

    def __call__(self) -> datetime:
        return START + timedelta(seconds=next(self._ticks))


def new_id() -> str:
    return uuid.uuid4().hex[:10]


@pytest.fixture(params=["memory", "secrets", "configmaps", pytest.param("sql", marks=pytest.mark.postgresql)])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "memory":
        yield Place(MemoryRevisionStore(now=Clock()), "shop")
        return
    if request.param == "sql":
        in_sql = SqlRevisionStore(request.getfixturevalue("postgresql_url"), now=Clock())
        yield Place(in_sql, "shop")
        await in_sql.close()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    namespace: str = request.getfixturevalue("namespace")
    kinds: dict[str, type[KubeRevisionStore]] = {"secrets": SecretRevisionStore, "configmaps": ConfigMapRevisionStore}
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        yield Place(kinds[request.param](kube, now=Clock(), new_id=new_id), namespace, cluster)


@pytest.fixture
async def secrets(cluster: Cluster, namespace: str) -> AsyncIterator[Place]:
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        yield Place(SecretRevisionStore(kube, now=Clock(), new_id=new_id), namespace, cluster)


def revision(place: Place, version: int = 1, **changes: Any) -> Revision:
    base = Revision(
        "web",
        place.namespace,
        version,
        Status.PENDING_INSTALL,
        "---\n# Source: web/templates/x.yaml\na: ünïcode\n",
        {"replicas": 2, "deep": {"list": [1, None, "x"]}},
        {"metadata": {"name": "web", "version": "1.0.0"}, "templates": None, "values": {"a": 1}},
        (Hook("h", "Job", "p", "m", (HookEvent.TEST,), 3, last_run=HookRun(START, START, "Succeeded")),),
        first_deployed=START,
        last_deployed=START,
        description="Install in progress",
        notes="Hello",
        labels={"team": "shop"},
        notes_to_self={"inputs": "sha256:1", "holder": "me"},
    )
    return replace(base, **changes)


def large(place: Place, lines: int = 40_000, **changes: Any) -> Revision:
    manifest = "".join(f"{sha256(str(line).encode()).hexdigest()}\n" for line in range(lines))
    return revision(place, manifest=manifest, **changes)


pytestmark = pytest.mark.cluster


async def test_what_is_created_is_read_back_whole(place: Place) -> None:
    written = revision(place)
    await place.store.create(written)
    assert await place.store.read(place.namespace, "web", 1) == written


async def test_what_was_never_written_is_none(place: Place) -> None:
    assert await place.store.read(place.namespace, "web", 1) is None
    assert await place.store.summaries(place.namespace) == []


async def test_only_one_of_many_writers_creates_a_revision(place: Place) -> None:
    attempts = [place.store.create(revision(place, notes_to_self={"holder": str(n)})) for n in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(AlreadyExists) == 7
    stored = await place.store.read(place.namespace, "web", 1)
    assert stored is not None
    assert stored.notes_to_self == {"holder": str(outcomes.index(None))}


async def test_an_update_replaces_everything(place: Place) -> None:
    await place.store.create(revision(place))
    changed = revision(
        place, status=Status.DEPLOYED, description="done", labels={"new": "label"}, notes_to_self={"inputs": "2"}
    )
    await place.store.update(changed)
    assert await place.store.read(place.namespace, "web", 1) == changed


async def test_updating_what_is_not_there_fails(place: Place) -> None:
    with pytest.raises(Terminal):
        await place.store.update(revision(place))


async def test_deleting_twice_is_no_error(place: Place) -> None:
    await place.store.create(revision(place))
    await place.store.delete(place.namespace, "web", 1)
    await place.store.delete(place.namespace, "web", 1)
    assert await place.store.read(place.namespace, "web", 1) is None


async def test_summaries_tell_each_revision_without_its_payload(place: Place) -> None:
    await place.store.create(revision(place, 10, status=Status.DEPLOYED))
    await place.store.create(revision(place, 9, status=Status.SUPERSEDED))
    await place.store.create(revision(place, 1, name="api", status=Status.FAILED, notes_to_self={}))
    found = await place.store.summaries(place.namespace)
    assert [(s.name, s.version, s.status) for s in found] == [
        ("api", 1, Status.FAILED),
        ("web", 9, Status.SUPERSEDED),
        ("web", 10, Status.DEPLOYED),
    ]
    assert [dict(s.notes_to_self) for s in found] == [{}, *[{"inputs": "sha256:1", "holder": "me"}] * 2]
    assert all(s.uid and s.resource_version and s.created and s.helm_readable for s in found)
    assert [s.version for s in await place.store.summaries(place.namespace, name="web")] == [9, 10]
    assert await place.store.summaries("elsewhere") == []
    everywhere = [s for s in await place.store.summaries(None) if s.namespace == place.namespace]
    assert everywhere == found


async def test_an_update_moves_the_time_of_modification(place: Place) -> None:
    await place.store.create(revision(place))
    (before,) = await place.store.summaries(place.namespace)
    await place.store.update(revision(place, status=Status.DEPLOYED))
    (after,) = await place.store.summaries(place.namespace)
    assert after.modified is not None
    assert (after.uid, after.created) == (before.uid, before.created)
    assert after.resource_version != before.resource_version


async def test_a_record_over_a_mebibyte_is_kept_whole(place: Place) -> None:
    written = large(place)
    await place.store.create(written)
    stored = await place.store.read(place.namespace, "web", 1)
    assert stored is not None
    assert replace(stored, helm_readable=True) == written
    await place.store.update(large(place, status=Status.DEPLOYED, description="done"))
    stored = await place.store.read(place.namespace, "web", 1)
    assert stored is not None
    assert (stored.status, stored.description, stored.manifest) == (Status.DEPLOYED, "done", written.manifest)
    await place.store.delete(place.namespace, "web", 1)
    assert await place.store.read(place.namespace, "web", 1) is None


async def test_a_large_record_is_said_not_to_be_readable_by_helm(secrets: Place) -> None:
    await secrets.store.create(large(secrets))
    (summary,) = await secrets.store.summaries(secrets.namespace)
    stored = await secrets.store.read(secrets.namespace, "web", 1)
    assert stored is not None
    assert (summary.helm_readable, stored.helm_readable) == (False, False)
    assert [s.version for s in await secrets.store.summaries(secrets.namespace)] == [1]


async def test_a_change_of_status_rewrites_only_the_head_of_a_large_record(secrets: Place) -> None:
    await secrets.store.create(large(secrets))
    parts = {o["metadata"]["uid"] for o in secrets.objects() if o["type"] == "fairway.dev/release-part.v1"}
    await secrets.store.update(large(secrets, status=Status.DEPLOYED))
    assert {o["metadata"]["uid"] for o in secrets.objects() if o["type"] == "fairway.dev/release-part.v1"} == parts


async def test_no_part_is_left_behind(secrets: Place) -> None:
    await secrets.store.create(large(secrets))
    await secrets.store.update(large(secrets, lines=60_000))
    assert len(secrets.objects()) == 1 + 3
    await secrets.store.update(revision(secrets))
    assert len(secrets.objects()) == 1
    await secrets.store.update(large(secrets))
    with pytest.raises(AlreadyExists):
        await secrets.store.create(large(secrets))
    assert len(secrets.objects()) == 1 + 2
    await secrets.store.delete(secrets.namespace, "web", 1)
    assert secrets.objects() == []


async def test_another_process_finds_the_parts_to_delete(secrets: Place, cluster: Cluster) -> None:
    await secrets.store.create(large(secrets))
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        await SecretRevisionStore(kube, now=Clock(), new_id=new_id).delete(secrets.namespace, "web", 1)
    assert secrets.objects() == []


async def test_a_lost_part_is_an_error_that_names_it(secrets: Place) -> None:
    await secrets.store.create(large(secrets))
    part = next(o for o in secrets.objects() if o["type"] == "fairway.dev/release-part.v1")["metadata"]["name"]
    assert secrets.cluster is not None
    secrets.cluster.client.delete(f"/api/v1/namespaces/{secrets.namespace}/secrets/{part}")
    with pytest.raises(Terminal, match=part):
        await secrets.store.read(secrets.namespace, "web", 1)


async def test_the_secret_looks_as_helm_makes_it(secrets: Place) -> None:
    await secrets.store.create(revision(secrets))
    (created,) = secrets.objects()
    assert created["type"] == "helm.sh/release.v1"
    assert created["metadata"]["name"] == "sh.helm.release.v1.web.v1"
    assert created["metadata"]["labels"] == {
        "name": "web",
        "owner": "helm",
        "status": "pending-install",
        "version": "1",
        "team": "shop",
        "createdAt": str(int(START.timestamp())),
    }
    await secrets.store.update(revision(secrets, status=Status.DEPLOYED))
    (updated,) = secrets.objects()
    assert updated["metadata"]["labels"]["status"] == "deployed"
    assert updated["metadata"]["labels"]["modifiedAt"] == str(int(START.timestamp()) + 1)
    assert list(updated["data"]) == ["release"]


async def test_a_system_label_cannot_be_overridden(secrets: Place) -> None:
    await secrets.store.create(revision(secrets, labels={"owner": "me", "name": "other", "mine": "kept"}))
    (stored,) = secrets.objects()
    assert (stored["metadata"]["labels"]["owner"], stored["metadata"]["labels"]["name"]) == ("helm", "web")
    read = await secrets.store.read(secrets.namespace, "web", 1)
    assert read is not None
    assert read.labels == {"mine": "kept"}
