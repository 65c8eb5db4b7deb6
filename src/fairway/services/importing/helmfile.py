"""A helmfile as a deployments repository: one environment for each namespace and context that its releases go to.

The rule not to break: every note names what it is about, and stands as a comment where its thing would.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairway.domain import yaml
from fairway.domain.errors import UserError
from fairway.domain.values.merging import merge
from fairway.services.importing.helmfile_releases import Surroundings, convert
from fairway.services.importing.helmfile_state import State
from fairway.services.importing.imported import Imported, release_file

_CONVERTED = frozenset({"repositories", "helmDefaults", "environments", "releases", "templates", "commonLabels"})
_OF_BUILD = frozenset({"filepath", "basePath", "helmBinary", "kustomizeBinary", "renderedvalues"})
_DEFAULTS = frozenset({"wait", "timeout", "kubeContext", "historyMax"})
_CREDENTIALS = ("username", "password")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where releases go: one environment of ours."""

    context: str
    namespace: str


@dataclass(frozen=True, slots=True)
class _Placed:
    release: Mapping[str, Any]
    state: State


def import_helmfile(states: Sequence[State], environment: str, context: str, root: Path) -> Imported:
    """The files of a repository below `root`. `context` is taken where the helmfile names none.

    Raises UserError when there is nothing to convert.
    """
    notes: list[str] = []
    placed: dict[_Target, list[_Placed]] = {}
    for state in states:
        notes += _top_notes(state)
        for release in _releases(state):
            if release.get("installed") is False:
                notes.append(f"release {release.get('name')}: it is not installed (installed: false): left out")
                continue
            target = _target(release, state, environment, context)
            placed.setdefault(target, []).append(_Placed(release, state))
    if not placed:
        raise UserError("the helmfile has no releases", fix="name a helmfile with releases:, or its --environment")
    names = _names(list(placed), environment)
    files: dict[str, bytes] = {}
    for target, releases in placed.items():
        made, more = _release_file(names[target], releases, notes if target is next(iter(placed)) else [], root)
        files |= made
        notes += more
    if any(not target.namespace for target in placed):
        notes.append("some releases name no namespace: their environment has the namespace default")
    repositories, repository_notes = _repositories(states, root)
    notes += repository_notes
    main = _environments(names, repositories)
    return Imported({"environments.yaml": main.encode(), **files}, tuple(notes))


def _releases(state: State) -> Iterator[Mapping[str, Any]]:
    templates = state.content.get("templates")
    for release in state.content.get("releases") or ():
        if not isinstance(release, Mapping):
            continue
        whole: Mapping[str, Any] = release
        for inherited in release.get("inherit") or () if not state.built else ():
            name = inherited.get("template") if isinstance(inherited, Mapping) else None
            base = templates.get(name) if isinstance(templates, Mapping) else None
            if isinstance(base, Mapping):
                whole = merge(base, whole)
        yield whole


def _target(release: Mapping[str, Any], state: State, environment: str, context: str) -> _Target:
    defaults = state.content.get("helmDefaults") or {}
    own = (state.content.get("environments") or {}).get(environment) or {}
    wanted = release.get("kubeContext") or own.get("kubeContext") or defaults.get("kubeContext") or context
    return _Target(str(wanted), str(release.get("namespace") or ""))


def _names(targets: Sequence[_Target], environment: str) -> dict[_Target, str]:
    """Environment names: the helmfile's own where one is enough, else with the namespace, else with the context."""
    if len(targets) == 1:
        return {targets[0]: _label(environment)}
    names: dict[_Target, str] = {}
    for target in targets:
        name = _label(f"{environment}-{target.namespace or 'default'}")
        if name in names.values():
            name = _label(f"{name}-{target.context}")
        names[target] = name
    return names


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:63] or "default"


def _release_file(
    environment: str, releases: Sequence[_Placed], top: Sequence[str], root: Path
) -> tuple[dict[str, bytes], list[str]]:
    """The release file of an environment with the values files it names, and the notes of its releases."""
    path = f"releases/{environment}.yaml"
    here = frozenset(str(one.release.get("name")) for one in releases)
    entries: list[tuple[dict[str, Any], list[str]]] = []
    heading = ["Converted from a helmfile.", *top]
    notes: list[str] = []
    files: dict[str, bytes] = {}
    for one in releases:
        converted = convert(one.release, _around(one.state, here, root, environment))
        name = str(one.release.get("name"))
        notes += [f"release {name}: {note}" for note in converted.notes]
        if converted.entry is None:
            heading += [f"release {name}: {note}" for note in converted.notes]
        else:
            entries.append((converted.entry, converted.notes))
        files |= converted.files
    return {path: release_file(entries, heading).encode(), **files}, notes


def _around(state: State, here: frozenset[str], root: Path, environment: str) -> Surroundings:
    repositories = {str(one.get("name")): one for one in state.content.get("repositories") or ()}
    common = state.content.get("commonLabels")
    return Surroundings(
        folder=state.folder,
        target=root / "releases",
        defaults=state.content.get("helmDefaults") or {},
        repositories=repositories,
        here=here,
        labels=common if isinstance(common, Mapping) else {},
        values_folder=f"values/{environment}",
    )


def _top_notes(state: State) -> Iterator[str]:
    for key in sorted(set(state.content) - _CONVERTED - _OF_BUILD):
        more = ": convert each on its own" if key in ("helmfiles", "bases") else ""
        yield f"{key} is not converted{more}"
    defaults = state.content.get("helmDefaults") or {}
    odd = sorted(
        key for key, value in defaults.items() if key not in _DEFAULTS and value not in (False, None, 0, "", [])
    )
    if odd:
        yield f"of helmDefaults is not converted: {', '.join(odd)}"
    if "wait" not in defaults:
        yield "helmfile waits only when told to; Fairway waits unless an entry has wait: false"
    with_values = sorted(
        str(name) for name, one in (state.content.get("environments") or {}).items() if one and one.get("values")
    )
    if with_values and not state.built:
        yield f"values of environments ({', '.join(with_values)}) serve templates, and there are none: left out"


def _repositories(states: Sequence[State], root: Path) -> tuple[list[dict[str, Any]], list[str]]:
    found: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    for state in states:
        for one in state.content.get("repositories") or ():
            name = str(one.get("name"))
            if one.get("oci") or name in found:
                continue
            entry: dict[str, Any] = {"name": name, "url": one.get("url")}
            for key in ("caFile", "certFile", "keyFile"):
                if one.get(key):
                    entry[key] = os.path.relpath(state.folder / str(one[key]), root)
            if one.get("passCredentials"):
                entry["passCredentials"] = True
            for key in _CREDENTIALS:
                if one.get(key):
                    variable = re.sub(r"\W", "_", f"{name}_{key}").upper()
                    entry[key] = {"env": variable}
                    notes.append(f"repository {name}: {key} is in the helmfile; put it into the variable {variable}")
            found[name] = entry
    return list(found.values()), notes


def _environments(names: Mapping[_Target, str], repositories: Sequence[Mapping[str, Any]]) -> str:
    contexts = list(dict.fromkeys(target.context for target in names))
    content: dict[str, Any] = {"helmRepos": list(repositories)} if repositories else {}
    content["clusters"] = [
        {"name": _label(one), "provider": {"existingContext": {"contextName": one}} if one else {"devcluster": {}}}
        for one in contexts
    ]
    content["environments"] = [
        {
            "name": name,
            "clusterName": _label(target.context),
            "kubeNamespace": target.namespace or "default",
            "releasesFiles": [f"releases/{name}.yaml"],
        }
        for target, name in names.items()
    ]
    return f"# Converted from a helmfile.\n{yaml.dump(content)}"
