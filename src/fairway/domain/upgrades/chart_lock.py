"""Chart.lock after a dependency of Chart.yaml got another version: the entry's version, and the digest over both.

The rule not to break: a lock that does not belong to its Chart.yaml before is not made to look as if it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fairway.domain.charts.dependencies import Dependency, declared, lock_digest, read_lock
from fairway.domain.errors import Position
from fairway.domain.upgrades.splice import splice_all
from fairway.domain.upgrades.written import CannotEdit

CHART_API = "v2"
FIX = "run helm dependency update in the chart's folder"


def relocked(before: bytes, after: bytes, lock: bytes, folder: str, urls: Mapping[str, str]) -> bytes:
    """The Chart.lock for `after`, where `lock` was the one for `before` (both Chart.yaml).

    `urls` gives the address behind a repository name. Raises CannotEdit when the lock does not belong to `before`.
    """
    known = read_lock({"Chart.lock": lock}, CHART_API, folder)
    assert known is not None
    old, new = (_resolved(data, folder, urls) for data in (before, after))
    if known.digest != lock_digest(old, known.dependencies) or len(known.dependencies) != len(new):
        raise CannotEdit("the lock does not belong to this Chart.yaml", where=Position(known.file), fix=FIX)
    locked = list(known.dependencies)
    edits: dict[tuple[str | int, ...], str] = {}
    for number, (was, now) in enumerate(zip(old, new, strict=True)):
        if was.version != now.version:
            entry = locked[number]
            locked[number] = replace(
                entry, version=now.version, written={**(entry.written or {}), "version": now.version}
            )
            edits["dependencies", number, "version"] = now.version
    edits["digest",] = lock_digest(new, locked)
    return splice_all(lock, known.file, edits)


def _resolved(data: bytes, folder: str, urls: Mapping[str, str]) -> list[Dependency]:
    found = declared({"Chart.yaml": data}, CHART_API, folder)
    return [
        replace(item, repository=urls.get(item.repository_name, item.repository)) if item.repository_name else item
        for item in found
    ]
