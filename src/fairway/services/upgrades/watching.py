"""From a release's triggers to what is watched: which image or chart, which version now, and where that stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.charts.versions import is_exact
from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import (
    CHART_VERSION,
    ChartKind,
    ChartReference,
    ChartTrigger,
    Environment,
    ImageTrigger,
    Release,
)
from fairway.domain.upgrades.choosing import Rules, Track
from fairway.domain.upgrades.images import ImageReference, tracked_image
from fairway.domain.values.explaining import Explanation
from fairway.domain.values.merging import Values
from fairway.domain.values.paths import Path, parse_key
from fairway.domain.values.tracing import Origin

_WITH_VERSIONS = (ChartKind.REPOSITORY, ChartKind.OCI, ChartKind.S3)


@dataclass(frozen=True, slots=True)
class Watch:
    """One trigger of one release in one environment."""

    environment: str
    release: Release
    subject: ImageReference | ChartReference
    key: str
    """The value that holds the tag, or `chart.version`."""
    current: str
    track: Track
    where: Position
    """Where the current version stands, or the trigger, when the chart gives the version."""
    origins: tuple[Origin, ...] = ()
    """The layers that speak about the value, strongest first."""
    rules: Rules = field(default_factory=Rules)
    follows_digest: bool = False
    """The trigger pins: the tag is written with its digest, and followed to another one."""
    platform: str = ""

    @property
    def pins(self) -> bool:
        """Whether a digest is written beside the tag: because the trigger says so, or because there is one now."""
        return self.follows_digest or bool(isinstance(self.subject, ImageReference) and self.subject.digest)

    @property
    def kind(self) -> str:
        return "image" if isinstance(self.subject, ImageReference) else "chart"

    @property
    def name(self) -> str:
        """As people write it."""
        return self.subject.familiar if isinstance(self.subject, ImageReference) else self.subject.location


def image_watch(
    environment: Environment, release: Release, trigger: ImageTrigger, explanation: Explanation, chart: ChartSource
) -> Watch:
    """Raises UserError when the release's values name no image."""
    key = parse_key(trigger.tag_value, trigger.position)
    node = explanation.root.at(key)
    values = explanation.values
    if node is not None and node.value == "" and chart.app_version:
        values = _with(values, key, chart.app_version)  # charts mean their appVersion by an empty tag
    image = tracked_image(values, trigger)
    if not image.current_tag:
        message = f"{image.reference.familiar} is pinned by its digest alone, which says no version"
        raise UserError(message, where=trigger.position, fix=f"write TAG@DIGEST in {trigger.tag_value}")
    origins = explanation.provenance.get(key, ())
    where = origins[0].position if origins else trigger.position
    return Watch(
        environment.name,
        release,
        image.reference,
        trigger.tag_value,
        image.current_tag,
        Track(trigger.track),
        where,
        origins,
        Rules(trigger.filter, trigger.extract, trigger.range, trigger.pre_releases),
        trigger.pin,
        trigger.platform,
    )


def chart_watch(environment: Environment, release: Release, trigger: ChartTrigger, chart: ChartReference) -> Watch:
    """Raises UserError when the chart is not chosen by an exact version."""
    if chart.kind not in _WITH_VERSIONS or not chart.version or not is_exact(chart.version):
        message = f'release "{release.name}" has a chart trigger, but its chart is not chosen by an exact version'
        fix = "a chart trigger needs chart: {reference: …, version: X.Y.Z}"
        raise UserError(message, where=chart.position, fix=fix)
    rules = Rules(trigger.filter, range=trigger.range, pre_releases=trigger.pre_releases)
    track = Track(trigger.track)
    return Watch(environment.name, release, chart, CHART_VERSION, chart.version, track, chart.position, rules=rules)


def _with(values: Values, path: Path, new: str) -> Values:
    """A copy with another value at `path`, which exists."""
    copied = dict(values)
    inside: Any = copied
    for part in path[:-1]:
        below = inside[part]
        inside[part] = below = list(below) if isinstance(below, list) else dict(below)
        inside = below
    inside[path[-1]] = new
    return copied
