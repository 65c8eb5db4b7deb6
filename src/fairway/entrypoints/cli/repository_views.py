"""What `list` and `dump` show of a repository.

The rule not to break: a source of a secret is shown by its name, a secret's value is never here to be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fairway.domain.repository.models import ChartValue, Cluster, Environment, Release, Repository, ValueSource
from fairway.domain.values.secrets import mask
from fairway.entrypoints.cli.output import plain


@dataclass(frozen=True, slots=True)
class View:
    """A list: data for JSON and YAML, a name for each line, and the table of -l."""

    data: list[dict[str, Any]]
    names: list[str]
    headers: list[str]
    rows: list[list[object]]


def environments(chosen: Sequence[Environment]) -> View:
    data: list[dict[str, Any]] = [
        {
            "name": one.name,
            "cluster": one.cluster.name,
            "namespace": one.namespace,
            "releases": len(one.releases),
            "protected": one.protected,
            "labels": one.labels,
            "team": one.owner.team,
        }
        for one in chosen
    ]
    rows: list[list[object]] = [
        [one["name"], one["cluster"], one["namespace"], one["releases"], "yes" if one["protected"] else "", one["team"]]
        for one in data
    ]
    headers = ["NAME", "CLUSTER", "NAMESPACE", "RELEASES", "PROTECTED", "TEAM"]
    return View(data, [one.name for one in chosen], headers, rows)


def releases(repository: Repository, chosen: Sequence[Environment]) -> View:
    """Names carry their environment (`prod/web`) when there are several."""
    data: list[dict[str, Any]] = []
    rows: list[list[object]] = []
    for environment in chosen:
        for release in environment.releases:
            needs = [need.release for need in release.needs]
            chart = relative(release.chart.location, repository) if release.chart else None
            version = release.chart.version if release.chart else None
            files = [relative(path, repository) for path in release.resource_files]
            data.append(
                {
                    "environment": environment.name,
                    "name": release.name,
                    "chart": chart,
                    "version": version,
                    "resourceFiles": files,
                    "needs": needs,
                    "labels": release.labels,
                    "team": release.owner.team,
                    "declared": release.position,
                }
            )
            workload = " ".join(part for part in (chart, version) if part) or ", ".join(files)
            team = release.owner.team
            rows.append([environment.name, release.name, workload, ",".join(needs), team, release.position])
    names = [f"{one['environment']}/{one['name']}" if len(chosen) > 1 else one["name"] for one in data]
    return View(data, names, ["ENVIRONMENT", "NAME", "CHART OR FILES", "NEEDS", "TEAM", "DECLARED"], rows)


def clusters(repository: Repository, chosen: Sequence[Cluster]) -> View:
    data: list[dict[str, Any]] = []
    rows: list[list[object]] = []
    for cluster in chosen:
        names = [one.name for one in repository.environments if one.cluster.name == cluster.name]
        provider = {"kind": cluster.provider.kind, **cluster.provider.settings}
        data.append({"name": cluster.name, "provider": provider, "environments": names})
        details = " ".join(f"{key}={value}" for key, value in cluster.provider.settings.items())
        rows.append([cluster.name, cluster.provider.kind, details, ",".join(names)])
    return View(data, [one.name for one in chosen], ["NAME", "PROVIDER", "SETTINGS", "ENVIRONMENTS"], rows)


def relative(path: str, repository: Repository) -> str:
    """A path as seen from the folder of environments.yaml, when it is below it."""
    return path.removeprefix(f"{repository.root.rstrip('/')}/")


def dumped(repository: Repository, chosen: Sequence[Environment]) -> dict[str, Any]:
    """The resolved repository in the current dialect's words, without what was not said."""
    used = {one.cluster.name for one in chosen}
    whole = {
        "kubeConfig": repository.kube_config,
        "helmRepos": [
            _said(
                {
                    "name": repo.name,
                    "url": repo.url,
                    "caFile": repo.ca_file,
                    "certFile": repo.cert_file,
                    "keyFile": repo.key_file,
                    "username": _source(repo.username),
                    "password": _source(repo.password),
                    "token": _source(repo.token),
                }
            )
            for repo in repository.helm_repos
        ],
        "clusters": [
            _said(
                {
                    "name": one.name,
                    "provider": {one.provider.kind: dict(one.provider.settings)},
                    "parameters": plain(one.parameters),
                }
            )
            for one in repository.clusters
            if one.name in used
        ],
        "environments": [_environment(one, repository) for one in chosen],
    }
    return _said(whole)


def _environment(environment: Environment, repository: Repository) -> dict[str, Any]:
    return _said(
        {
            "name": environment.name,
            "clusterName": environment.cluster.name,
            "kubeNamespace": environment.namespace,
            "protected": environment.protected,
            "labels": environment.labels,
            "owner": _said(plain(environment.owner)),
            "policy": plain(environment.policy),
            "defaultValuesFile": relative(environment.default_values_file or "", repository),
            "defaultValues": [_value(value) for value in environment.default_values],
            "releases": [_release(release, repository) for release in environment.releases],
        }
    )


def _release(release: Release, repository: Repository) -> dict[str, Any]:
    whole = plain(release)
    for key in ("values", "needs", "imageTriggers", "chartTriggers", "gates", "patches", "owner"):
        whole.pop(key)
    whole["chart"] = _said(_placed(plain(release.chart))) if release.chart else None
    if release.chart:
        whole["chart"]["location"] = relative(release.chart.location, repository)
    whole["resourceFiles"] = [relative(path, repository) for path in release.resource_files]
    whole["valuesFile"] = relative(release.values_file or "", repository)
    whole["fromFile"] = relative(release.from_file, repository)
    whole["values"] = [_value(value) for value in release.values]
    whole["locked"] = {one.key: one.value for one in release.locked}
    whole["needs"] = [_said({"release": need.release, "minVersion": need.min_version}) for need in release.needs]
    whole["triggers"] = [
        *({"image": _placed(plain(trigger))} for trigger in release.image_triggers),
        *({"chart": _placed(plain(trigger))} for trigger in release.chart_triggers),
    ]
    whole["gates"] = [_said(_placed(plain(gate))) for gate in release.gates]
    whole["patches"] = [_said(_placed(plain(patch))) for patch in release.patches]
    whole["owner"] = _said(plain(release.owner))
    return _said(whole)


def _value(value: ChartValue) -> dict[str, Any]:
    if value.value_from is not None:
        return {"key": value.key, "valueFrom": _source(value.value_from)}
    return {"key": value.key, "value": _masked(value)}


def _masked(value: ChartValue) -> Any:
    """What stands in the file, unless its key or its looks say that it is a secret."""
    names = value.key.split(".")
    shown = plain(value.value)
    for name in reversed(names):
        shown = {name: shown}
    shown = mask(shown)
    for name in names:
        shown = shown[name]
    return shown


def _source(source: ValueSource | None) -> dict[str, Any] | None:
    return {source.kind: dict(source.settings)} if source else None


def _placed(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "position"}


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """Without empty fields; false and 0 stay."""
    return {key: value for key, value in data.items() if value not in (None, "", [], {}, ())}
