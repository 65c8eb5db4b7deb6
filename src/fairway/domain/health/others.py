"""Built-in kinds without pods of their own."""

from __future__ import annotations

from fairway.domain.health.states import (
    Health,
    behind,
    condition,
    failed,
    healthy,
    is_true,
    progressing,
    spec_of,
    status_of,
    told,
)
from fairway.domain.manifests.objects import Object


def present(obj: Object) -> Health:
    """Kinds that are what they should be once they exist."""
    return healthy("Exists", "exists")


def claim(obj: Object) -> Health:
    phase = status_of(obj).get("phase")
    if phase == "Bound":
        return healthy("Bound", "bound")
    if phase == "Lost":
        return failed("Lost", "its volume is lost")
    return progressing("NotBound", "no volume bound yet")


def service(obj: Object) -> Health:
    spec = spec_of(obj)
    if spec.get("type") != "LoadBalancer" or spec.get("externalIPs"):
        return healthy("Exists", "exists")
    if (status_of(obj).get("loadBalancer") or {}).get("ingress"):
        return healthy("LoadBalancer", "has its address")
    return progressing("NoAddress", "the load balancer has no address yet")


def disruption_budget(obj: Object) -> Health:
    return behind(obj) or healthy("Computed", "disruptions are computed")


def definition(obj: Object) -> Health:
    refused = condition(obj, "NamesAccepted")
    if refused is not None and refused.get("status") == "False":
        return failed("NamesNotAccepted", told(refused, "its names are taken by another kind"))
    if is_true(obj, "Established"):
        return healthy("Established", "served")
    return progressing("NotEstablished", "not served yet")


def api_service(obj: Object) -> Health:
    if is_true(obj, "Available"):
        return healthy("Available", "answers")
    return progressing("NotAvailable", told(condition(obj, "Available") or {}, "does not answer yet"))


def namespace(obj: Object) -> Health:
    if status_of(obj).get("phase") == "Terminating":
        return failed("Terminating", "is being deleted")
    return healthy("Active", "active")
