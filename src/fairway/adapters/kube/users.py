"""The `user` part of a kubeconfig, and what of its `cluster` an exec plugin may see."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.adapters.kube.target import ExecPlugin, Impersonation, OidcProvider, User
from fairway.domain.errors import UserError

if TYPE_CHECKING:
    from fairway.adapters.kube.kubeconfig import Entry

EXEC_EXTENSION = "client.authentication.k8s.io/exec"
EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")


def read_user(user: Entry | None, cluster: Entry) -> User:
    """Checked credentials; raises UserError at the entry that is wrong."""
    if user is None:
        return User()
    certificate, key = user.data("client-certificate"), user.data("client-key")
    if bool(certificate) != bool(key):
        there, missing = ("certificate", "key") if certificate else ("key", "certificate")
        raise user.fail(f"user {user.name} has a client-{there} but no client-{missing}", fix=f"add client-{missing}")
    token_file = user.text("tokenFile")
    return User(
        certificate=certificate,
        key=key,
        token=user.text("token"),
        token_file=user.folder / token_file if token_file else None,
        username=user.text("username"),
        password=user.text("password"),
        exec=_exec(user, cluster),
        oidc=_oidc(user),
        impersonation=_impersonation(user),
    )


def _exec(user: Entry, cluster: Entry) -> ExecPlugin | None:
    spec = user.body.get("exec")
    if not spec:
        return None
    if not isinstance(spec, dict) or not spec.get("command"):
        raise user.fail(f"exec of user {user.name} has no command", "exec", fix="add command: and args:")
    version = str(spec.get("apiVersion") or "")
    if version not in EXEC_VERSIONS:
        raise user.fail(
            f"exec of user {user.name} speaks {version or 'no apiVersion'}",
            "exec",
            "apiVersion",
            fix=f"use {EXEC_VERSIONS[0]}; newer releases of {spec['command']} know it",
        )
    mode = str(spec.get("interactiveMode") or "IfAvailable")
    if mode not in _MODES:
        raise user.fail(f"interactiveMode {mode} is unknown", "exec", "interactiveMode", fix="use " + ", ".join(_MODES))
    return ExecPlugin(
        command=str(spec["command"]),
        args=tuple(str(arg) for arg in spec.get("args") or ()),
        env={str(item["name"]): str(item.get("value", "")) for item in spec.get("env") or () if item.get("name")},
        api_version=version,
        install_hint=str(spec.get("installHint") or "").strip(),
        provide_cluster_info=bool(spec.get("provideClusterInfo")),
        interactive_mode=mode,
        cluster_config=_extension(cluster),
        folder=user.folder,
    )


def _extension(cluster: Entry) -> Any:
    for item in cluster.body.get("extensions") or ():
        if isinstance(item, dict) and item.get("name") == EXEC_EXTENSION:
            return item.get("extension")
    return None


def _oidc(user: Entry) -> OidcProvider | None:
    provider = user.body.get("auth-provider")
    if not provider:
        return None
    name = provider.get("name") if isinstance(provider, dict) else None
    if name != "oidc":
        raise user.fail(
            f"auth-provider {name} of user {user.name} was removed from Kubernetes",
            "auth-provider",
            fix="use the provider's exec plugin (gke-gcloud-auth-plugin, kubelogin)",
        )
    config: Mapping[str, Any] = provider.get("config") or {}
    issuer, client = str(config.get("idp-issuer-url") or ""), str(config.get("client-id") or "")
    if not issuer or not client:
        raise user.fail(
            "auth-provider oidc needs idp-issuer-url and client-id", "auth-provider", fix="add them to config"
        )
    return OidcProvider(
        issuer=issuer.rstrip("/"),
        client_id=client,
        client_secret=str(config.get("client-secret") or ""),
        id_token=str(config.get("id-token") or ""),
        refresh_token=str(config.get("refresh-token") or ""),
        ca=_oidc_ca(user, config),
    )


def _oidc_ca(user: Entry, config: Mapping[str, Any]) -> bytes:
    if inline := config.get("idp-certificate-authority-data"):
        return base64.b64decode(str(inline))
    if name := config.get("idp-certificate-authority"):
        try:
            return (user.folder / str(name)).read_bytes()
        except OSError as error:
            raise user.fail(
                f"idp-certificate-authority {name} can't be read: {error.strerror}", "auth-provider"
            ) from error
    return b""


def _impersonation(user: Entry) -> Impersonation | None:
    name = user.text("as")
    groups = tuple(str(group) for group in user.body.get("as-groups") or ())
    if not name:
        if groups:
            raise user.fail("as-groups needs as", "as-groups", fix="say whom to act as with as: NAME")
        return None
    extra = {
        str(key): tuple(str(v) for v in values or ()) for key, values in (user.body.get("as-user-extra") or {}).items()
    }
    return Impersonation(name, groups, user.text("as-uid"), extra)


def in_cluster_paths(folder: Path) -> tuple[Path, Path, Path]:
    """(token, certificate authority, namespace) of a pod's service account."""
    token = folder / "token"
    if not token.is_file():
        raise UserError(
            f"this is not a pod with a service account: there is no {token}",
            fix="name a kubeconfig or a context, or mount the service account's token",
        )
    return token, folder / "ca.crt", folder / "namespace"
