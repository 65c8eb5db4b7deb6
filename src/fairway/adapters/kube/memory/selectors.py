"""Label and field selectors, as the API server understands them.

Source: k8s.io/apimachinery/pkg/labels (`=`, `==`, `!=`, `in`, `notin`, `key`, `!key`) and pkg/fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fairway.domain.manifests.objects import Object

Test = Callable[[Object], bool]

_REQUIREMENT = re.compile(
    r"\s*(?P<not>!)?\s*(?P<key>[\w./-]+)\s*"
    r"(?:(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)|(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?\s*(?:,|$)"
)


def by_labels(selector: str) -> Test:
    """Raises ValueError for a selector that cannot be read."""
    tests: list[Callable[[dict[str, str]], bool]] = []
    place = 0
    while place < len(selector):
        found = _REQUIREMENT.match(selector, place)
        if found is None or found.end() == place:
            raise ValueError(f"unable to parse label selector {selector!r}")
        tests.append(_requirement(found))
        place = found.end()
    return lambda obj: all(test((obj.get("metadata") or {}).get("labels") or {}) for test in tests)


def by_fields(selector: str) -> Test:
    """`metadata.name=web,status.phase!=Failed`; a missing field is the empty text."""
    tests: list[tuple[tuple[str, ...], str, bool]] = []
    for part in filter(None, selector.split(",")):
        path, operator, value = re.split(r"(!=|==|=)", part, maxsplit=1)
        tests.append((tuple(path.strip().split(".")), value.strip(), operator != "!="))
    return lambda obj: all((_text(obj, path) == value) is wanted for path, value, wanted in tests)


def _requirement(found: re.Match[str]) -> Callable[[dict[str, str]], bool]:
    key = found["key"]
    if found["set"]:
        values = {value.strip() for value in found["values"].split(",")}
        if found["set"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found["op"]:
        value = found["value"]
        if found["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    wanted = not found["not"]
    return lambda labels: (key in labels) is wanted


def _text(obj: Any, path: tuple[str, ...]) -> str:
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return "" if obj is None else str(obj)
