"""`fairway.lock.yaml`: versions that win over what the release files beside it say.

The rule not to break: an entry that fits no release changes nothing and is told; one that fits wins over every layer of
values, and over the version of the chart. Contract: docs/spec/lock-file.md.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fairway.domain.errors import UserError
from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.models import CHART_VERSION, Environment, Locked, Release
from fairway.domain.repository.sites import Document, Site
from fairway.domain.values.paths import parse_key

LOCK_FILE = "fairway.lock.yaml"


@dataclass(slots=True)
class _File:
    """One lock file: its entries by name, and which of them a release has."""

    document: Document
    entries: Mapping[str, tuple[Locked, ...]]
    used: set[str] = field(default_factory=set)


def apply_locks(
    environments: Sequence[Environment], locks: Mapping[str, Document], findings: Findings
) -> tuple[Environment, ...]:
    """The environments with their releases locked; `locks` by the folder that they lie in."""
    if not locks:
        return tuple(environments)
    files = {folder: _read(document, findings) for folder, document in locks.items()}
    locked = tuple(
        replace(one, releases=tuple(_release(one.name, release, files, findings) for release in one.releases))
        for one in environments
    )
    for folder, file in files.items():
        _report_strangers(folder, file, environments, findings)
    return locked


def _read(document: Document, findings: Findings) -> _File:
    findings.add(*document.problems)
    site = Site(document.positions)
    value: Any = document.value if document.value is not None else {}
    if not isinstance(value, dict):
        findings.error("wrong-type", "the file must be a map of releases", site.at(), 'write e.g. "prod/web:"')
        return _File(document, {})
    entries: dict[str, tuple[Locked, ...]] = {}
    for name, keys in value.items():
        here = site.into(name)
        if not isinstance(keys, dict):
            findings.error(
                "wrong-type", f"{name} must be a map of keys to versions", here.at(), 'e.g. image.tag: "1.2.3"'
            )
            continue
        found = (_locked(name, key, text, here.into(key), findings) for key, text in keys.items())
        entries[name] = tuple(one for one in found if one is not None)
    return _File(document, entries)


def _locked(entry: str, key: str, value: Any, site: Site, findings: Findings) -> Locked | None:
    try:
        parse_key(key)
    except UserError as error:
        findings.error("bad-value-key", error.message, site.key(), error.fix)
        return None
    if not isinstance(value, str):
        written = site.scalar()
        text = written.text if written is not None else ""
        message = f"{entry}: {key}: {text} is not text without quotes" if text else f"{entry}: {key} must be text"
        findings.error("wrong-type", message, site.at(), f'write "{text}"' if text else "write a version")
        return None
    return Locked(key, value, entry, site.at())


def _release(environment: str, release: Release, files: Mapping[str, _File], findings: Findings) -> Release:
    file = files.get(posixpath.dirname(release.from_file))
    if file is None:
        return release
    found: dict[str, Locked] = {}
    for name in (release.name, f"{environment}/{release.name}"):
        if name in file.entries:
            file.used.add(name)
            found |= {one.key: one for one in file.entries[name]}
    if not found:
        return release
    if release.chart is None:
        one = next(iter(found.values()))
        message = f'release "{release.name}" has no chart, nothing of it can be locked'
        findings.error("bad-value", message, one.position, "change its resource files")
        return release
    for one in found.values():
        _report_needless(release, one, findings)
    version = found.get(CHART_VERSION)
    if version is None or release.chart.version is None:
        return replace(release, locked=tuple(found.values()))
    chart = replace(release.chart, version=version.value, position=version.position)
    return replace(release, locked=tuple(found.values()), chart=chart)


def _report_needless(release: Release, locked: Locked, findings: Findings) -> None:
    """A lock that says what the release's own entry says."""
    same = None
    if locked.key == CHART_VERSION and release.chart is not None and release.chart.version == locked.value:
        same = release.chart.position
    for value in release.values:
        if value.key == locked.key and value.value_from is None:
            same = value.position if value.value == locked.value else None
    if same is not None:
        message = f"{locked.entry}: {locked.key} is {locked.value} in {same} too"
        findings.warning("needless-lock", message, locked.position, "remove it here")


def _report_strangers(folder: str, file: _File, environments: Sequence[Environment], findings: Findings) -> None:
    names = {
        name
        for one in environments
        for release in one.releases
        if posixpath.dirname(release.from_file) == folder
        for name in (release.name, f"{one.name}/{release.name}")
    }
    site = Site(file.document.positions)
    for name in file.entries:
        if name not in file.used:
            message = f'no release file beside this one has "{name}"{suggestion(name, names)}'
            findings.warning("unknown-lock", message, site.key(name), "remove it, or name RELEASE or ENV/RELEASE")
