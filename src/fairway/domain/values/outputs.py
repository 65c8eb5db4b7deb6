"""Values taken from another release's object, and the order between releases that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.repository.models import ChartValue, Environment, Release
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


def implied_needs(release: Release, environment: Environment) -> frozenset[str]:
    """Names of the releases whose outputs `release` takes: they must be healthy before it."""
    return frozenset(_named(_values(release, environment), release.name))


def asks_cluster(release: Release, environment: Environment) -> bool:
    """Whether the values of a release cannot be known without the target cluster."""
    sources = [item.value_from for item in _values(release, environment) if item.value_from is not None]
    return any(source.kind in IN_CLUSTER for source in sources)


def _values(release: Release, environment: Environment) -> tuple[ChartValue, ...]:
    return release.values if release.skip_default_values else (*environment.default_values, *release.values)


def _named(values: tuple[ChartValue, ...], release: str) -> Iterator[str]:
    for item in values:
        if item.value_from is not None and item.value_from.kind == KIND:
            other = str(fill(item.value_from.settings.get("release", ""), {RELEASE: release}))
            if other == release:
                raise UserError(
                    f'release "{release}" takes an output of itself',
                    where=item.value_from.position,
                    fix=f"set skipDefaultValues: true on {release}, or take the output of another release",
                )
            yield other


def output_ref(settings: Mapping[str, Any], namespace: str, where: Position) -> ObjectRef:
    """The object that an `output` names; apiVersion may be left out for well-known kinds."""
    kind = str(settings["kind"])
    version = settings.get("apiVersion") or _VERSION_OF.get(kind)
    if not version:
        raise UserError(
            f"which API version {kind} is of cannot be guessed", where=where, fix="add apiVersion: GROUP/VERSION"
        )
    return ObjectRef(str(version), kind, str(settings.get("namespace") or namespace), str(settings["name"]))
