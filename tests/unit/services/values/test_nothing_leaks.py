"""A secret value from any source goes into the cluster and into nothing that people read: plan, why, drift."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.support.charts import chart_files, write_chart
from tests.support.engine import HERE, SOURCE, World, chart_source, memory_world

from fairway.adapters.charts.folders import DiskFolders
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.repository.models import (
    ChartKind,
    ChartReference,
    ChartValue,
    Cluster,
    Environment,
    Provider,
    Release,
    ValueSource,
)
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.drifting import find_drift
from fairway.services.engine.gathering import Gathering
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.planning import PlanOptions
from fairway.services.engine.plans import plan_environment
from fairway.services.engine.reasons import reasons_for
from fairway.services.engine.recording import NoLog
from fairway.services.engine.run_options import RunOptions
from fairway.services.engine.running import EnvironmentRun
from fairway.services.values.chart_files import ChartFiles
from fairway.services.values.reading import ValueFiles
from fairway.services.values.resolving import ReleaseValues
from fairway.services.values.sources import SourcePorts

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  fromSecret: {{ .Values.one | quote }}
  fromFile: {{ .Values.two.plain | quote }}
  fromVariable: {{ .Values.three | quote }}
  fromKey: {{ .Values.apiKey | quote }}
  joined: "user:{{ .Values.one }}@host"
  version: {{ .Values.version | quote }}
"""


class Decrypted:
    def __init__(self, text: str) -> None:
        self.text = text

    async def decrypt(self, path: str) -> str:
        return self.text


class Shelf:
    def __init__(self, chart: ChartSource) -> None:
        self.chart = chart

    async def fetch(self, ref: ChartReference) -> ChartSource:
        return self.chart


class Setting:
    """One release whose values hold four secrets; `generation` is part of each of them."""

    def __init__(self, folder: Path) -> None:
        self.world: World = memory_world()
        write_chart(folder / "chart", chart_files(more={"templates/one.yaml": TEMPLATE}))
        (folder / "secrets.yaml").write_text("two:\n  plain: ENC[x]\nsops:\n  mac: ENC[y]\n")
        self.folder = folder

    def secrets(self, generation: int) -> list[str]:
        return [f"{name}-s3cret-{generation}" for name in ("cluster", "file", "variable", "key")]

    async def opened(self, generation: int) -> OpenEnvironment:
        cluster, file, variable, key = self.secrets(generation)
        data = {"p": base64.b64encode(cluster.encode()).decode()}
        await self.world.put({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": data})
        chart = ChartReference(ChartKind.DIRECTORY, str(self.folder / "chart"), None, HERE)
        values = (
            ChartValue("one", HERE, value_from=ValueSource("secret", {"name": "db", "key": "p"}, HERE)),
            ChartValue("three", HERE, "$APP_TOKEN"),
            ChartValue("apiKey", HERE, key),
            ChartValue("version", HERE, f"1.{generation}"),
        )
        release = Release("web", HERE, chart=chart, values_file=str(self.folder / "secrets.yaml"), values=values)
        environment = Environment("test", Cluster("c", Provider("existingContext"), HERE), "default", HERE, (release,))
        register, files = SecretRegister(), ValueFiles(Decrypted(f"two: {{plain: {file}}}\n"), self.folder)
        ports = SourcePorts({"APP_TOKEN": variable}, self.world.kube)
        charts = ChartFiles(DiskFolders(), files)
        resolver = ReleaseValues(environment, ports=ports, files=files, charts=charts, register=register)
        shelf = Shelf(chart_source(self.folder / "chart"))
        gathering = Gathering(environment, shelf, resolver, str(self.folder))
        return OpenEnvironment(environment, self.world.session, gathering, register)

    async def apply(self, generation: int) -> None:
        opened = await self.opened(generation)
        options = RunOptions(plan=PlanOptions(source=SOURCE))
        run = EnvironmentRun(
            opened.session, opened.environment, opened.gather, options=options, report=self.seen, log=NoLog()
        )
        assert (await run.apply()).exit_code == 0

    def seen(self, event: object) -> None:
        assert "s3cret" not in repr(event)


@pytest.fixture
async def setting(tmp_path: Path) -> Setting:
    made = Setting(tmp_path)
    await made.apply(1)
    return made


async def test_the_cluster_gets_the_secrets(setting: Setting) -> None:
    found = await setting.world.data("web")
    assert found is not None
    assert [found[key] for key in ("fromSecret", "fromFile", "fromVariable", "fromKey")] == setting.secrets(1)


async def test_a_plan_shows_neither_the_old_nor_the_new(setting: Setting) -> None:
    planned = await plan_environment(await setting.opened(2), PlanOptions(source=SOURCE))
    (release,) = planned.plan.releases
    (change,) = [item for item in release.objects if item.ref.name == "web"]
    assert {field.path.removeprefix("data.") for field in change.fields} == {
        *("fromSecret", "fromFile", "fromVariable", "fromKey", "joined", "version")
    }
    assert "s3cret" not in repr(planned.plan)
    assert "1.1" in repr(change.fields)


async def test_why_shows_neither_the_old_nor_the_new(setting: Setting) -> None:
    reasons = await reasons_for(await setting.opened(2), "web", PlanOptions(source=SOURCE))
    assert [value.key for value in reasons.values] == ["apiKey", "one", "three", "two.plain", "version"]
    assert "s3cret" not in repr(reasons)


async def test_drift_shows_neither_what_was_nor_what_is_there_now(setting: Setting) -> None:
    data = {"fromSecret": "0ther-s3cret", "fromFile": "another-s3cret", "version": "9"}
    await setting.world.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": data})
    found = await find_drift(await setting.opened(1))
    (change,) = found.releases[0].objects
    assert len(change.fields) == 3
    assert "s3cret" not in repr(found)
    assert "'9'" in repr(change.fields)


async def test_drift_of_a_release_whose_sources_are_gone_shows_no_stored_value(setting: Setting) -> None:
    opened = await setting.opened(1)
    await setting.world.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"x": "1"}})
    await setting.world.put(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"fromSecret": "0ther-s3cret"}}
    )
    (setting.folder / "secrets.yaml").unlink()
    found = await find_drift(opened)
    assert found.releases[0].objects
    assert "s3cret" not in repr(found)
