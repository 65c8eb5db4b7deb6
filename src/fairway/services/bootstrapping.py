"""Reads what the agent needs from this machine, and puts the agent into a cluster as a release.

The rule not to break: while it runs, what is read lies in a folder that only this user can read; afterwards nowhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairway.domain.bootstrapping.chart import Image, Rights, agent_environment, chart_values
from fairway.domain.bootstrapping.configuration import Access, AgentConfiguration, agent_configuration
from fairway.domain.errors import UserError
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.repository.models import Environment
from fairway.domain.values.merging import merge
from fairway.domain.yaml import dump, load
from fairway.services.configuring import Configured
from fairway.services.engine.ports import Kube


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for. All environments are of one cluster."""

    environments: tuple[Environment, ...]
    environments_file: str
    """Relative to the top of the repository."""
    image: Image
    access: Access
    namespace: str
    rights: Rights
    values: Path | None = None
    """Values of the chart that go before those that are made here."""


@contextmanager
def agent_release(wanted: Wanted, configured: Configured, chart: Path, env: Mapping[str, str]) -> Iterator[Environment]:
    """The environment with the agent's release; its values lie on the disk while the block lasts.

    Raises UserError for a secret or a file that cannot be read here.
    """
    values = _values(wanted, configured, env)
    with tempfile.TemporaryDirectory(prefix="fairway-") as folder:
        file = Path(folder) / "values.yaml"
        file.touch(mode=0o600)
        file.write_text(dump(values), encoding="utf-8")
        yield agent_environment(wanted.environments[0].cluster, wanted.namespace, str(chart), str(file))


async def make_namespaces(kube: Kube, names: Sequence[str]) -> list[str]:
    """Make those that are missing; their names."""
    made: list[str] = []
    for name in dict.fromkeys(names):
        ref = ObjectRef("v1", "Namespace", "", name)
        if await kube.get(ref) is None:
            with suppress(AlreadyExists):
                await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, ref)
                made.append(name)
    return made


def _values(wanted: Wanted, configured: Configured, env: Mapping[str, str]) -> dict[str, Any]:
    names = [one.name for one in wanted.environments]
    given = _given(wanted.values) if wanted.values else {}
    made = agent_configuration(_written(configured), wanted.access, names)
    generated = chart_values(
        wanted.image,
        wanted.environments[0].cluster.name,
        names,
        wanted.environments_file,
        dump(made.document),
        wanted.rights,
        files=_files(made, configured),
        # Somebody else's Secret holds them under the same keys.
        secrets={}
        if given.get("existingSecret")
        else {key: configured.secret(source, env) for key, source in made.secrets.items()},
    )
    return merge(generated, given)


def _written(configured: Configured) -> dict[str, Any]:
    """fairway.yaml once more, as it stands: it was checked when it was read."""
    if configured.file is None:
        return {}
    found = load(configured.file.read_text(encoding="utf-8"), str(configured.file))
    return found if isinstance(found, dict) else {}


def _files(made: AgentConfiguration, configured: Configured) -> dict[str, str]:
    return {key: _text(configured.path(path)) for key, path in made.files.items()}


def _given(path: Path) -> dict[str, Any]:
    found = load(_text(path), str(path))
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UserError(f"{path} holds no map of values", fix="write key: value lines")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(f"{path} cannot be read: {reason}", fix="correct the path") from error
