"""Logins that a cluster keeps for its kubelets: Secrets of the type `kubernetes.io/dockerconfigjson`.

The rule not to break: what a Secret holds stays in memory; messages name the Secret, never what is in it.
Source: Kubernetes, "Interpretation of config.json" (globs in the host's parts, prefixes of the path).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from fairway.adapters.charts.logins import Login
from fairway.adapters.charts.registry_logins import login_in
from fairway.domain.errors import UserError

_KEYS = {".dockerconfigjson": True, ".dockercfg": False}
"""Key of the Secret's data → whether the logins stand below `auths`."""
_HUB = ("index.docker.io", "registry-1.docker.io")


class PullSecretLogins:
    """The Secrets that were taken; of several logins for an image, the one with the longest path."""

    def __init__(self) -> None:
        self._logins: dict[str, list[tuple[str, str, Login]]] = {}

    def take(self, name: str, secret: Mapping[str, Any]) -> None:
        """A Secret as the API gives it; `name` as people know it. Raises UserError when it holds no logins."""
        data = secret.get("data") or {}
        key = next((one for one in _KEYS if one in data), None)
        if key is None:
            fix = "kubectl create secret docker-registry …, or name another one in imagePullSecrets"
            raise UserError(f"the Secret {name} is not of the type kubernetes.io/dockerconfigjson", fix=fix)
        try:
            found = json.loads(base64.b64decode(data[key], validate=True))
            auths = found.get("auths") if _KEYS[key] else found
        except (ValueError, binascii.Error, TypeError, AttributeError):
            raise UserError(f"the Secret {name} cannot be read: it is not JSON", fix="create it anew") from None
        entries = auths.items() if isinstance(auths, dict) else ()
        logins = ((*_address(str(address)), login_in(entry)) for address, entry in entries)
        self._logins[name] = [(host, path, login) for host, path, login in logins if login]

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        fitting = [
            (path, login)
            for logins in self._logins.values()
            for pattern, path, login in logins
            if _same_host(pattern, host) and (not path or f"{repository}/".startswith(f"{path}/"))
        ]
        return max(fitting, key=lambda one: len(one[0]))[1] if fitting else None

    def advice(self, host: str) -> str:
        return ""


def _address(key: str) -> tuple[str, str]:
    """(host, path) of a key of `auths`: `host`, `https://host/v1/`, `host/team`, `*.host`."""
    host, _, path = key.removeprefix("https://").removeprefix("http://").partition("/")
    path = path.strip("/")
    return ("docker.io" if host in _HUB else host), "" if path in ("v1", "v2") else path


def _same_host(pattern: str, host: str) -> bool:
    """A star stands for a whole part or some of it, never for several parts."""
    ours, theirs = pattern.split("."), host.split(".")
    return len(ours) == len(theirs) and all(fnmatchcase(one, part) for part, one in zip(ours, theirs, strict=True))
