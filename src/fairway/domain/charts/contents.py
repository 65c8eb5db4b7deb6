"""A chart as its files: digest, metadata, and whether rendering it asks the cluster.

The rule not to break: the digest depends on names and bytes alone, so the same chart has it on every machine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.metadata import ChartMetadata, parse_metadata

_ACTION = re.compile(
    rb"""\{\{(?:-\s)?\s*(?:/\*.*?\*/|(?:"(?:\\.|[^"\\\n])*+"|`[^`]*+`|'(?:\\.|[^'\\\n])*+'|[^"`'}]|\}(?!\}))*+)""",
    re.DOTALL,
)
_CALL = re.compile(rb"(?<![.\w$-])lookup(?![\w-])")
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """What Fairway must know about a chart before it renders it."""

    metadata: ChartMetadata
    uses_lookup: bool
    uses_capabilities: bool


def facts_of(files: Mapping[str, bytes], origin: str) -> ChartFacts:
    """Read Chart.yaml and what the templates ask for. Raises InvalidInput with places below `origin`."""
    metadata = parse_metadata(files["Chart.yaml"], f"{origin}/Chart.yaml")
    asks = asks_of(files, origin)
    return ChartFacts(metadata, "lookup" in asks, "capabilities" in asks or bool(metadata.kube_version))


def digest_of(files: Mapping[str, bytes]) -> str:
    """`sha256:<hex>` over every file's path, size and bytes, in path order."""
    total = hashlib.sha256()
    for path in sorted(files):
        data = files[path]
        total.update(f"{path}\0{len(data)}\0".encode(errors="surrogateescape"))
        total.update(data)
    return f"sha256:{total.hexdigest()}"


def digest_of_archive(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def asks_of(files: Mapping[str, bytes], origin: str, depth: int = 0) -> set[str]:
    """Which of `lookup` and `capabilities` rendering the chart or a sub-chart of it may use.

    Errs towards yes: any file may be handed to `tpl`, so all are searched; in default values the bare word counts.
    """
    found: set[str] = set()
    for path, data in files.items():
        if path.startswith("charts/") and path.endswith(".tgz") and path.count("/") == 1:
            if depth >= _DEEPEST:
                return {"lookup", "capabilities"}
            found |= asks_of(read_archive(data, f"{origin}/{path}"), f"{origin}/{path}", depth + 1)
            continue
        if b"Capabilities" in data:
            found.add("capabilities")
        if "lookup" not in found and b"lookup" in data and (_value_says(path, data) or _action_calls(data)):
            found.add("lookup")
    return found


def asks_of_values(values: Any) -> set[str]:
    """The same for what a release sets: a chart may hand any text of it to `tpl`. The bare words count."""
    if isinstance(values, str):
        found = {"capabilities"} if "Capabilities" in values else set()
        return found | {"lookup"} if "lookup" in values and _CALL.search(values.encode()) else found
    if isinstance(values, Mapping):
        values = [*values, *values.values()]
    if isinstance(values, list):
        return {word for value in values for word in asks_of_values(value)}
    return set()


def _value_says(path: str, data: bytes) -> bool:
    if path.rsplit("/", 1)[-1] != "values.yaml":
        return False
    return any(_CALL.search(line) for line in data.splitlines() if not line.lstrip().startswith(b"#"))


def _action_calls(data: bytes) -> bool:
    return any(_CALL.search(action[0]) for action in _ACTION.finditer(data) if b"/*" not in action[0][:6])
