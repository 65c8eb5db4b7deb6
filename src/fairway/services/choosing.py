"""Which environments and releases a command means, and the default environment that `fairway use` remembers.

The rule not to break: nothing is guessed between several. When it is not clear, the error lists what can be named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from fairway.domain.errors import UserError
from fairway.domain.repository.findings import suggestion
from fairway.domain.repository.models import Environment, Release, Repository

_FILE = "environments.json"


def choose_environments(
    repository: Repository,
    environment: str | None = None,
    cluster: str | None = None,
    default: str | None = None,
    *,
    every: bool = False,
) -> tuple[Environment, ...]:
    """The environment that is named, or all of a cluster, or the default, or the only one; with `every`, all.

    Raises UserError for a name that does not exist, and when several could be meant.
    """
    names = [one.name for one in repository.environments]
    if environment is not None:
        found = repository.environment(environment)
        if found is None:
            raise UserError(f'no environment "{environment}"{suggestion(environment, names)}', fix=_fix(repository))
        if cluster is not None and found.cluster.name != cluster:
            raise UserError(f'environment "{environment}" is in cluster "{found.cluster.name}", not "{cluster}"')
        return (found,)
    if cluster is not None:
        clusters = [one.name for one in repository.clusters]
        if cluster not in clusters:
            raise UserError(f'no cluster "{cluster}"{suggestion(cluster, clusters)}', fix="see fairway list cluster")
        return tuple(one for one in repository.environments if one.cluster.name == cluster)
    if every:
        return repository.environments
    if default is not None and (found := repository.environment(default)) is not None:
        return (found,)
    if len(repository.environments) == 1:
        return repository.environments
    if not names:
        raise UserError(f"{repository.environments_file} has no environments")
    fix = f"name one of {', '.join(names)}, or set a default with fairway use {names[0]}"
    raise UserError("which environment?", fix=fix)


def choose_releases(environment: Environment, names: Iterable[str]) -> tuple[Release, ...]:
    """The releases of these names in declared order; all when none is named. UserError lists every unknown name."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return environment.releases
    known = [release.name for release in environment.releases]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        parts = "; ".join(f'no release "{name}" in {environment.name}{suggestion(name, known)}' for name in unknown)
        raise UserError(parts, fix=f"see fairway list release {environment.name}")
    return tuple(release for release in environment.releases if release.name in wanted)


def _fix(repository: Repository) -> str:
    return f"see fairway list env -f {os.path.relpath(repository.environments_file)}"


def default_environment(config_dir: Path, environments_file: Path) -> str | None:
    """What `fairway use` remembered for this file; None when nothing or when the memory cannot be read."""
    return _remembered(config_dir).get(os.path.abspath(environments_file))


def remember_environment(config_dir: Path, environments_file: Path, environment: str | None) -> None:
    """Remember the default environment of a file, or forget it. Raises UserError when it cannot be written."""
    remembered = _remembered(config_dir)
    key = os.path.abspath(environments_file)
    if environment is None:
        remembered.pop(key, None)
    else:
        remembered[key] = environment
    path = config_dir / _FILE
    try:
        config_dir.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps(remembered, indent=2) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        fix = "name the environment in each command, or set FAIRWAY_CONFIG_DIR to a folder that can be written"
        raise UserError(f"cannot write {path}: {error.strerror}", fix=fix) from error


def _remembered(config_dir: Path) -> dict[str, str]:
    try:
        read = json.loads((config_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in read.items() if isinstance(value, str)} if isinstance(read, dict) else {}
