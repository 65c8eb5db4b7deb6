"""Whether an object is one that the API server would take: known fields, right types, nothing missing.

The rule not to break: values are never quoted in a message unless they are one of a few words (an enum): they may be
secret. Null counts as absent, as it does for the server.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fairway.domain.kubernetes.schemas import Schema, Schemas
from fairway.domain.manifests.objects import Object
from fairway.domain.repository.findings import suggestion

JsonPath = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_WORDS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_MOST = 50
"""Problems of one object that are looked for."""


class Problem(StrEnum):
    UNKNOWN = "unknown-field"
    TYPE = "wrong-field-type"
    MISSING = "missing-field"
    VALUE = "bad-field-value"


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One mistake. `path` leads to it; for a missing field, to the field that should be there."""

    kind: Problem
    path: JsonPath
    message: str

    @property
    def key(self) -> str:
        """The innermost name, for finding the line in a template."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")


def problems_of(obj: Object, schema: Schema, schemas: Schemas) -> list[SchemaProblem]:
    """Everything in which an object breaks its schema, in the object's order; `status` is the server's own."""
    found: list[SchemaProblem] = []
    for problem in _walk({key: value for key, value in obj.items() if key != "status"}, schema, schemas, ()):
        found.append(problem)
        if len(found) == _MOST:
            break
    return found


def path_text(path: JsonPath) -> str:
    """`spec.template.spec.containers[0].image`; keys with dots stand in brackets: `metadata.labels["a.b/c"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


def _walk(value: Any, schema: Schema, schemas: Schemas, path: JsonPath) -> Iterator[SchemaProblem]:
    if value is None:
        return
    if schema.types and not _is_of(value, schema.types):
        wanted = " or ".join(_WORDS.get(one, one) for one in sorted(schema.types))
        yield SchemaProblem(Problem.TYPE, path, f"{path_text(path)} must be {wanted}, it is {_word(value)}")
        return
    if isinstance(value, dict):
        yield from _map(value, schema, schemas, path)
    elif isinstance(value, list):
        item = schemas.item(schema)
        if item is not None:
            for i, one in enumerate(value):
                yield from _walk(one, item, schemas, (*path, i))
    else:
        yield from _scalar(value, schema, path)


def _map(value: Mapping[str, Any], schema: Schema, schemas: Schemas, path: JsonPath) -> Iterator[SchemaProblem]:
    for key, inner in value.items():
        below = schemas.field(schema, key)
        if below is not None:
            yield from _walk(inner, below, schemas, (*path, key))
        elif not schema.open:
            near = suggestion(key, schema.fields, most=8)
            yield SchemaProblem(Problem.UNKNOWN, (*path, key), f"unknown field {path_text((*path, key))}{near}")
    for key in schema.required:
        if value.get(key) is None:
            where = path_text((*path, key))
            yield SchemaProblem(Problem.MISSING, (*path, key), f"{where} is missing and must be there")


def _scalar(value: Any, schema: Schema, path: JsonPath) -> Iterator[SchemaProblem]:
    # An empty text stands for the default wherever Kubernetes takes one of a few words.
    if schema.enum and value not in schema.enum and value != "":
        known = ", ".join(sorted(map(str, schema.enum)))
        shown = f' "{value}"' if isinstance(value, str) and len(value) < 40 else ""
        yield SchemaProblem(Problem.VALUE, path, f"{path_text(path)}{shown} is not one of {known}")
    elif schema.bytes_ and isinstance(value, str) and not _is_base64(value):
        yield SchemaProblem(Problem.VALUE, path, f"{path_text(path)} is not base64")
    elif schema.pattern is not None and isinstance(value, str) and not schema.pattern.search(value):
        yield SchemaProblem(Problem.VALUE, path, f"{path_text(path)} does not match {schema.pattern.pattern}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if schema.minimum is not None and value < schema.minimum:
            yield SchemaProblem(Problem.VALUE, path, f"{path_text(path)} is less than {schema.minimum:g}")
        if schema.maximum is not None and value > schema.maximum:
            yield SchemaProblem(Problem.VALUE, path, f"{path_text(path)} is more than {schema.maximum:g}")


def _is_of(value: Any, types: frozenset[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, str):
        return "string" in types
    if isinstance(value, dict):
        return "object" in types
    if isinstance(value, list):
        return "array" in types
    if "number" in types:
        return True
    return "integer" in types and (isinstance(value, int) or float(value).is_integer())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "a map"
    return "a list" if isinstance(value, list) else "a number"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split("\n")).replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
