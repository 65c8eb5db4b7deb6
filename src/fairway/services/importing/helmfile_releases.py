"""One release of a helmfile as an entry of a release file, with notes about what has no counterpart.

The rule not to break: every key of the release is either converted, known to mean nothing here, or in a note.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairway.domain import yaml
from fairway.services.importing.helmfile_values import layers_of

_CONVERTED = frozenset(
    {"name", "namespace", "chart", "version", "values", "set", "setString", "needs", "wait", "timeout", "labels"}
    | {"installed", "kubeContext", "inherit", "historyMax", "jsonPatches", "strategicMergePatches"}
)
_MEANS_NOTHING_HERE = frozenset(
    {"createNamespace", "atomic", "cleanupOnFail", "waitForJobs", "waitRetries", "skipDeps", "chartPath", "force"}
    | {"disableOpenAPIValidation", "disableValidation", "disableValidationOnInstall", "verify", "reuseValues"}
    | {"recreatePods", "missingFileHandler", "forceNamespace", "tillerless", "skipRefresh", "rollbackOnFailure"}
)
"""Namespaces are made, failed upgrades rolled back, Jobs waited for and dependencies fetched anyway."""

_OF_BUILD = ("name", "namespace", "chart")
"""Labels that the helmfile program adds for its selectors."""

_DEFAULT_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a release's conversion looks at beside itself. `here`: names of the releases that end up with it."""

    folder: Path
    """Where paths of the helmfile start."""
    target: Path
    """The folder of the release file."""
    defaults: Mapping[str, Any]
    repositories: Mapping[str, Mapping[str, Any]]
    here: frozenset[str]
    labels: Mapping[str, str]
    values_folder: str
    """Where new values files go, relative to the import's root."""


@dataclass(frozen=True, slots=True)
class Converted:
    """`entry` None: the release is left out, and the notes say why. `files` by path relative to the import's root."""

    entry: dict[str, Any] | None
    notes: list[str]
    files: dict[str, bytes]


def convert(release: Mapping[str, Any], around: Surroundings) -> Converted:
    name = str(release.get("name", ""))
    notes: list[str] = []
    chart = _chart(release, around, notes)
    if chart is None:
        return Converted(None, [f"its chart {release.get('chart')} is of a form that is not known here: left out"], {})
    entry: dict[str, Any] = {"name": name, "chart": chart}
    files: dict[str, bytes] = {}
    layers = layers_of(release, around.folder)
    if layers.file is not None:
        entry["valuesFile"] = os.path.relpath(layers.file, around.target)
    elif layers.merged is not None:
        path = f"{around.values_folder}/{name}.yaml"
        files[path] = yaml.dump(layers.merged).encode()
        entry["valuesFile"] = os.path.relpath(path, around.target.name)
    if layers.values:
        entry["values"] = [_shown_from(one, around.target) for one in layers.values]
    if needs := list(_needs(release, around, notes)):
        entry["needs"] = needs
    if release.get("wait", around.defaults.get("wait")) is False:
        entry["wait"] = False
    timeout = release.get("timeout") or around.defaults.get("timeout") or _DEFAULT_TIMEOUT
    if timeout != _DEFAULT_TIMEOUT:
        entry["timeout"] = f"{timeout}s"
    history = release.get("historyMax", around.defaults.get("historyMax"))
    if isinstance(history, int) and history != 10:
        entry["policy"] = {"history": min(history or 1000, 1000)}
    if patches := list(_patches(release, around, notes)):
        entry["patches"] = patches
    if labels := _labels(release, around):
        entry["labels"] = labels
    for key in sorted(set(release) - _CONVERTED - _MEANS_NOTHING_HERE):
        if release[key] not in (None, "", [], {}, False):
            notes.append(f"{key} is not converted{_why(key)}")
    return Converted(entry, [*notes, *layers.notes], files)


def _chart(release: Mapping[str, Any], around: Surroundings, notes: list[str]) -> dict[str, str] | None:
    chart = str(release.get("chart", ""))
    folder = around.folder / chart
    if chart.startswith((".", "/")) or (folder / "Chart.yaml").is_file():
        return {"dir": chart if chart.startswith("/") else os.path.relpath(folder, around.target)}
    if chart.startswith(("http://", "https://")):
        return {"reference": chart} if chart.endswith((".tgz", ".tar.gz")) else None
    repository, slash, rest = chart.partition("/")
    if chart.startswith("oci://"):
        reference = chart
    elif slash and "/" not in rest and "::" not in chart:
        known = around.repositories.get(repository)
        if known is None:
            notes.append(f"the chart repository {repository} is not in the helmfile: add it to helmRepos")
        oci = known is not None and known.get("oci")
        reference = f"oci://{str((known or {}).get('url', '')).removeprefix('oci://')}/{rest}" if oci else chart
    else:
        return None
    version = release.get("version")
    if not version:
        notes.append("the helmfile names no version of the chart, which means the newest one: write down which")
    return {"reference": reference, "version": str(version or ">=0.0.0")}


def _needs(release: Mapping[str, Any], around: Surroundings, notes: list[str]) -> Iterator[str]:
    """`[[CONTEXT/]NAMESPACE/]NAME`; ours name releases of the same environment."""
    for need in release.get("needs") or ():
        name = str(need).rpartition("/")[2]
        namespace = str(need).split("/")[-2] if "/" in str(need) else ""
        if name in around.here and namespace in ("", str(release.get("namespace") or "")):
            yield name
        else:
            notes.append(f"it needs {need}, which is not a release of the same environment: apply that one first")


def _patches(release: Mapping[str, Any], around: Surroundings, notes: list[str]) -> Iterator[dict[str, Any]]:
    for patch in release.get("jsonPatches") or ():
        if isinstance(patch, Mapping) and isinstance(patch.get("target"), Mapping):
            target = {key: patch["target"][key] for key in ("kind", "name", "namespace") if patch["target"].get(key)}
            yield {"target": target, "json6902": patch.get("patch")}
        else:
            notes.append(f"a jsonPatches entry is in a file and is not converted: {patch}")
    for patch in release.get("strategicMergePatches") or ():
        if isinstance(patch, Mapping):
            yield {"strategicMerge": dict(patch)}
        else:
            notes.append(f"a strategicMergePatches entry is in a file and is not converted: {patch}")


def _labels(release: Mapping[str, Any], around: Surroundings) -> dict[str, str]:
    own = release.get("labels")
    labels = {**around.labels, **(own if isinstance(own, Mapping) else {})}
    return {str(key): str(value) for key, value in labels.items() if key not in _OF_BUILD}


def _shown_from(value: dict[str, Any], target: Path) -> dict[str, Any]:
    """A file of `valueFrom` relative to the release file that names it."""
    source = value.get("valueFrom")
    if source is None:
        return value
    return {"key": value["key"], "valueFrom": {"file": {"path": os.path.relpath(source["file"]["path"], target)}}}


def _why(key: str) -> str:
    reasons = {
        "hooks": ": helmfile runs them on its own machine; use hooks of the chart",
        "condition": ": the release is taken as switched on",
        "secrets": ": name the encrypted file as valuesFile, it is decrypted with sops",
        "postRenderer": ": use patches",
        "transformers": ": use patches",
    }
    return reasons.get(key, "")
