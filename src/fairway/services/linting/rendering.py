"""Renders every release of every environment and looks at what comes out.

The rule not to break: one release that cannot be rendered is one finding; the others are checked all the same. What
keeps lint from looking at all (no cluster with --live, an unknown version) is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Diagnostic, InvalidInput, Severity, Terminal, Transient, UserError
from fairway.domain.manifests.objects import Object
from fairway.domain.repository.models import Environment, Release, Repository
from fairway.domain.repository.need_versions import version_mistakes
from fairway.domain.values.interpolation import UnsetVariable
from fairway.domain.values.outputs import OutputPending
from fairway.services.engine.building import build
from fairway.services.engine.content import Content, MalformedObject, source_of
from fairway.services.engine.gathering import ChartShelf
from fairway.services.linting.collecting import Collected, Whose
from fairway.services.linting.examining import Examination, Examined, examine
from fairway.services.linting.places import Places
from fairway.services.linting.standing_in import stands_in
from fairway.services.rendering import OpenRendering

AT_ONCE = 32

Opening = Callable[[Repository, Environment], AbstractAsyncContextManager[OpenRendering]]


@dataclass(frozen=True, slots=True)
class RenderedReleases:
    """A `Check`. `environments` are the names of those to render; empty means all. Positions are relative to `base`."""

    open: Opening
    charts: ChartShelf
    base: Path
    environments: tuple[str, ...] = ()

    async def __call__(self, repository: Repository) -> Sequence[Diagnostic]:
        collected = Collected()
        places = Places(repository, self.base)
        async with AsyncExitStack() as stack:
            examinations: list[Examination] = []
            for environment in repository.environments:
                if self.environments and environment.name not in self.environments:
                    continue
                opened = await stack.enter_async_context(self.open(repository, environment))
                examined = await self._rendered(opened, places, collected)
                examinations.append(Examination(environment, opened, examined))
            await examine(examinations, places, collected)
        return collected.diagnostics()

    async def _rendered(self, opened: OpenRendering, places: Places, collected: Collected) -> list[Examined]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(release: Release) -> Examined | None:
            async with slots:
                return await self._render(opened, release, places, collected)

        found = await asyncio.gather(*(one(release) for release in opened.environment.releases))
        examined = [item for item in found if item is not None]
        _check_versions(examined, collected)
        return examined

    async def _render(
        self, opened: OpenRendering, release: Release, places: Places, collected: Collected
    ) -> Examined | None:
        """The release's objects; None when there are none to look at, after saying why."""
        whose = Whose(opened.environment, release)
        chart: ChartSource | None = None
        rule, incomplete = "chart-not-found", False
        try:
            if release.chart is not None:
                chart = await self.charts.fetch(release.chart)
            rule = "bad-values"
            inputs = await opened.gather(release, opened.resources.capabilities())
            rule, incomplete = "render-failed", stands_in(inputs.values)
            content = await build(inputs, opened.renderer, opened.resources, revision=1, is_upgrade=False)
            return Examined(whose, chart, content, await _objects(content, opened))
        except InvalidInput as error:
            for item in error.diagnostics:
                place = places.of_error(item.position, release, chart)
                collected.add(item.rule, item.severity, place, whose, item.message, item.fix)
        except (UnsetVariable, OutputPending) as error:
            place = places.of_error(error.where, release, chart)
            text = f"not rendered, a value is not known here: {error.message}"
            collected.add("unknown-value", Severity.WARNING, place, whose, text, error.fix)
        except Transient as error:
            text = f"not rendered: {error.message}"
            collected.add("not-reached", Severity.WARNING, release.position, whose, text, error.fix)
        except MalformedObject as error:
            place = places.of_source(error.source, release, chart)
            collected.add("bad-object", Severity.ERROR, place, whose, error.message, error.fix)
        except (UserError, Terminal) as error:
            place = places.of_error(error.where, release, chart)
            text = opened.secrets.mask(error.message)
            if incomplete:
                text = f"not rendered, some of its values are not known here: {text}"
                collected.add("unknown-value", Severity.WARNING, place, whose, text, "see what --live says")
            else:
                collected.add(_rule(error, rule), Severity.ERROR, place, whose, text, error.fix)
        return None


def _check_versions(examined: Sequence[Examined], collected: Collected) -> None:
    """`minVersion` of needs against charts whose version is only known once they are fetched."""
    whose = {item.whose.release.name: item.whose for item in examined}
    versions = [(item.whose.release, item.chart.version if item.chart else "") for item in examined]
    for name, mistake in version_mistakes(versions):
        text = mistake.message.removeprefix(f'release "{name}" ')
        collected.add(mistake.rule, mistake.severity, mistake.position, whose[name], text, mistake.fix)


async def _objects(content: Content, opened: OpenRendering) -> tuple[tuple[str, Object], ...]:
    """(template, object) of everything that would be sent to a cluster, hooks and CRD files included."""
    objects = [(source_of(document.text), document.object) for document in content.documents]
    for path, text in [(hook.path, hook.manifest) for hook in content.hooks] + [
        (crd.path, crd.text) for crd in content.crds
    ]:
        objects += [(path, obj) for _, obj in await opened.renderer.parse(text)]
    return tuple(objects)


def _rule(error: UserError | Terminal, stage: str) -> str:
    if error.where is not None and error.where.file.endswith("values.schema.json"):
        return "values-schema"
    return stage
