"""The engine and the real helm take turns at one release, whatever HELM_DRIVER says about where records are kept."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tests.corpus.cases import CASES, Case
from tests.support.clusters import Cluster
from tests.support.engine import World, charted, cluster_world
from tests.support.helm import Helm, HelmError
from tests.support.postgresql import Server

from fairway.adapters.helm.sql import SqlRevisionStore
from fairway.domain.progress import Outcome
from fairway.domain.releases import notes
from fairway.settings import load_settings
from fairway.wiring.records import open_store

pytestmark = [pytest.mark.cluster, pytest.mark.helm]

UPGRADES = next(case for case in CASES if case.name == "upgrades")


@dataclass
class Both:
    """Fairway and helm on one namespace, with the same HELM_DRIVER."""

    fairway: World
    helm: Helm
    url: str = ""

    async def apply(self, case: Case, step: int) -> Outcome:
        return (await self.fairway.one(charted("rel", case.folder, {"step": step}))).outcome


@pytest.fixture(params=["configmap", pytest.param("sql", marks=pytest.mark.postgresql)])
async def both(
    request: pytest.FixtureRequest, cluster: Cluster, helm: Path, namespace: str, tmp_path: Path
) -> AsyncIterator[Both]:
    variables = {"HELM_DRIVER": request.param}
    if request.param == "sql":
        variables["HELM_DRIVER_SQL_CONNECTION_STRING"] = request.getfixturevalue("postgresql_url")
    async with (
        cluster_world(cluster.kubeconfig, namespace, cluster.context) as world,
        open_store(load_settings(variables), world.kube, now=lambda: datetime.now(UTC)) as records,
    ):
        world.session = replace(world.session, store=records)
        program = Helm(helm, cluster.kubeconfig, namespace, tmp_path, variables)
        yield Both(world, program, variables.get("HELM_DRIVER_SQL_CONNECTION_STRING", ""))


async def test_helm_goes_on_with_what_fairway_deployed(both: Both) -> None:
    assert await both.apply(UPGRADES, 1) is Outcome.INSTALLED
    assert await both.apply(UPGRADES, 2) is Outcome.UPGRADED
    (listed,) = await both.helm.json("list")
    assert (listed["name"], listed["revision"], listed["status"]) == ("rel", "2", "deployed")
    assert [(r, s) for r, s, _ in await both.helm.history("rel")] == [(1, "superseded"), (2, "deployed")]
    await both.helm("rollback", "rel", "1")
    assert (await both.fairway.data("rel") or {})["step"] == "1"
    assert await both.fairway.history("rel") == [(1, "superseded"), (2, "superseded"), (3, "deployed")]
    await both.helm("uninstall", "rel")
    assert await both.fairway.history("rel") == []


async def test_fairway_goes_on_with_what_helm_deployed(both: Both) -> None:
    await both.helm.install("rel", UPGRADES.folder, {"step": 1}, "--labels", "team=shop")
    first = await both.fairway.revision("rel", 1)
    assert (first.config, dict(first.labels), dict(first.notes_to_self)) == ({"step": 1}, {"team": "shop"}, {})
    assert await both.apply(UPGRADES, 2) is Outcome.UPGRADED
    assert await both.fairway.history("rel") == [(1, "superseded"), (2, "deployed")]
    assert (await both.fairway.uninstall("rel")).outcome is Outcome.UNINSTALLED
    assert await both.helm.json("list") == []


async def test_no_record_is_left_in_the_cluster_s_secrets(both: Both, cluster: Cluster, namespace: str) -> None:
    assert await both.apply(UPGRADES, 1) is Outcome.INSTALLED
    found = cluster.client.get(f"/api/v1/namespaces/{namespace}/secrets?labelSelector=owner%3Dhelm")["items"]
    assert found == []


async def test_a_helm_that_looks_elsewhere_sees_nothing(both: Both) -> None:
    assert await both.apply(UPGRADES, 1) is Outcome.INSTALLED
    elsewhere = replace(both.helm, settings={})
    with pytest.raises(HelmError, match="not found"):
        await elsewhere("status", "rel")


@pytest.fixture
def in_sql(both: Both) -> Both:
    if not both.url:
        pytest.skip("about SQL only")
    return both


async def test_helm_deleting_a_revision_takes_our_notes_along(in_sql: Both) -> None:
    await in_sql.apply(UPGRADES, 1)
    await in_sql.helm("uninstall", "rel")
    await in_sql.helm.install("rel", UPGRADES.folder, {"step": 5})
    (summary,) = await in_sql.fairway.session.store.summaries(in_sql.fairway.namespace)
    assert notes.INPUTS not in summary.notes_to_self
    with psycopg.connect(in_sql.url) as connection:
        assert connection.execute("SELECT count(*) FROM fairway_release_notes").fetchone() == (0,)


async def test_tables_made_by_either_are_taken_as_they_are_by_the_other(
    in_sql: Both, postgresql_server: Server
) -> None:
    """By Fairway first in `apply`; then as helm makes them, in a database that only helm has seen."""
    await in_sql.apply(UPGRADES, 1)
    await in_sql.helm("list")
    ours = _columns(in_sql.url)
    assert _migrations(in_sql.url) == ["custom_labels", "init"]
    other = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {other}")
    url = in_sql.url.replace(in_sql.url.partition("?")[0].rpartition("/")[2], other)
    await replace(in_sql.helm, settings={**in_sql.helm.settings, "HELM_DRIVER_SQL_CONNECTION_STRING": url})("list")
    theirs = _columns(url)
    assert theirs == {table: columns for table, columns in ours.items() if table != "fairway_release_notes"}
    store = SqlRevisionStore(url, now=lambda: datetime.now(UTC))
    assert await store.summaries(None) == []
    await store.close()
    assert _columns(url) == ours
    with psycopg.connect(postgresql_server.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {other} WITH (FORCE)")


def _columns(url: str) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        )
        for table, *column in rows:
            found.setdefault(table, []).append(tuple(column))
        indexes = connection.execute("SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'")
        for table, index in sorted(indexes):
            found[table].append((index,))
    return found


def _migrations(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return sorted(row[0] for row in connection.execute("SELECT id FROM gorp_migrations"))
