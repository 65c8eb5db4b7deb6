"""A context of a kubeconfig, as far as Fairway writes one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """Which cluster and user entries it joins, and its namespace."""

    cluster: str
    user: str
    namespace: str | None = None
