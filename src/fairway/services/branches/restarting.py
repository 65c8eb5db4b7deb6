"""Whether a change of a rendered workload replaces its pods, and how many, as far as the files tell."""

from __future__ import annotations

from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.restarts import restarts

RESTARTS = "its pods restart"
"""How the reason of a change begins whose number of pods only the cluster knows."""


def restarting(old: Object, new: Object) -> tuple[int, str]:
    """The number of pods, or words where only the cluster knows the number; `(0, "")` when none restarts."""
    spec = old.get("spec") or {}
    if new.get("kind") == "DaemonSet":
        one = {**old, "status": {"desiredNumberScheduled": 1}}
        return 0, f"{RESTARTS} on every node" if restarts(one, new) else ""
    pods = restarts(old, new)
    if pods and "replicas" not in spec:
        return 0, RESTARTS
    return pods, ""
