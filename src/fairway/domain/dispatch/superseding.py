"""Which deployments are past, because a newer one of the same thing succeeded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

REPLACED = "a newer deployment took its place"


def replaced(succeeded: Iterable[tuple[Hashable, str]]) -> list[str]:
    """Of lines and ids of deployments that succeeded: the ids of all but the newest of each line, oldest first.

    The newest is the one that was accepted last, in whatever order they ended.
    """
    lines: dict[Hashable, list[str]] = defaultdict(list)
    for line, id_ in succeeded:
        lines[line].append(id_)
    return sorted(id_ for ids in lines.values() for id_ in sorted(ids)[:-1])
