"""Contexts of kubeconfig files: read as kubectl merges them, written into the first file.

The rule not to break: a write touches one context, keeps every other entry, replaces the file in one step with its
own rights, and holds `FILE.lock` meanwhile as kubectl does (client-go, tools/clientcmd/config.go).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairway.adapters.kube.kubeconfig import Kubeconfig, load, paths_of
from fairway.domain import yaml
from fairway.domain.errors import Position, Transient, UserError
from fairway.domain.repository.contexts import ContextEntry


class KubeconfigFiles:
    """The kubeconfig of this process's variables, or a named one."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def names(self, kubeconfig: str | None) -> Sequence[str]:
        return self._load(kubeconfig).context_names

    def current(self, kubeconfig: str | None) -> str | None:
        return self._load(kubeconfig).current or None

    def context(self, kubeconfig: str | None, name: str) -> ContextEntry | None:
        for path in self._paths(kubeconfig):
            for item in _contexts(_document(path)):
                body = item.get("context")
                if item.get("name") == name and isinstance(body, dict):
                    return ContextEntry(str(body.get("cluster", "")), str(body.get("user", "")), body.get("namespace"))
        return None

    def write(self, kubeconfig: str | None, name: str, entry: ContextEntry) -> None:
        path = self._paths(kubeconfig)[0]
        try:
            path = self._file_of(kubeconfig, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(path):
                document = _document(path) or {"apiVersion": "v1", "kind": "Config"}
                body = {"cluster": entry.cluster, "user": entry.user, "namespace": entry.namespace}
                new = {"name": name, "context": {key: value for key, value in body.items() if value}}
                others = [item for item in _contexts(document) if item.get("name") != name]
                document["contexts"] = [*others, new]
                _replace(path, yaml.dump(document))
        except OSError as error:
            raise UserError(f"the kubeconfig cannot be written: {error.strerror}", where=Position(str(path))) from error

    def _file_of(self, kubeconfig: str | None, name: str) -> Path:
        """The file that has the context already, else the first."""
        paths = self._paths(kubeconfig)
        holders = (path for path in paths if any(item.get("name") == name for item in _contexts(_document(path))))
        return next(holders, paths[0])

    def _load(self, kubeconfig: str | None) -> Kubeconfig:
        return load(self._paths(kubeconfig))

    def _paths(self, kubeconfig: str | None) -> list[Path]:
        return [path.expanduser().absolute() for path in paths_of(kubeconfig, self._variables)[0]]


def _document(path: Path) -> dict[str, Any]:
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return {}
    return value if isinstance(value, dict) else {}


def _contexts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    contexts = document.get("contexts")
    return [item for item in contexts if isinstance(item, dict)] if isinstance(contexts, list) else []


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        fix = f"when no other program is writing it, remove {lock}"
        raise Transient("somebody else is writing the kubeconfig", where=Position(str(path)), fix=fix) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    with open(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path.resolve())
