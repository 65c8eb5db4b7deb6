"""Values taken from another release's object, and the order between releases that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.repository.models import ChartValue, Need, Release, ValueSource
from fairway.domain.repository.placeholders import fill
from fairway.domain.values.interpolation import RELEASE

KIND = "output"
IN_CLUSTER = ("secret", "configMap", KIND)

_VERSIONS = {
    "v1": ("Service", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Namespace"),
    "apps/v1": ("Deployment", "StatefulSet", "DaemonSet"),
    "batch/v1": ("Job", "CronJob"),
    "networking.k8s.io/v1": ("Ingress",),
    "gateway.networking.k8s.io/v1": ("Gateway", "HTTPRoute"),
}
_VERSION_OF = {kind: version for version, kinds in _VERSIONS.items() for kind in kinds}


class OutputPending(UserError):
    """The other release has not produced the value yet; it is known once that release is applied."""

    def __init__(self, message: str, *, release: str, where: Position | None = None, fix: str | None = None) -> None:
        super().__init__(message, where=where, fix=fix)
        self.release = release


def implied_needs(release: Release, default_values: Sequence[ChartValue]) -> tuple[Need, ...]:
    """What a release needs because its values take outputs: each release once, at its first `output`.

    Itself too, when it takes its own: that is for the check of circles to report.
    """
    found: dict[str, Need] = {}
    for source in _sources(release, default_values):
        if source.kind == KIND:
            name = str(fill(source.settings.get("release", ""), {RELEASE: release.name}))
            found.setdefault(name, Need(name, source.position))
    return tuple(found.values())


def asks_cluster(release: Release, default_values: Sequence[ChartValue]) -> bool:
    """Whether the values of a release cannot be known without the target cluster."""
    return any(source.kind in IN_CLUSTER for source in _sources(release, default_values))


def _sources(release: Release, default_values: Sequence[ChartValue]) -> list[ValueSource]:
    """The sources of a release's values; resource files take no values."""
    if release.chart is None:
        return []
    values = release.values if release.skip_default_values else (*default_values, *release.values)
    return [item.value_from for item in values if item.value_from is not None]


def output_ref(settings: Mapping[str, Any], namespace: str, where: Position) -> ObjectRef:
    """The object that an `output` names; apiVersion may be left out for well-known kinds."""
    kind = str(settings["kind"])
    version = settings.get("apiVersion") or _VERSION_OF.get(kind)
    if not version:
        raise UserError(
            f"which API version {kind} is of cannot be guessed", where=where, fix="add apiVersion: GROUP/VERSION"
        )
    return ObjectRef(str(version), kind, str(settings.get("namespace") or namespace), str(settings["name"]))
