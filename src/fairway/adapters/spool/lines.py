"""One line of a spool: `{"run": …}`, `{"deployment": …}`, `{"status": …}`, or a mark about the file itself.

`{"carried": [ids]}` opens a segment of a process that has deployments open from the segment before, which ended with
`{"rotated": true}`. A file that does not end so belongs to a process that is over: what is open in it, is orphaned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from fairway.domain.deployments.journal import Contents, Open, Record
from fairway.domain.deployments.record import Deployment, Run, StatusEntry
from fairway.domain.deployments.wire import deployment_from_plain, run_from_plain, status_from_plain

ROTATED = b'{"rotated":true}\n'

_NAMES: dict[type[Record], str] = {Run: "run", Deployment: "deployment", StatusEntry: "status"}
_READERS: dict[str, Callable[[Any], Record]] = {
    "run": run_from_plain,
    "deployment": deployment_from_plain,
    "status": status_from_plain,
}
_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def encode(records: Sequence[Record]) -> bytes:
    """Whole lines, ready to be appended by a single write."""
    return b"".join([orjson.dumps({_NAMES[type(record)]: record}, option=_OPTIONS) for record in records])


def carried(open_ids: Iterable[str]) -> bytes:
    """The first line of a segment that goes on where a rotated one ended; nothing when nothing is open."""
    ids = sorted(open_ids)
    return orjson.dumps({"carried": ids}, option=_OPTIONS) if ids else b""


def decode(data: bytes, *, is_live: bool) -> Contents:
    """Every readable line; a last line without its newline was cut off by a crash and never counted as kept."""
    records: list[Record] = []
    left = Open()
    rotated = False
    unreadable = 0
    for line in data.splitlines(keepends=True):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("cut off")
            [(name, plain)] = orjson.loads(line).items()
            if name == "carried":
                left = Open(plain)
            elif name == "rotated":
                rotated = True
            else:
                records.append(_READERS[name](plain))
        except (ValueError, KeyError, TypeError, AttributeError):
            # A living writer's last line may be on its way; anything else is damage.
            unreadable += not (is_live and not line.endswith(b"\n"))
    left.note(records)
    orphans = () if is_live or rotated else left.ids
    return Contents(tuple(records), orphans, unreadable)
