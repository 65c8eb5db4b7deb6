"""Clusters of both dialects: declared ones, and one for each distinct provider that environments carry inline."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.repository.models import Cluster, Provider
from fairway.domain.repository.resolving.context import Context
from fairway.domain.repository.resolving.names import check_word, slug
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written import ClusterEntry
from fairway.domain.repository.written.environments import ProviderEntry

_KINDS = {
    "gke": "gke",
    "aks": "aks",
    "eks": "eks",
    "minikube": "minikube",
    "dockerForDesktop": "docker_for_desktop",
    "existingContext": "existing_context",
    "kubeconfig": "kubeconfig",
    "inCluster": "in_cluster",
    "devcluster": "devcluster",
}
_NAMED_BY = {"gke": "clusterName", "aks": "clusterName", "eks": "clusterName", "existingContext": "contextName"}


class Clusters:
    """The clusters of a repository by name, in order of appearance."""

    def __init__(self, context: Context) -> None:
        self.by_name: dict[str, Cluster] = {}
        self.declared_names: set[str] = set()
        """Also names of entries that could not be resolved."""
        self._context = context

    def declare(self, entry: ClusterEntry, site: Site) -> None:
        check_word(entry.name, "cluster", site.at("name"), self._context.findings)
        provider = self.provider(entry.provider, site.into("provider"), f'cluster "{entry.name}"')
        parameters: dict[str, str] = {}
        for index, parameter in enumerate(entry.parameters or ()):
            if parameter.name in parameters:
                message = f'cluster "{entry.name}": the parameter "{parameter.name}" is given twice'
                self._context.findings.error("duplicate-name", message, site.at("parameters", index, "name"))
            parameters[parameter.name] = parameter.value
        if provider is not None:
            self.by_name.setdefault(entry.name, Cluster(entry.name, provider, site.at("name"), parameters))

    def implied(self, entry: ProviderEntry, site: Site, noun: str) -> Cluster | None:
        """The cluster of an inline provider; equal providers share one."""
        provider = self.provider(entry, site, noun)
        if provider is None:
            return None
        for cluster in self.by_name.values():
            if cluster.implicit and cluster.provider == provider:
                return cluster
        name = self._free_name(provider)
        cluster = Cluster(name, provider, site.at(), implicit=True)
        self.by_name[name] = cluster
        return cluster

    def provider(self, entry: ProviderEntry, site: Site, noun: str) -> Provider | None:
        findings = self._context.findings
        given = site.given(*_KINDS)
        if len(given) != 1:
            which = " and ".join(given) if given else "nothing"
            message = f"{noun}: provider names {which}, exactly one is needed"
            findings.error("one-provider", message, site.at(), f"one of {', '.join(_KINDS)}")
            return None
        kind = given[0]
        part = getattr(entry, _KINDS[kind])
        if part is None:
            return None
        settings = {key: value for key, value in part.model_dump(by_alias=True).items() if value is not None}
        locations = site.into("gke").given("zone", "region")
        if kind == "gke" and len(locations) != 1:
            which = "both zone and region" if locations else "neither zone nor region"
            message = f"{noun}: gke has {which}"
            fix = "give zone for a zonal cluster, region for a regional one"
            findings.error("gke-location", message, site.at("gke"), fix)
            return None
        if kind == "kubeconfig":
            settings["path"] = self._context.resolved(part.path, site.at("kubeconfig", "path"))
        return Provider(kind, settings)

    def _free_name(self, provider: Provider) -> str:
        base = str(provider.settings.get(_NAMED_BY.get(provider.kind, ""), "")) or slug(provider.kind)
        candidates = [
            base,
            *(
                f"{base}-{value}"
                for key, value in provider.settings.items()
                if key in ("project", "resourceGroup", "region")
            ),
        ]
        candidates += [f"{base}-{number}" for number in range(2, len(self.by_name) + len(self.declared_names) + 3)]
        return next(name for name in candidates if name not in self.by_name and name not in self.declared_names)


def check_duplicates(entries: Sequence[tuple[str, Site]], what: str, context: Context, inside: str = "") -> None:
    """Report every name that stands a second time, with the place of the first."""
    first: dict[str, Site] = {}
    for name, site in entries:
        if name in first:
            at = first[name].at("name")
            message = f'{what} "{name}" is declared twice{inside}; first in {at}'
            context.findings.error("duplicate-name", message, site.at("name"), "rename or remove one of them")
        else:
            first[name] = site
