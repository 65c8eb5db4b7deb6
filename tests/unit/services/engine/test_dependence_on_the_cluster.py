"""A new kind in the cluster makes nothing be rendered again but what asks the cluster what it can do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import chart_files, write_chart
from tests.support.engine import Declared, World, chart_source, charted, memory_world

from fairway.domain.charts.contents import facts_of
from fairway.domain.charts.rendering import Rendered, RenderRequest
from fairway.domain.manifests.objects import Object, ref_of
from fairway.domain.progress import Outcome
from fairway.services.engine.ports import Renderer

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {k: %s}\n"


@dataclass
class Counting:
    """A renderer that remembers for whom it rendered."""

    inner: Renderer
    rendered: list[str] = field(default_factory=list)
    name: str = "counting"

    async def render(self, request: RenderRequest) -> Rendered:
        self.rendered.append(request.name)
        return await self.inner.render(request)

    async def parse(self, text: str) -> list[tuple[str, Object]]:
        return await self.inner.parse(text)


def ships() -> Object:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "ships.sea.example"},
        "spec": {
            "group": "sea.example",
            "scope": "Namespaced",
            "names": {"kind": "Ship", "plural": "ships"},
            "versions": [version],
        },
    }


async def rendered_after_a_new_kind(world: World, declared: Declared) -> list[str]:
    counting = Counting(world.session.renderer)
    world.session = replace(world.session, renderer=counting)
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    counting.rendered.clear()
    await world.kube.apply(ships(), ref_of(ships()))
    await world.kube.discover(fresh=True)
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    return counting.rendered


def release(folder: Path, text: str, values: dict[str, Any] | None = None) -> Declared:
    files = chart_files(more={"templates/one.yaml": CONFIG % text})
    facts = facts_of({path: content.encode() for path, content in files.items()}, "web")
    source = replace(
        chart_source(write_chart(folder, files)),
        uses_lookup=facts.uses_lookup,
        uses_capabilities=facts.uses_capabilities,
    )
    return charted("web", source, values)


async def test_a_chart_that_does_not_ask_is_not_rendered_again(tmp_path: Path) -> None:
    assert await rendered_after_a_new_kind(memory_world(), release(tmp_path, '"1"')) == []


@pytest.mark.parametrize(
    "text",
    [
        '{{ .Capabilities.APIVersions.Has "sea.example/v2" | quote }}',
        '{{ with $.Capabilities }}{{ .APIVersions.Has "sea.example/v2" | quote }}{{ end }}',
        '{{ (index . "Capabilities").APIVersions.Has "sea.example/v2" | quote }}',
    ],
)
async def test_a_chart_that_asks_is_rendered_again_and_changes_nothing_when_the_answer_is_the_same(
    tmp_path: Path, text: str
) -> None:
    assert await rendered_after_a_new_kind(memory_world(), release(tmp_path, text)) == ["web"]


async def test_a_value_that_asks_through_tpl_counts(tmp_path: Path) -> None:
    declared = release(
        tmp_path, "{{ tpl .Values.k . | quote }}", {"k": '{{ .Capabilities.APIVersions.Has "sea.example/v2" }}'}
    )
    assert await rendered_after_a_new_kind(memory_world(), declared) == ["web"]
