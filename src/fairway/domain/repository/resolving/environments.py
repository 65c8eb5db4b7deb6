"""One environment entry, and its releases out of the release files that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairway.domain.repository.findings import suggestion
from fairway.domain.repository.models import ChartValue, Cluster, Environment, Owner, Policy, Provider, Release
from fairway.domain.repository.resolving.clusters import Clusters, check_duplicates
from fairway.domain.repository.resolving.context import Context, ReferenceKind
from fairway.domain.repository.resolving.files import ReleaseFile, WrittenRelease, resources_names
from fairway.domain.repository.resolving.health import resolve_health
from fairway.domain.repository.resolving.names import check_label
from fairway.domain.repository.resolving.needs import check_needs, with_outputs
from fairway.domain.repository.resolving.policies import resolve_owner, resolve_policy
from fairway.domain.repository.resolving.releases import Defaults, resolve_release, resource_files
from fairway.domain.repository.resolving.values import resolve_values
from fairway.domain.repository.sites import Site
from fairway.domain.repository.templates import Template, expand
from fairway.domain.repository.validating import validated
from fairway.domain.repository.written import EnvironmentEntry, ReleaseEntry


def resolve_environment(
    entry: EnvironmentEntry,
    site: Site,
    clusters: Clusters,
    files: Sequence[ReleaseFile],
    shared: Mapping[str, Template],
    root: str,
    context: Context,
) -> Environment | None:
    """The environment with all its releases; None when its cluster is not known, though they are checked."""
    noun = f'environment "{entry.name}"'
    findings = context.findings
    check_label(entry.name, "environment", site.at("name"), findings)
    check_label(entry.kube_namespace, "namespace", site.at("kubeNamespace"), findings)
    cluster = _cluster(entry, site, clusters, context)
    _report_old_forms(entry, site, context, noun)
    defaults = Defaults(
        resolve_policy(Policy(), entry.policy, site.into("policy"), findings),
        resolve_owner(Owner(), entry.owner),
        resolve_health(entry.health or (), site.into("health"), context),
    )
    values_file = None
    if entry.default_values_file is not None:
        values_file = context.file(entry.default_values_file, site.at("defaultValuesFile"), noun, ReferenceKind.VALUES)
    default_values = resolve_values(entry.default_values or (), site.into("defaultValues"), context)
    stand_in = cluster or Cluster(entry.cluster_name or "", Provider("inCluster"), site.at())
    releases = _releases(entry, stand_in, files, shared, root, defaults, default_values, context)
    if cluster is not None:
        _check_parameters(cluster, [*default_values, *(value for one in releases for value in one.values)], context)
    if cluster is None:
        return None
    return Environment(
        name=entry.name,
        cluster=cluster,
        namespace=entry.kube_namespace,
        position=site.at("name"),
        releases=tuple(releases),
        default_values_file=values_file,
        default_values=default_values,
        policy=defaults.policy,
        protected=entry.protected,
        labels=entry.labels or {},
        owner=defaults.owner,
    )


def _cluster(entry: EnvironmentEntry, site: Site, clusters: Clusters, context: Context) -> Cluster | None:
    noun = f'environment "{entry.name}"'
    given = site.given("clusterName", "provider")
    if len(given) != 1:
        both = bool(given)
        which = "both clusterName and provider" if both else "no clusterName"
        fix = "remove provider" if both else f"add clusterName: {next(iter(clusters.declared_names), 'NAME')}"
        rule = "one-provider" if both else "missing-key"
        context.findings.error(rule, f"{noun} has {which}", site.at(), fix)
        return None
    if entry.provider is not None:
        return clusters.implied(entry.provider, site.into("provider"), noun)
    if entry.cluster_name is None:
        return None
    name = entry.cluster_name
    if name not in clusters.by_name and name not in clusters.declared_names:
        message = f'{noun}: no cluster "{name}"{suggestion(name, clusters.declared_names)}'
        context.findings.error(
            "unknown-cluster", message, site.at("clusterName"), f"declare it: clusters: [{{name: {name}, …}}]"
        )
    return clusters.by_name.get(name)


def _report_old_forms(entry: EnvironmentEntry, site: Site, context: Context, noun: str) -> None:
    if entry.provider is not None and entry.cluster_name is None:
        fix = "declare the cluster under clusters and name it with clusterName"
        context.findings.info("old-form", f"{noun} carries its provider itself", site.key("provider"), fix)
    if entry.releases is not None:
        message = f'{noun}: "releases" is the old name of "releasesFiles"'
        context.findings.info("old-form", message, site.key("releases"), "rename the key")


def _releases(
    entry: EnvironmentEntry,
    cluster: Cluster,
    files: Sequence[ReleaseFile],
    shared: Mapping[str, Template],
    root: str,
    defaults: Defaults,
    default_values: Sequence[ChartValue],
    context: Context,
) -> list[Release]:
    """All releases in declared order; a file's own resources come before its releases."""
    names = {"environment": entry.name, "cluster": cluster.name, "namespace": entry.kube_namespace}
    resource_names = resources_names(files, root)
    releases: list[Release] = []
    declared: list[tuple[str, Site]] = []
    for file in files:
        templates = {**shared, **file.templates}
        if file.resource_files:
            releases.append(_resources(file, resource_names[file.document.path], defaults, context))
        for written in file.releases:
            if written.name is not None:
                declared.append((written.name, written.site))
            release_entry, site = _inherited(written, templates, names, context)
            if release_entry is not None:
                path = file.document.path
                releases.append(resolve_release(release_entry, site, defaults, context, path))
    check_duplicates(declared, "release", context, f' in environment "{entry.name}"')
    known = [name for name, _ in declared] + list(resource_names.values())
    releases = [with_outputs(release, default_values) for release in releases]
    check_needs(releases, known, entry.name, context.findings)
    return releases


def _inherited(
    written: WrittenRelease, templates: Mapping[str, Template], names: Mapping[str, str], context: Context
) -> tuple[ReleaseEntry | None, Site]:
    if written.entry is not None or not written.name or not written.raw.get("extends"):
        return written.entry, written.site
    names = {**names, "release": written.name}
    raw, site = expand(written.raw, written.site, templates, names, context.findings)
    return validated(ReleaseEntry, raw, site, context.findings, f'release "{written.name}"'), site


def _resources(file: ReleaseFile, name: str, defaults: Defaults, context: Context) -> Release:
    site = file.resources_site
    paths = resource_files(list(file.resource_files), site, context, "resourceFiles")
    return Release(
        name=name,
        position=site.key(),
        resource_files=paths,
        policy=defaults.policy,
        owner=defaults.owner,
        health=defaults.health,
        from_file=file.document.path,
    )


def _check_parameters(cluster: Cluster, values: Sequence[ChartValue], context: Context) -> None:
    for value in values:
        name = value.value_from.settings.get("nameFrom") if value.value_from else None
        if name is not None and name not in cluster.parameters:
            message = f'cluster "{cluster.name}" has no parameter "{name}"{suggestion(name, cluster.parameters)}'
            context.findings.error("unknown-cluster-parameter", message, value.position)
