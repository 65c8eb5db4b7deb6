"""The agent as a release: an environment of its own in the cluster, and the values of its chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ChartKind, ChartReference, Cluster, Environment, Release

RELEASE = "fairway-agent"
NAMESPACE = "fairway-system"
_HERE = Position("fairway bootstrap")


@dataclass(frozen=True, slots=True)
class Image:
    repository: str
    tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Rights:
    """`namespaces` empty: everything in the cluster; else everything in these and nothing outside."""

    namespaces: tuple[str, ...] = ()


def parse_image(text: str) -> Image:
    """`host:5000/name:tag@sha256:…`. Raises UserError for what names nothing, or nothing certain."""
    name, _, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    if not head or any(c.isspace() for c in text):
        raise UserError(f'"{text}" is no image', fix="write e.g. --image registry.example/fairway:0.1.0")
    if not tag and not digest:
        raise UserError(f'"{text}" has neither tag nor digest', fix=f"write e.g. --image {head}:0.1.0")
    return Image(head, tag, digest)


def agent_environment(cluster: Cluster, namespace: str, chart: str, values_file: str) -> Environment:
    """Where the agent's own release lives: `chart` and `values_file` are absolute paths."""
    reference = ChartReference(ChartKind.DIRECTORY, chart, None, _HERE)
    release = Release(RELEASE, _HERE, chart=reference, values_file=values_file)
    return Environment(namespace, cluster, namespace, _HERE, (release,))


def chart_values(
    image: Image,
    cluster: str,
    environments: Sequence[str],
    environments_file: str,
    configuration: str,
    rights: Rights,
    *,
    files: Mapping[str, str],
    secrets: Mapping[str, str],
) -> dict[str, Any]:
    """The values of deploy/chart. Secrets stand below a key whose values are masked wherever values are shown."""
    return {
        "image": {"repository": image.repository, "tag": image.tag, "digest": image.digest},
        "agent": {
            "cluster": cluster,
            "environments": list(environments),
            "environmentsFile": environments_file,
        },
        "configuration": configuration,
        "files": dict(files),
        "secrets": dict(secrets),
        "rbac": {
            "scope": "namespaces" if rights.namespaces else "cluster",
            "namespaces": list(rights.namespaces),
        },
    }
