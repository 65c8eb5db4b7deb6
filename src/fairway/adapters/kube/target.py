"""What is known of a cluster before it is asked: address, trust, identity. Plain data, read from a file or a pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairway.domain.errors import Position


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom to act as, for requests on behalf of a team or a person. Needs the right to `impersonate`."""

    user: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that prints credentials: `user.exec` of a kubeconfig."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    api_version: str
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"
    cluster_config: Any = None
    """The cluster's extension `client.authentication.k8s.io/exec`, passed on to the plugin."""
    folder: Path | None = None
    """The kubeconfig's folder: a command with a slash is relative to it."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """`user.auth-provider` of the name `oidc`: an id token, and what is needed to get the next one."""

    issuer: str
    client_id: str
    client_secret: str = ""
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    ca: bytes = b""


@dataclass(frozen=True, slots=True)
class User:
    """How to say who we are. Everything secret stays out of `repr`."""

    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    exec: ExecPlugin | None = field(default=None, repr=False)
    oidc: OidcProvider | None = field(default=None, repr=False)
    impersonation: Impersonation | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster, a user, and the place in the kubeconfig that chose them."""

    name: str
    """The context's name, or `in-cluster`."""
    server: str
    """URL without a trailing slash; it may have a path (Rancher)."""
    user: User
    namespace: str = ""
    ca: bytes = b""
    insecure: bool = False
    server_name: str = ""
    proxy: str = ""
    compress: bool = True
    where: Position | None = None
