"""What a team asks for: the payload of a deployment, checked down to each resource.

The rule not to break: whatever the JSON is, nothing but `Malformed` comes out of here, and it names the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from fairway.domain.dispatch.answers import shown
from fairway.domain.dispatch.requests import PAYLOAD_MAJOR
from fairway.domain.errors import UserError
from fairway.domain.manifests.objects import Object

KEYS = ("version", "team", "kubernetes")
DEEPEST = 90
"""Levels of lists and objects in a resource."""
LARGEST_INTEGER = 2**53
"""The message to the clusters carries numbers as doubles."""
_LONGEST_TEAM = 100
_LONGEST_NAME = 253
_LARGEST_VERSION = 2**31 - 1
_SEMVER = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+][0-9A-Za-z.+-]{1,100})?")

Version = tuple[int, int, int]


class Malformed(UserError):
    """`place: what is wrong there`."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}" if place else what)


@dataclass(frozen=True, slots=True)
class Payload:
    """`team` and `resources` may be empty: that is somebody else's complaint."""

    version: Version
    team: str
    resources: tuple[Object, ...]


def read_payload(value: Any) -> Payload:
    """The payload as GitHub hands it on: an object, or that object as JSON in a text. Raises Malformed."""
    if isinstance(value, str):
        value = _parse(value)
    if value is None or value == {}:
        raise Malformed("", "it is empty; expected version, team and kubernetes.resources")
    payload = _object(value, "")
    for key in payload:
        if key not in KEYS:
            raise Malformed("", f"unknown key '{shown(key, 50)}'; known: {', '.join(KEYS)}")
    kubernetes = payload.get("kubernetes")
    resources = None if kubernetes is None else _object(kubernetes, "kubernetes").get("resources")
    return Payload(
        read_version(payload.get("version")),
        read_team(payload.get("team")),
        read_resources(resources, "kubernetes.resources"),
    )


def read_version(value: Any) -> Version:
    """The version of the payload's form: `[1, 0, 0]` or `"1.0.0"`. Raises Malformed."""
    numbers: Any = value
    if value is None:
        raise Malformed("version", "it is missing; write [1, 0, 0]")
    if isinstance(value, str):
        found = _SEMVER.fullmatch(value)
        numbers = [int(one) for one in found.groups()] if found else None
    if (
        not isinstance(numbers, list)
        or len(numbers) != 3
        or not all(type(one) is int and 0 <= one <= _LARGEST_VERSION for one in numbers)
    ):
        raise Malformed("version", "expected three numbers like [1, 0, 0]")
    if numbers[0] != PAYLOAD_MAJOR:
        name = ".".join(str(one) for one in numbers)
        raise Malformed("version", f"version {name} of the payload is not supported, only {PAYLOAD_MAJOR}.x.y is")
    return numbers[0], numbers[1], numbers[2]


def read_team(value: Any, place: str = "team") -> str:
    """The team's slug; empty when it is missing. Raises Malformed."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(place, f"expected a text, found {_kind_of(value)}")
    team = value.strip()
    if len(team) > _LONGEST_TEAM or not team.isprintable():
        raise Malformed(place, f"'{shown(team, 40)}' can't be a team")
    return team


def read_resources(value: Any, place: str = "resources") -> tuple[Object, ...]:
    """Kubernetes objects, each with what it takes to apply it; none when they are missing. Raises Malformed."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(place, f"expected a list, found {_kind_of(value)}")
    for number, resource in enumerate(value):
        _check_resource(resource, f"{place}[{number}]")
    return tuple(value)


def _check_resource(value: Any, place: str) -> None:
    resource = _object(value, place)
    for key in ("apiVersion", "kind"):
        _check_name(resource.get(key), f"{place}.{key}")
    metadata = _object(resource.get("metadata"), f"{place}.metadata")
    if metadata.get("name") in (None, "") and metadata.get("generateName"):
        raise Malformed(f"{place}.metadata.name", "it is missing, and what only has a generateName can't be applied")
    _check_name(metadata.get("name"), f"{place}.metadata.name")
    if metadata.get("namespace") is not None:
        _check_name(metadata["namespace"], f"{place}.metadata.namespace")
    for key in ("labels", "annotations"):
        if metadata.get(key) is not None:
            _object(metadata[key], f"{place}.metadata.{key}")
    _check_values(resource, place)


def _check_name(value: Any, place: str) -> None:
    if value in (None, ""):
        raise Malformed(place, "it is missing")
    if not isinstance(value, str):
        raise Malformed(place, f"expected a text, found {_kind_of(value)}")
    if len(value) > _LONGEST_NAME or not value.isprintable():
        raise Malformed(place, f"'{shown(value, 40)}' is no name")


def _check_values(resource: Object, place: str) -> None:
    """Without recursion: how deep it goes is what somebody else decided."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(resource, ())]
    while waiting:
        value, path = waiting.pop()
        if len(path) > DEEPEST:
            raise Malformed(place, f"it is nested more than {DEEPEST} levels deep")
        for key, item in _items(value):
            if isinstance(item, dict | list):
                waiting.append((item, (*path, key)))
            elif type(item) is int and not -LARGEST_INTEGER <= item <= LARGEST_INTEGER:
                raise Malformed(place + _as_text((*path, key)), f"{item} is too large for a number; write it as a text")


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    yield from value.items() if isinstance(value, dict) else enumerate(value)


def _as_text(path: tuple[str | int, ...]) -> str:
    return shown("".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path), 200)


def _parse(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed("", f"the text is not JSON: {json_problem(error)}") from None


def json_problem(error: orjson.JSONDecodeError) -> str:
    """What is wrong, and where; nothing of the document."""
    return f"{error.msg} at line {error.lineno}, column {error.colno}"


def _object(value: Any, place: str) -> dict[str, Any]:
    if value is None:
        raise Malformed(place, "it is missing")
    if not isinstance(value, dict):
        raise Malformed(place, f"expected an object, found {_kind_of(value)}")
    return value


def _kind_of(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"
