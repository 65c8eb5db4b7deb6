"""From a kubeconfig, or a pod's service account, to a client."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from fairway.adapters.kube import kubeconfig as files
from fairway.adapters.kube.client import KubeClient
from fairway.adapters.kube.credentials import credentials_of
from fairway.adapters.kube.target import Impersonation, Target, User
from fairway.adapters.kube.tls import tls_context
from fairway.adapters.kube.transport import Transport
from fairway.adapters.kube.users import in_cluster_paths
from fairway.domain.errors import UserError
from fairway.settings import process_environment

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@asynccontextmanager
async def connect(
    kubeconfig: str | None,
    context: str | None,
    *,
    in_cluster: bool = False,
    impersonate: Impersonation | None = None,
    env: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
) -> AsyncIterator[KubeClient]:
    """See `open_cluster`."""
    env = process_environment() if env is None else env
    target = choose(kubeconfig, context, in_cluster=in_cluster, env=env, service_account=service_account)
    if impersonate is not None:
        target = replace(target, user=replace(target.user, impersonation=impersonate))
    proxy = proxy_for(target, env)
    credentials = credentials_of(target, clock=time.time, env=env)
    async with Transport(target, credentials, tls_context(target), proxy=proxy) as transport:
        yield KubeClient(transport)


def choose(
    kubeconfig: str | None,
    context: str | None,
    *,
    in_cluster: bool,
    env: Mapping[str, str],
    service_account: Path = SERVICE_ACCOUNT,
) -> Target:
    """Which cluster is meant. Raises UserError when none can be found."""
    if in_cluster:
        return in_cluster_target(env, service_account)
    paths, must_exist = files.paths_of(kubeconfig, env)
    config = files.load(paths, must_exist=must_exist)
    if not config.files and context is None:
        if env.get("KUBERNETES_SERVICE_HOST") and (service_account / "token").is_file():
            return in_cluster_target(env, service_account)
        looked = ", ".join(str(path) for path in paths)
        raise UserError(
            f"there is no kubeconfig: looked for {looked}",
            fix="name one with --kubeconfig or KUBECONFIG, or start a cluster of your own: fairway cluster up",
        )
    return config.target(context)


def in_cluster_target(env: Mapping[str, str], service_account: Path) -> Target:
    """The cluster that this pod runs in, with its service account."""
    token, authority, namespace = in_cluster_paths(service_account)
    host, port = env.get("KUBERNETES_SERVICE_HOST"), env.get("KUBERNETES_SERVICE_PORT") or "443"
    if not host:
        raise UserError(
            "KUBERNETES_SERVICE_HOST is not set, so this is not a pod", fix="name a kubeconfig or a context"
        )
    host = f"[{host}]" if ":" in host else host
    return Target(
        name="in-cluster",
        server=f"https://{host}:{port}",
        user=User(token_file=token),
        namespace=namespace.read_text(encoding="utf-8").strip() if namespace.is_file() else "",
        ca=authority.read_bytes() if authority.is_file() else b"",
    )


def proxy_for(target: Target, env: Mapping[str, str]) -> str:
    """The kubeconfig's proxy, else the environment's unless NO_PROXY excepts the server."""
    proxy = target.proxy
    if not proxy:
        scheme, _, host = target.server.partition("://")
        host = urlsplit(target.server).hostname or host
        variables = {name.lower(): value for name, value in env.items() if name.lower().endswith("_proxy") and value}
        proxies = {name.removesuffix("_proxy"): value for name, value in variables.items()}
        if not proxies.get(scheme) or host in ("localhost", "127.0.0.1", "::1"):
            return ""
        if urllib.request.proxy_bypass_environment(host, proxies):  # type: ignore[attr-defined]
            return ""
        proxy = proxies[scheme]
    if not proxy.startswith(("http://", "https://")):
        raise UserError(
            f"the proxy of {target.name} is of a kind that is not supported: {urlsplit(proxy).scheme or proxy}",
            where=target.where,
            fix="use an http:// proxy; for SOCKS, put a converter such as privoxy in between",
        )
    return proxy
