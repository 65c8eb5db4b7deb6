"""Everything that is checked of rendered releases: each object, its images, and who else declares the same object.

The rule not to break: each check adds its findings; none stops the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Position, Severity
from fairway.domain.kubernetes.images import images_of, why_unpinned
from fairway.domain.kubernetes.validating import path_text
from fairway.domain.manifests.objects import Object, ObjectKey
from fairway.domain.manifests.origins import Written, origin_of
from fairway.domain.releases.plan import FieldChange
from fairway.domain.repository.models import Environment
from fairway.services.engine.content import Content, source_of
from fairway.services.linting.collecting import Collected, Whose
from fairway.services.linting.objects import ObjectCheck
from fairway.services.linting.places import Places, value_pattern
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
            check = ObjectCheck(one.opened, item.whose, item.chart, schemas, places, collected)
            for source, obj in item.objects:
                check(source, obj)
            _duplicates(item, declared, places, collected)
            await _unpinned(one.opened, item, places, collected)


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
