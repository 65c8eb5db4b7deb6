"""The agent's `fairway.yaml`, made from that of the person who bootstraps it.

Secrets and files that it names are on that person's machine; in the cluster they are keys of a Secret and a ConfigMap.
The rule not to break: no secret is in what is made here, only where each one is read from and under which key it goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairway.domain.configuration.secrets import SecretSource

CONFIGURATION = "/etc/fairway/config"
SECRETS = "/etc/fairway/secrets"
LISTEN = ":8080"
GIT_SECRET = "git"

_FILES = frozenset({"knownHosts", "allowedSigners", "gpgKeys", "caFile"})
_NOT_OF_A_KEY = re.compile(r"[^-._a-zA-Z0-9]+")

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """How the agent gets at the repository: an access token, or a private key with the hosts that are trusted."""

    url: str
    branch: str = ""
    token: SecretSource | None = None
    ssh_key: SecretSource | None = None
    known_hosts: str = ""


@dataclass(frozen=True, slots=True)
class AgentConfiguration:
    """`secrets` and `files` say for each key in the cluster where its content is read from here."""

    document: Plain
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Paths relative to the folder of the fairway.yaml that was read."""


def agent_configuration(written: Mapping[str, Any], access: Access, environments: Sequence[str]) -> AgentConfiguration:
    """`written` is a checked fairway.yaml as it stands; `access` goes before its address and login of Git."""
    moving = _Moving()
    document = {key: value for key, value in written.items() if not str(key).startswith("x-")}
    git = {k: v for k, v in (document.get("git") or {}).items() if k not in ("url", "branch")}
    if access.token or access.ssh_key:
        git["credentials"] = _credentials(git.get("credentials"), access)
    document["git"] = {"url": access.url} | ({"branch": access.branch} if access.branch else {}) | git
    document["agent"] = (document.get("agent") or {}) | {"environments": list(environments)}
    document["server"] = (document.get("server") or {}) | {"listen": LISTEN}
    moved = moving.moved(document, ())
    assert isinstance(moved, dict)
    return AgentConfiguration(moved, moving.secrets, moving.files)


def _credentials(before: Any, access: Access) -> Plain:
    kept = {k: v for k, v in (before or {}).items() if k in ("username", "knownHosts")}
    if access.known_hosts:
        kept["knownHosts"] = access.known_hosts
    if access.ssh_key is not None:
        return {k: v for k, v in kept.items() if k != "username"} | {"sshKey": _plain(access.ssh_key)}
    assert access.token is not None
    return kept | {"token": _plain(access.token)}


def _plain(source: SecretSource) -> Plain:
    return {"env": source.env} if source.env is not None else {"file": source.file}


class _Moving:
    """Walks a document and notes what has to come along."""

    def __init__(self) -> None:
        self.secrets: dict[str, SecretSource] = {}
        self.files: dict[str, str] = {}

    def moved(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return [self.moved(item, (*path, str(number))) for number, item in enumerate(value)]
        if not isinstance(value, dict):
            if path and path[-1] in _FILES and isinstance(value, str):
                return f"{CONFIGURATION}/{self._file(value)}"
            return value
        if len(value) == 1 and ("env" in value or "file" in value):
            (kind,) = value
            if isinstance(value[kind], str):
                return {"file": f"{SECRETS}/{self._secret(kind, value[kind], path)}"}
        return {key: self.moved(item, (*path, str(key))) for key, item in value.items()}

    def _secret(self, kind: str, name: str, path: tuple[str, ...]) -> str:
        source = SecretSource(env=name) if kind == "env" else SecretSource(file=name)
        known = next((key for key, one in self.secrets.items() if one == source), None)
        if known is not None:
            return known
        key = GIT_SECRET if path[:2] == ("git", "credentials") else _key(name)
        key = _unused(key, self.secrets)
        self.secrets[key] = source
        return key

    def _file(self, path: str) -> str:
        known = next((key for key, one in self.files.items() if one == path), None)
        if known is not None:
            return known
        key = _unused(_key(path), {**self.files, "fairway.yaml": ""})
        self.files[key] = path
        return key


def _key(name: str) -> str:
    """What a Secret or ConfigMap takes as a key: the last part of a path, or a variable's name."""
    last = name.rstrip("/").rpartition("/")[2]
    return (_NOT_OF_A_KEY.sub("-", last).strip("-.") or "file")[:200]


def _unused(key: str, taken: Mapping[str, Any]) -> str:
    found, number = key, 2
    while found in taken:
        found, number = f"{key}-{number}", number + 1
    return found
