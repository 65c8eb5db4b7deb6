"""What a chart says about itself in Chart.yaml, and the checks that come before rendering.

The rule not to break: a chart that Helm installs passes these checks, and what Helm refuses is refused here with the
place in Chart.yaml. Sources: Helm `pkg/chart/v2/metadata.go`, `pkg/action/install.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fairway.domain import yaml
from fairway.domain.charts.constraints import BadConstraint, allows
from fairway.domain.charts.versions import parse_version
from fairway.domain.errors import Diagnostic, InvalidInput, Position, Severity, UserError

API_VERSIONS = ("v1", "v2")
RULE = "chart-metadata"


@dataclass(frozen=True, slots=True)
class ChartMetadata:
    """Chart.yaml, with the fields that decide something."""

    name: str
    version: str
    api_version: str
    type: str = "application"
    kube_version: str = ""
    """A version constraint on the cluster; empty means any."""
    app_version: str = ""
    description: str = ""
    deprecated: bool = False


@lru_cache(maxsize=512)
def parse_metadata(data: bytes, file: str) -> ChartMetadata:
    """Read a Chart.yaml. Raises InvalidInput with every mistake in it; `file` is its name for people."""
    fields, positions = yaml.load_with_positions(_text(data, file), file)
    if not isinstance(fields, dict):
        raise InvalidInput([Diagnostic("a Chart.yaml is a map with apiVersion, name and version", Position(file, 1))])
    problems: list[Diagnostic] = []

    def problem(key: str, message: str, fix: str) -> None:
        problems.append(Diagnostic(message, positions[(key,)], fix, rule=RULE))

    def text(key: str) -> str:
        value = fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            scalar = positions.scalar((key,))
            written = scalar.text if scalar else str(value)
            problem(key, f"{key} must be a string, this is {written}", f'put it in quotes: {key}: "{written}"')
            return ""
        return value

    api_version = text("apiVersion") or "v1"
    if api_version not in API_VERSIONS:
        problem("apiVersion", f'apiVersion "{api_version}" is not known', "write v2 (Helm 3 and later) or v1")
    name, version = text("name"), text("version")
    if not name and fields.get("name") in (None, ""):
        problem("name", "the chart has no name", "add e.g. name: web")
    if "/" in name or name in (".", ".."):
        problem("name", f'the chart name "{name}" is not a plain name', "write it without slashes")
    if version and parse_version(version) is None:
        problem("version", f'version "{version}" is not a semantic version', "write e.g. version: 1.2.3")
    elif not version and fields.get("version") in (None, ""):
        problem("version", "the chart has no version", "add e.g. version: 0.1.0")
    kind = text("type")
    if kind not in ("", "application", "library"):
        problem("type", f'chart type "{kind}" is not known', "write application or library")
    found = ChartMetadata(
        name=name,
        version=version,
        api_version=api_version,
        type=kind or "application",
        kube_version=text("kubeVersion"),
        app_version=text("appVersion"),
        description=text("description"),
        deprecated=fields.get("deprecated") is True,
    )
    if problems:
        raise InvalidInput(problems)
    return found


def check_installable(chart: ChartMetadata, where: Position | None) -> list[Diagnostic]:
    """Refuse library charts; a deprecated chart gives a warning. Raises UserError."""
    if chart.type == "library":
        raise UserError(
            f'"{chart.name}" is a library chart; library charts are not installable',
            where=where,
            fix="make it a dependency of an application chart, and deploy that one",
        )
    if not chart.deprecated:
        return []
    message = f'the chart "{chart.name}" {chart.version} is deprecated by its authors'
    fix = "see the chart's README for what replaces it"
    return [Diagnostic(message, where, fix, Severity.WARNING, "chart-deprecated")]


def check_kube_version(chart: str, constraint: str, kube_version: str, where: Position | None) -> None:
    """Refuse a chart that does not support the cluster's version (e.g. `v1.36.3`), as Helm does. Raises UserError."""
    if not constraint:
        return
    try:
        fits = allows(constraint, kube_version)
    except BadConstraint as error:
        raise UserError(
            f'kubeVersion of chart "{chart}": {error}', where=where, fix="see docs/spec/charts.md"
        ) from None
    if fits:
        return
    fix = f"use a version of the chart for Kubernetes {kube_version}"
    if "-" in kube_version and "-0" not in constraint:
        fix = f'the chart\'s authors must write "{constraint}-0": versions of managed clusters count as pre-releases'
    raise UserError(
        f'chart "{chart}" requires Kubernetes {constraint}, the cluster has {kube_version}', where=where, fix=fix
    )


def index_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an index entry worth showing to people."""
    known = ("version", "appVersion", "description", "created", "deprecated", "kubeVersion")
    return {key: entry[key] for key in known if entry.get(key) not in (None, "")}


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput([Diagnostic("the file is not UTF-8 text", Position(file), rule=RULE)]) from None
