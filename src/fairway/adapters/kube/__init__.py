"""One Kubernetes cluster behind the engine's ports: a thin transport on raw JSON, and a cluster in memory.

Usage: `async with open_cluster(None, "prod-eu") as kube: await kube.apply(obj, ref)`. The rule not to break: importing
this package costs nothing; aiohttp is imported when a cluster is opened. Why not the official client: ADR 0003.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairway.adapters.kube.client import KubeClient
    from fairway.adapters.kube.target import Impersonation

__all__ = ["open_cluster"]


@asynccontextmanager
async def open_cluster(
    kubeconfig: str | None = None,
    context: str | None = None,
    *,
    in_cluster: bool = False,
    impersonate: Impersonation | None = None,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[KubeClient]:
    """A client of one cluster; nothing is asked of it before the first call.

    Args:
        kubeconfig: path, or several joined by the path separator; None takes KUBECONFIG, else `~/.kube/config`, else,
            when this runs in a pod, the pod's service account.
        context: a context in it; None takes its current one.
        in_cluster: use the pod's service account and no file.
        impersonate: act as somebody else; overrides what the kubeconfig says.
        env: variables for KUBECONFIG, HOME, proxies and exec plugins; None takes this process's.

    Raises UserError with the file's position and a fix when the configuration cannot be used.
    """
    from fairway.adapters.kube.opening import connect

    async with connect(kubeconfig, context, in_cluster=in_cluster, impersonate=impersonate, env=env) as client:
        yield client
