"""Triggers of releases that are plain files: what the `HelmRelease` objects in them run now.

The rule not to break: a trigger is about exactly one object; where several fit, none is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairway.domain.charts.versions import is_exact
from fairway.domain.errors import FairwayError, Position, UserError
from fairway.domain.repository.models import (
    CHART_VERSION,
    ChartKind,
    ChartReference,
    ChartTrigger,
    Environment,
    ImageTrigger,
    Release,
)
from fairway.domain.upgrades.choosing import Track
from fairway.domain.upgrades.helm_objects import VALUES, VERSION, HelmObject, helm_objects, helm_repositories
from fairway.domain.upgrades.images import tracked_image
from fairway.domain.upgrades.rules import Rules
from fairway.domain.values.layers import LayerKind
from fairway.domain.values.paths import parse_key
from fairway.domain.values.tracing import Origin
from fairway.domain.yaml import Path as YamlPath
from fairway.services.loading import shown_path
from fairway.services.upgrades.files import read_file
from fairway.services.upgrades.watching import Watch


@dataclass(frozen=True, slots=True)
class Objects:
    """The HelmRelease objects in the files of one release."""

    release: Release
    objects: tuple[HelmObject, ...]
    repositories: dict[str, str]
    """HelmRepository objects beside them: name → URL."""

    @classmethod
    def read(cls, release: Release) -> Objects:
        """Raises UserError, InvalidInput when a file cannot be read."""
        found: list[HelmObject] = []
        repositories: dict[str, str] = {}
        for path in release.resource_files:
            shown = shown_path(path, Path.cwd())
            data = read_file(Path(path), shown)
            if data is None:
                raise UserError("does not exist", where=Position(shown))
            found += helm_objects(data, shown)
            repositories |= helm_repositories(data, shown)
        return cls(release, tuple(found), repositories)

    def origin(self, key: str, where: Position) -> Origin:
        """Where the value of a key, or `chart.version`, stands. Raises UserError unless exactly one object has it."""
        path: YamlPath = VERSION if key == CHART_VERSION else (*VALUES, *parse_key(key, where))
        found = [one for one in self.objects if isinstance(one.at(path), str | int | float)]
        if len(found) != 1:
            names = ", ".join(one.name for one in found) or "none"
            message = f'of the HelmRelease objects of release "{self.release.name}", {names} has {key}'
            fix = "name a value that exactly one of them has, or declare a release for each"
            raise UserError(message, where=where, fix=fix)
        value = found[0].at(path)
        return Origin(LayerKind.RESOURCE, found[0].position(path), path, value, value)

    def of(self, origin: Origin) -> HelmObject:
        return next(one for one in self.objects if one.position(origin.path) == origin.position)


def object_watches(
    environment: Environment, release: Release, *, images: bool, charts: bool
) -> Sequence[Watch | FairwayError]:
    """What the triggers of a release without a chart watch."""
    try:
        objects = Objects.read(release)
    except FairwayError as error:
        return [error]
    asked: list[Callable[[], Watch]] = []
    if charts:
        asked += [lambda one=one: _chart(environment, objects, one) for one in release.chart_triggers]  # type: ignore[misc]
    if images:
        asked += [lambda one=one: _image(environment, objects, one) for one in release.image_triggers]  # type: ignore[misc]
    return list(_answers(asked))


def _answers(asked: Iterable[Callable[[], Watch]]) -> Iterable[Watch | FairwayError]:
    for ask in asked:
        try:
            yield ask()
        except FairwayError as error:
            yield error


def _image(environment: Environment, objects: Objects, trigger: ImageTrigger) -> Watch:
    origin = objects.origin(trigger.tag_value, trigger.position)
    image = tracked_image(objects.of(origin).values, trigger)
    if not image.current_tag:
        message = f"{image.reference.familiar} is pinned by its digest alone, which says no version"
        raise UserError(message, where=origin.position, fix=f"write TAG@DIGEST in {trigger.tag_value}")
    return Watch(
        environment.name,
        objects.release,
        image.reference,
        trigger.tag_value,
        image.current_tag,
        Track(trigger.track),
        origin.position,
        (origin,),
        Rules(trigger.filter, trigger.extract, trigger.range, trigger.pre_releases),
        trigger.pin,
        trigger.platform,
    )


def _chart(environment: Environment, objects: Objects, trigger: ChartTrigger) -> Watch:
    origin = objects.origin(CHART_VERSION, trigger.position)
    repository, chart, version = objects.of(origin).chart
    if not repository or not chart or not is_exact(version):
        message = "this HelmRelease does not name a HelmRepository, a chart and its exact version"
        raise UserError(message, where=origin.position, fix="write spec.chart.spec: {chart, version, sourceRef}")
    # Without a HelmRepository beside it, the name is one of `helmRepos`; an unknown one is told with this place.
    url = objects.repositories.get(repository, repository)
    kind = ChartKind.OCI if url.startswith("oci://") else ChartKind.REPOSITORY
    subject = ChartReference(kind, f"{url.rstrip('/')}/{chart}", version, origin.position)
    rules = Rules(trigger.filter, range=trigger.range, pre_releases=trigger.pre_releases)
    track = Track(trigger.track)
    return Watch(
        environment.name,
        objects.release,
        subject,
        CHART_VERSION,
        version,
        track,
        origin.position,
        (origin,),
        rules,
    )
