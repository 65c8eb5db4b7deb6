"""Reads a chart folder as Helm would package it.

The rule not to break: links are followed as Helm follows them, but never in a circle, never to devices, and inside of
a fetched repository never out of it (`boundary`): a chart from elsewhere must not read this machine's files.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from fairway.domain.charts.archive import HELM_LIMITS, MIB
from fairway.domain.charts.ignoring import DEFAULT_RULES, IgnoreRules, parse_ignore
from fairway.domain.errors import Terminal, UserError

BOM = b"\xef\xbb\xbf"
Signature = tuple[tuple[str, int, int, int], ...]


class DiskFolders:
    """Chart folders on this machine; a folder whose files did not change is not read again."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Signature, Mapping[str, bytes]]] = {}

    async def read(self, path: Path, boundary: Path | None = None) -> Mapping[str, bytes]:
        return await asyncio.to_thread(self.read_now, path, boundary)

    def read_now(self, path: Path, boundary: Path | None = None) -> Mapping[str, bytes]:
        found = _list(path, boundary)
        signature = tuple((name, info.st_size, info.st_mtime_ns, info.st_ino) for name, _, info in found)
        memo = self._read.get(str(path)) if boundary is None else None
        if memo and memo[0] == signature:
            return memo[1]
        files = {name: _content(full, name) for name, full, _ in found}
        if boundary is None:
            self._read[str(path)] = (signature, files)
        return files


def _list(path: Path, boundary: Path | None) -> list[tuple[str, str, os.stat_result]]:
    top = os.path.realpath(path)
    limit = os.path.realpath(boundary) if boundary else None
    if limit and not _inside(top, limit):
        raise UserError("the chart lies outside of the repository that it was fetched from")
    shown = os.path.relpath(top, limit) if limit else str(path)
    if not os.path.isdir(top):
        what = "is not a folder" if os.path.exists(top) else "does not exist"
        raise UserError(f"the chart folder {shown} {what}", fix="a relative path is relative to the file that names it")
    if not os.path.isfile(os.path.join(top, "Chart.yaml")):
        raise UserError(f"{shown} is not a chart: it has no Chart.yaml", fix="name the folder that holds Chart.yaml")
    found = sorted(_walk(top, "", _rules(top), limit, (top,)), key=lambda item: item[0])
    if not any(name == "Chart.yaml" for name, _, _ in found):
        raise UserError(f"the .helmignore of {shown} hides Chart.yaml", fix="a ! hides all that it does not name")
    if sum(info.st_size for _, _, info in found) > HELM_LIMITS.total:
        raise Terminal(f"the chart in {shown} has more than {HELM_LIMITS.total // MIB} MiB", fix="use .helmignore")
    return found


def _rules(top: str) -> IgnoreRules:
    file = os.path.join(top, ".helmignore")
    try:
        with open(file, encoding="utf-8-sig", errors="replace") as source:
            return parse_ignore(source.read(), file)
    except FileNotFoundError:
        return DEFAULT_RULES


def _walk(
    folder: str, below: str, rules: IgnoreRules, limit: str | None, above: tuple[str, ...]
) -> Iterator[tuple[str, str, os.stat_result]]:
    with os.scandir(folder) as entries:
        items = list(entries)
    for item in items:
        name = f"{below}{item.name}"
        shown = name if limit else item.path
        if item.is_symlink() and limit and not _inside(os.path.realpath(item.path), limit):
            if rules.hides(name, is_folder=False):
                continue
            raise Terminal(f"{name} is a link that leaves the repository that the chart comes from")
        try:
            info = item.stat()
        except OSError as error:
            if rules.hides(name, is_folder=False):
                continue
            raise UserError(f"{shown} cannot be read: {error.strerror}", fix="a link may be broken") from error
        is_folder = stat.S_ISDIR(info.st_mode)
        if rules.hides(name, is_folder=is_folder):
            continue
        if is_folder:
            real = os.path.realpath(item.path) if item.is_symlink() else os.path.join(above[-1], item.name)
            if real in above:
                raise UserError(f"{shown} is a link to a folder around it", fix="remove the link")
            yield from _walk(item.path, f"{name}/", rules, limit, (*above, real))
        elif not stat.S_ISREG(info.st_mode):
            raise UserError(f"{shown} is not a regular file", fix="remove it or name it in .helmignore")
        elif info.st_size > HELM_LIMITS.file:
            raise UserError(
                f"{shown} has {info.st_size // MIB} MiB; a file of a chart may have {HELM_LIMITS.file // MIB} MiB",
                fix="name it in .helmignore",
            )
        else:
            yield name, item.path, info


def _content(full: str, name: str) -> bytes:
    try:
        with open(full, "rb") as source:
            data = source.read()
    except OSError as error:
        raise UserError(f"{full} cannot be read: {error.strerror}") from error
    # Helm drops a byte order mark from every file it loads from a folder.
    return data.removeprefix(BOM)


def _inside(path: str, limit: str) -> bool:
    return path == limit or path.startswith(limit + os.sep)
