"""kubeconfig files: several are merged as kubectl merges them, and one context becomes a `Target`.

The rule not to break: the first file that has a cluster, user or context of a name wins whole; relative paths are
relative to the file they stand in. Source: client-go, tools/clientcmd/loader.go.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairway.adapters.kube.target import Target
from fairway.adapters.kube.users import read_user
from fairway.domain import yaml
from fairway.domain.errors import Position, UserError
from fairway.domain.yaml import Positions


@dataclass(frozen=True, slots=True)
class Entry:
    """One named cluster, user or context, and where it stands."""

    name: str
    body: Mapping[str, Any]
    folder: Path
    positions: Positions
    path: tuple[str | int, ...]

    def at(self, *keys: str) -> Position:
        return self.positions[(*self.path, *keys)]

    def fail(self, message: str, *keys: str, fix: str | None = None) -> UserError:
        return UserError(message, where=self.at(*keys), fix=fix)

    def text(self, key: str) -> str:
        value = self.body.get(key)
        if value is None or isinstance(value, str):
            return value or ""
        raise self.fail(f"{key} must be a text", key, fix="put it in quotes")

    def data(self, key: str) -> bytes:
        """The bytes of `KEY-data` (base64), else those of the file that `KEY` names, else nothing."""
        inline = self.text(f"{key}-data")
        if inline:
            try:
                return base64.b64decode(inline, validate=False)
            except binascii.Error as error:
                raise self.fail(f"{key}-data is not base64", f"{key}-data", fix="copy it again, whole") from error
        name = self.text(key)
        if not name:
            return b""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise self.fail(f"{key} {name} can't be read: {error.strerror}", key, fix="correct the path") from error


class Kubeconfig:
    """The merged files. Build it with `load`."""

    def __init__(self) -> None:
        self.current = ""
        self.files: list[Path] = []
        self._entries: dict[str, dict[str, Entry]] = {"clusters": {}, "users": {}, "contexts": {}}

    @property
    def context_names(self) -> list[str]:
        return list(self._entries["contexts"])

    def target(self, context: str | None = None) -> Target:
        """What a context means; None takes the current one. Raises UserError with what is there instead."""
        chosen = self._entry("contexts", context or self.current, context is None)
        cluster = self._entry("clusters", chosen.text("cluster"), False, chosen, "cluster")
        user = self._entry("users", chosen.text("user"), False, chosen, "user") if chosen.text("user") else None
        server = cluster.text("server").rstrip("/")
        if not server.startswith(("https://", "http://")):
            found = f"has the server {server!r}" if server else "has no server"
            raise cluster.fail(f"cluster {cluster.name} {found}", fix="give its URL: server: https://HOST:PORT")
        insecure = bool(cluster.body.get("insecure-skip-tls-verify"))
        ca = cluster.data("certificate-authority")
        if insecure and ca:
            raise cluster.fail(
                f"cluster {cluster.name} has a certificate authority and insecure-skip-tls-verify",
                "insecure-skip-tls-verify",
                fix="remove insecure-skip-tls-verify",
            )
        return Target(
            name=chosen.name,
            server=server,
            user=read_user(user, cluster) if user else read_user(None, cluster),
            namespace=chosen.text("namespace"),
            ca=ca,
            insecure=insecure,
            server_name=cluster.text("tls-server-name"),
            proxy=cluster.text("proxy-url"),
            compress=not cluster.body.get("disable-compression"),
            where=chosen.at(),
        )

    def _entry(self, section: str, name: str, is_current: bool, asked_by: Entry | None = None, key: str = "") -> Entry:
        there = self._entries[section]
        if name in there:
            return there[name]
        what = section.removesuffix("s")
        files = ", ".join(str(file) for file in self.files) or "no kubeconfig"
        where = asked_by.at(key) if asked_by else None
        if not name:
            message = f"no current context is set in {files}" if is_current else f"a {what} without a name"
            raise UserError(message, where=where, fix=f"name one: {_listed(there)}" if there else None)
        if not self.files:
            fix = "name a kubeconfig with --kubeconfig or KUBECONFIG"
            raise UserError(f"there is no {what} {name}, since there is no kubeconfig", fix=fix)
        close = difflib.get_close_matches(name, there, 1)
        fix = f"did you mean {close[0]}?" if close else f"there is: {_listed(there)}"
        raise UserError(f"no {what} named {name} in {files}", where=where, fix=fix)

    def _add(self, file: Path) -> None:
        text = file.read_text(encoding="utf-8")
        document, positions = yaml.load_with_positions(text, str(file))
        self.files.append(file)
        if document is None:
            return
        if not isinstance(document, dict):
            raise UserError(
                f"{file} is not a kubeconfig", where=Position(str(file), 1), fix="start it with kind: Config"
            )
        self.current = self.current or str(document.get("current-context") or "")
        for section, entries in self._entries.items():
            for n, item in enumerate(document.get(section) or ()):
                where = positions[(section, n)]
                if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                    raise UserError(f"an entry of {section} has no name", where=where, fix="give it a name")
                singular = section.removesuffix("s")
                body = item.get(singular) or {}
                if not isinstance(body, dict):
                    raise UserError(f"{singular} of {item['name']} must be a map", where=where)
                path = (section, n, singular)
                entries.setdefault(item["name"], Entry(item["name"], body, file.parent, positions, path))


def load(paths: Iterable[Path], *, must_exist: bool = False) -> Kubeconfig:
    """Read and merge files; missing ones are passed over unless `must_exist`.

    Raises UserError when a file can't be read, InvalidInput when it is not YAML.
    """
    config = Kubeconfig()
    for path in paths:
        file = path.expanduser().absolute()
        try:
            config._add(file)
        except FileNotFoundError as error:
            if must_exist:
                raise UserError(f"there is no kubeconfig {path}", fix="correct the path") from error
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UserError(f"kubeconfig {path} can't be read: {reason}", fix="name the file itself") from error
    return config


def paths_of(kubeconfig: str | None, env: Mapping[str, str]) -> tuple[list[Path], bool]:
    """(files to merge, whether each must exist): the argument, else KUBECONFIG, else `~/.kube/config`."""
    if kubeconfig:
        return [Path(part) for part in kubeconfig.split(os.pathsep) if part], True
    if variable := env.get("KUBECONFIG"):
        return [Path(part) for part in variable.split(os.pathsep) if part], False
    return [Path(env.get("HOME") or Path.home()) / ".kube" / "config"], False


def _listed(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "") or "none"
