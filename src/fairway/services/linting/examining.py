"""What is checked of rendered objects: API versions, schemas, images, and who else declares the same object.

The rule not to break: each check looks at one object and adds its findings; none stops the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Position, Severity
from fairway.domain.kubernetes.builtin import builtin_kind, builtin_kinds, is_builtin_group, removal
from fairway.domain.kubernetes.images import images_of, why_unpinned
from fairway.domain.kubernetes.schemas import Schemas
from fairway.domain.kubernetes.validating import Problem, path_text, problems_of
from fairway.domain.kubernetes.versions import Minor, minor_of, minor_text
from fairway.domain.manifests.objects import Object, ObjectKey
from fairway.domain.manifests.origins import Written, origin_of
from fairway.domain.releases.plan import FieldChange
from fairway.domain.repository.findings import suggestion
from fairway.domain.repository.models import Environment
from fairway.services.engine.content import Content, source_of
from fairway.services.linting.collecting import Collected, Whose
from fairway.services.linting.places import Places, key_pattern, value_pattern
from fairway.services.linting.standing_in import stands_at
from fairway.services.rendering import OpenRendering

_CRD = "CustomResourceDefinition"


@dataclass(frozen=True, slots=True)
class Examined:
    """One rendered release. `objects`: (template, object), hooks and CRD files included."""

    whose: Whose
    chart: ChartSource | None
    content: Content
    objects: tuple[tuple[str, Object], ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """One environment's rendered releases."""

    environment: Environment
    opened: OpenRendering
    releases: Sequence[Examined]


async def examine(examinations: Sequence[Examination], places: Places, collected: Collected) -> None:
    """Everything that is wrong with the objects of all environments."""
    declared: dict[tuple[str, ObjectKey], Whose] = {}
    crds = [obj for one in examinations for item in one.releases for _, obj in item.objects if obj.get("kind") == _CRD]
    for one in examinations:
        versions = {str(obj.get("apiVersion")) for item in one.releases for _, obj in item.objects}
        schemas = (await one.opened.schemas.schemas(versions)).with_crds(crds)
        for item in one.releases:
            look = _Look(one.opened, item, schemas, places, collected)
            for source, obj in item.objects:
                look.at(source, obj)
            _duplicates(item, declared, places, collected)
            await _unpinned(one.opened, item, places, collected)


@dataclass(frozen=True, slots=True)
class _Look:
    """One release's objects, one after the other."""

    opened: OpenRendering
    release: Examined
    schemas: Schemas
    places: Places
    collected: Collected

    def at(self, source: str, obj: Object) -> None:
        api_version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        place = self.places.of_source(source, self.release.whose.release, self.release.chart)
        if not self._is_served(obj, api_version, kind, place):
            return
        schema = self.schemas.of(api_version, kind)
        if schema is None:
            if not is_builtin_group(api_version):
                text = f"{api_version} {kind} is not checked: no schema of it is known here"
                self.collected.add("no-schema", Severity.INFO, place, self.release.whose, text)
            return
        for problem in problems_of(obj, schema, self.schemas):
            if stands_at(obj, problem.path):
                continue
            at = place if problem.kind is Problem.MISSING else self.places.with_line(place, key_pattern(problem.key))
            self._add(problem.kind.value, Severity.ERROR, at, obj, self.opened.secrets.mask(problem.message))

    def _is_served(self, obj: Object, api_version: str, kind: str, place: Position) -> bool:
        """False when there is nothing to check the object against, after saying why."""
        version = self.opened.resources.kube_version
        minor = minor_of(version)
        at = self.places.with_line(place, value_pattern("apiVersion", api_version))
        served = (api_version, kind) in self.opened.resources.by_ref
        gone = removal(api_version, kind)
        if gone is not None and gone.gone_in(minor) and not served:
            text = f"{api_version} {kind} was removed in Kubernetes {minor_text(gone.removed)}"
            self._add("api-removed", Severity.ERROR, at, obj, text, _use(gone.replacement))
            return False
        if gone is not None and gone.deprecated_in(minor):
            text = (
                f"{api_version} {kind} is deprecated since Kubernetes {minor_text(gone.deprecated)} "
                f"and goes in {minor_text(gone.removed)}"
            )
            self._add("api-deprecated", Severity.WARNING, at, obj, text, _use(gone.replacement))
        if served or (not is_builtin_group(api_version) and self.schemas.of(api_version, kind) is not None):
            return True
        if is_builtin_group(api_version):
            severity, text, fix = _not_built_in(api_version, kind, minor)
            self._add("unknown-kind", severity, at, obj, text, fix)
            return False
        if self.opened.live:
            text = f"the cluster does not serve {api_version} {kind}, and no release brings its definition"
            fix = "install its CustomResourceDefinition first, or add it to a chart's crds/"
            self._add("unknown-kind", Severity.WARNING, at, obj, text, fix)
            return False
        return True

    def _add(
        self, rule: str, severity: Severity, place: Position, obj: Object, text: str, fix: str | None = None
    ) -> None:
        name = str((obj.get("metadata") or {}).get("name", ""))
        whose = self.release.whose
        self.collected.add(rule, severity, place, whose, text, fix, kind=str(obj.get("kind")), name=name)


def _use(replacement: str | None) -> str:
    return f"use {replacement}" if replacement else "there is no replacement: remove the object"


def _not_built_in(api_version: str, kind: str, minor: Minor) -> tuple[Severity, str, str | None]:
    known = builtin_kind(api_version, kind)
    if known is not None and known.switched_off:
        fix = "use it only where an administrator switched this API on (--runtime-config)"
        return Severity.WARNING, f"{api_version} {kind} is not served by default in Kubernetes {minor_text(minor)}", fix
    if known is not None:
        text = f"{api_version} {kind} exists only since Kubernetes {minor_text(known.since)}"
        older = [one for one in builtin_kinds() if one.kind == kind and one.served_in(minor)]
        return Severity.ERROR, text, f"use {older[0].api_version} for {minor_text(minor)}" if older else None
    elsewhere = sorted({one.api_version for one in builtin_kinds() if one.kind == kind and one.served_in(minor)})
    in_version = [one.kind for one in builtin_kinds() if one.api_version == api_version]
    near = "" if elsewhere else suggestion(kind, in_version, most=0)
    text = f"Kubernetes {minor_text(minor)} has no {kind} in {api_version}{near}"
    return Severity.ERROR, text, f"{kind} is in {', '.join(elsewhere)}" if elsewhere else None


def _duplicates(
    item: Examined, declared: dict[tuple[str, ObjectKey], Whose], places: Places, collected: Collected
) -> None:
    cluster = item.whose.environment.cluster.name
    for document in item.content.documents:
        key = document.ref.key
        first = declared.setdefault((cluster, key), item.whose)
        if first == item.whose:
            continue
        place = places.of_source(source_of(document.text), item.whose.release, item.chart)
        where = f" in namespace {key.namespace}" if key.namespace else ""
        text = f"{key.kind.name} {key.name}{where} is also declared by {first}"
        fix = "let one release declare it, or give it another name: the second one would be refused"
        collected.add("duplicate-object", Severity.ERROR, place, item.whose, text, fix)


async def _unpinned(opened: OpenRendering, item: Examined, places: Places, collected: Collected) -> None:
    written: tuple[Written, ...] | None = None
    for source, obj in item.objects:
        for path, image in images_of(obj):
            why = why_unpinned(image)
            if why is None:
                continue
            if written is None:
                written = await opened.gather.written(item.whose.release)
            place = _place_of_value(path_text(path), image, written)
            if place is None:
                place = places.of_source(source, item.whose.release, item.chart)
                place = places.with_line(place, value_pattern("image", image))
            text = f"the image {opened.secrets.mask(image)} has {why}: it may be another one tomorrow"
            fix = "name a version, or a digest"
            collected.add("unpinned-image", Severity.WARNING, place, item.whose, text, fix)


def _place_of_value(path: str, image: str, written: Sequence[Written]) -> Position | None:
    """The value that is to blame: the tag where there is one, else whatever gave the image."""
    tag = image.rpartition("/")[2].partition(":")[2]
    found = origin_of(FieldChange(path, None, tag), written) if tag else None
    return found or origin_of(FieldChange(path, None, image), written)
