"""Adds to a chart folder's files the dependencies that are declared but not under charts/.

The rule not to break: the folder itself is never written; the result is a new set of files. Lock files are obeyed
to the letter: their exact versions, and a lock that does not belong to Chart.yaml is an error.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from fairway.domain.charts.constraints import allows
from fairway.domain.charts.dependencies import (
    Dependency,
    check_constraint,
    declared,
    missing,
    pinned,
    read_lock,
    refuse_missing,
)
from fairway.domain.charts.metadata import parse_metadata
from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartKind, ChartReference
from fairway.services.charts.ports import ChartFolders

Files = Mapping[str, bytes]
FetchArchive = Callable[[ChartReference], Awaitable[tuple[str, bytes]]]

DEEPEST = 20


async def complete(
    files: Files,
    folder: Path,
    folders: ChartFolders,
    fetch: FetchArchive,
    repositories: Mapping[str, str],
    boundary: Path | None,
    origin: str,
    above: tuple[Path, ...] = (),
) -> Files:
    """`files` themselves when nothing is missing, else a new mapping with the missing charts below charts/.

    Raises UserError with the place in Chart.yaml: no repository, unknown repository name, no such folder, a version
    that does not fit, charts that depend on each other in a circle.
    """
    about = parse_metadata(files["Chart.yaml"], f"{origin}/Chart.yaml")
    dependencies = declared(files, about.api_version, origin)
    absent = await asyncio.to_thread(missing, dependencies, files, origin) if dependencies else []
    if not absent:
        return files
    if homeless := [item for item in absent if not item.repository]:
        raise refuse_missing(homeless, about.name)
    for item in absent:
        check_constraint(item)
    lock = read_lock(files, about.api_version, origin)
    wanted = pinned(dependencies, lock, repositories)
    names = {item.name for item in absent}
    if folder in above or len(above) >= DEEPEST:
        raise UserError(f'chart "{about.name}" depends on itself through its dependencies', where=absent[0].position)

    async def one(item: Dependency) -> dict[str, bytes]:
        if item.repository.startswith("file://"):
            return await _local(item, folder, folders, fetch, repositories, boundary, (*above, folder))
        name, archive = await fetch(_reference(item, repositories))
        return {f"charts/{name}": archive}

    added = await _all([one(item) for item in wanted if item.name in names])
    return {**files, **{path: data for part in added for path, data in part.items()}}


async def _all(work: Sequence[Awaitable[dict[str, bytes]]]) -> list[dict[str, bytes]]:
    return list(await asyncio.gather(*work))


async def _local(
    item: Dependency,
    folder: Path,
    folders: ChartFolders,
    fetch: FetchArchive,
    repositories: Mapping[str, str],
    boundary: Path | None,
    above: tuple[Path, ...],
) -> dict[str, bytes]:
    path = _beside(folder, item.repository)
    try:
        own = await folders.read(path, boundary)
    except UserError as error:
        raise UserError(f'dependency "{item.name}": {error.message}', where=item.position, fix=error.fix) from error
    origin = _shown(path, boundary)
    about = parse_metadata(own["Chart.yaml"], f"{origin}/Chart.yaml")
    if about.name != item.name:
        raise UserError(
            f'dependency "{item.name}": the chart in {origin} is called "{about.name}"', where=item.position
        )
    if not allows(item.version, about.version):
        raise UserError(
            f'dependency "{item.name}" wants version {item.version}, {origin} has {about.version}',
            where=item.position,
            fix="change the version in Chart.yaml, or in the dependency",
        )
    files = await complete(own, path, folders, fetch, repositories, boundary, origin, above)
    return {f"charts/{item.name}/{name}": data for name, data in files.items()}


def _shown(path: Path, boundary: Path | None) -> str:
    return os.path.relpath(path, boundary) if boundary else str(path)


def _beside(folder: Path, address: str) -> Path:
    return Path(os.path.normpath(folder / address.removeprefix("file://")))


def _reference(item: Dependency, repositories: Mapping[str, str]) -> ChartReference:
    if name := item.repository_name:
        if name not in repositories:
            known = ", ".join(sorted(repositories)) or "none"
            raise UserError(
                f'dependency "{item.name}": there is no repository "{name}" in helmRepos (known: {known})',
                where=item.position,
                fix="add it to helmRepos in environments.yaml, or write the repository's address",
            )
        return ChartReference(ChartKind.REPOSITORY, f"{name}/{item.name}", item.version or None, item.position)
    address = item.repository
    location = f"{address.rstrip('/')}/{item.name}"
    scheme = address.split("://", 1)[0]
    kinds = {
        "http": ChartKind.REPOSITORY,
        "https": ChartKind.REPOSITORY,
        "oci": ChartKind.OCI,
        "s3": ChartKind.S3,
    }
    if scheme not in kinds:
        raise UserError(
            f'dependency "{item.name}": "{address}" is not an address of a chart repository',
            where=item.position,
            fix="use https://, oci://, s3://, file:// or @name of a repository in helmRepos",
        )
    return ChartReference(kinds[scheme], location, item.version or None, item.position)
