"""Which Google address a `gceResource.address` means: name, project and place, from the cluster's own provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import Cluster


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """A reserved address; `region` is None for a global one."""

    project: str
    name: str
    region: str | None

    def __str__(self) -> str:
        return f"{self.name} ({f'region {self.region}' if self.region else 'global'}, project {self.project})"


def address_query(settings: Mapping[str, Any], cluster: Cluster, where: Position) -> AddressQuery:
    """Read the settings of a `gceResource` for a cluster; `UserError` where they cannot be meant for it."""
    address = settings.get("address", settings)
    provider = cluster.provider
    if provider.kind != "gke":
        raise UserError(
            f'gceResource needs a gke cluster, but cluster "{cluster.name}" is {provider.kind}',
            where=where,
            fix="write the address as a value, or deploy to a cluster with provider gke",
        )
    name = _name(address, cluster, where)
    project = str(provider.settings["project"])
    if address.get("isGlobal"):
        return AddressQuery(project, name, None)
    region = provider.settings.get("region") or region_of_zone(str(provider.settings.get("zone", "")))
    return AddressQuery(project, name, str(region))


def region_of_zone(zone: str) -> str:
    """`europe-west1-b` → `europe-west1`: a zone's name is its region's and a letter (Google's naming of zones)."""
    region, dash, letter = zone.rpartition("-")
    return region if dash and len(letter) == 1 else zone


def _name(address: Mapping[str, Any], cluster: Cluster, where: Position) -> str:
    if name := address.get("name"):
        return str(name)
    source = address.get("nameFrom") or {}
    parameter = source.get("clusterParam") if isinstance(source, Mapping) else source
    if not parameter:
        raise UserError(
            "the address has no name",
            where=where,
            fix="add name: ADDRESS, or nameFrom: {clusterParam: PARAMETER}",
        )
    if parameter not in cluster.parameters:
        known = ", ".join(sorted(cluster.parameters)) or "none"
        raise UserError(
            f'cluster "{cluster.name}" has no parameter "{parameter}" (it has: {known})',
            where=where,
            fix=f"add {{name: {parameter}, value: ADDRESS}} to parameters of cluster {cluster.name}",
        )
    return cluster.parameters[parameter]
