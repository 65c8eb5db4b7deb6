"""How many pods a change replaces: what people want to know before they say yes."""

from __future__ import annotations

from typing import Any

from fairway.domain.manifests.objects import Object

_REPLICATED = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("argoproj.io", "Rollout")})


def restarts(old: Object | None, new: Object | None) -> int:
    """Pods that would be replaced; 0 for a new object, for kinds without a pod template, and for updates on delete.

    A StatefulSet's partition and a paused Deployment are taken into account; a Job never restarts, it is immutable.
    """
    if not old or not new or _template(old) == _template(new):
        return 0
    group = str(new.get("apiVersion", "")).rpartition("/")[0]
    kind = str(new.get("kind", ""))
    spec = new.get("spec") or {}
    strategy = spec.get("updateStrategy") or {}
    if spec.get("paused") or strategy.get("type") == "OnDelete":
        return 0
    if (group, kind) == ("apps", "DaemonSet"):
        return int((old.get("status") or {}).get("desiredNumberScheduled") or 0)
    if (group, kind) not in _REPLICATED:
        return 0
    running = (old.get("spec") or {}).get("replicas")
    replicas = 1 if running is None else int(running)
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    return max(0, replicas - int(partition))


def _template(obj: Object) -> Any:
    template = dict((obj.get("spec") or {}).get("template") or {})
    metadata = dict(template.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    template["metadata"] = metadata
    return template
