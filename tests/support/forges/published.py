"""A forge's published API description, against which every request and every answer of the tests is checked."""

from __future__ import annotations

import copy
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "published"


class Mismatch(AssertionError):
    """A request or an answer is not as it was published."""


@lru_cache
def published(name: str) -> Published:
    return Published(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


class Published:
    """OpenAPI 3.0 or Swagger 2.0, trimmed by `trim.py`."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self._whole = whole
        self._swagger = "swagger" in whole
        self._definitions = _as_json_schema(whole, everything_nullable=self._swagger)
        self._paths = [(re.compile(_pattern(path)), path) for path in whole["paths"]]

    def check_request(self, method: str, path: str, query: dict[str, str], body: Any) -> None:
        """The call exists, its query and its body are known to it."""
        operation = self._operation(method, path)
        parameters = [self._resolved(one) for one in operation.get("parameters", [])]
        known = {one["name"]: one for one in parameters if one["in"] == "query"}
        for name, value in query.items():
            if name not in known:
                raise Mismatch(f"{method} {path} takes no {name}=")
            allowed = known[name].get("schema", known[name]).get("enum")
            if allowed and value not in allowed:
                raise Mismatch(f"{method} {path}: {name}={value} is none of {allowed}")
        schema = self._body_schema(operation, parameters)
        if body is None:
            return
        if schema is None:
            raise Mismatch(f"{method} {path} takes no body")
        self._check(schema, body, f"{method} {path}")
        self._no_strangers(schema, body, f"{method} {path}")

    def check_response(self, method: str, path: str, status: int, body: Any) -> None:
        response = self._response(method, path, status)
        schema = response.get("schema") if self._swagger else _json_part(response).get("schema")
        if schema is not None:
            self._check(schema, body, f"{method} {path} → {status}")
        elif body is not None:
            raise Mismatch(f"{method} {path} → {status} has no body")

    def example(self, method: str, path: str, status: int) -> Any:
        """A copy of the published example of an answer."""
        examples = _json_part(self._response(method, path, status)).get("examples") or {}
        first = self._resolved(next(iter(examples.values())))
        return copy.deepcopy(first["value"])

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        # The longest pattern is the most exact one: issues/comments/1 is no issues/{number}.
        found = [known for pattern, known in self._paths if pattern.fullmatch(path)]
        for known in sorted(found, key=lambda one: one.count("{")):
            if method.lower() in self._whole["paths"][known]:
                operation: dict[str, Any] = self._whole["paths"][known][method.lower()]
                return operation
        raise Mismatch(f"no call {method} {path} is published")

    def _response(self, method: str, path: str, status: int) -> dict[str, Any]:
        responses = self._operation(method, path)["responses"]
        if str(status) not in responses:
            raise Mismatch(f"{method} {path} does not answer {status}")
        return self._resolved(responses[str(status)])

    def _body_schema(self, operation: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any] | None:
        if self._swagger:
            return next((one["schema"] for one in parameters if one["in"] == "body"), None)
        return _json_part(self._resolved(operation.get("requestBody") or {})).get("schema")

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._whole
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _check(self, schema: dict[str, Any], value: Any, about: str) -> None:
        converted = _as_json_schema(schema, everything_nullable=self._swagger)
        kept = {key: self._definitions[key] for key in ("components", "definitions") if key in self._definitions}
        errors = sorted(Draft202012Validator({**converted, **kept}).iter_errors(value), key=lambda e: list(e.path))
        if errors:
            first = errors[0]
            raise Mismatch(f"{about}: {'.'.join(map(str, first.path))}: {first.message[:300]}")

    def _no_strangers(self, schema: dict[str, Any], value: Any, about: str) -> None:
        """Every key that is sent is published, at every depth that the schema describes."""
        schema = self._resolved(schema)
        choices = [self._resolved(one) for one in schema.get("oneOf", []) + schema.get("anyOf", [])]
        known = dict(schema.get("properties", {}))
        for choice in choices:
            known |= choice.get("properties", {})
        if isinstance(value, dict) and known:
            for key, item in value.items():
                if key not in known:
                    raise Mismatch(f"{about} takes no {key}")
                self._no_strangers(known[key], item, about)
        elif isinstance(value, list) and "items" in schema:
            for item in value:
                self._no_strangers(schema["items"], item, about)


def _json_part(node: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = (node.get("content") or {}).get("application/json") or {}
    return part


def _pattern(path: str) -> str:
    # A branch or a ref may hold slashes, everything else does not.
    return re.sub(
        r"\{(\w+)\}", lambda m: ".+" if m[1] in ("branch", "ref") else "[^/]+", re.sub(r"([.+])", r"\\\1", path)
    )


def _as_json_schema(node: Any, *, everything_nullable: bool) -> Any:
    """OpenAPI's `nullable` in JSON Schema's words. Gitea gives null without saying so."""
    if isinstance(node, list):
        return [_as_json_schema(item, everything_nullable=everything_nullable) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _as_json_schema(value, everything_nullable=everything_nullable) for key, value in node.items()}
    nullable = made.pop("nullable", False) is True or (everything_nullable and isinstance(made.get("type"), str))
    if not nullable:
        return made
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list):
            made["enum"] = [*made["enum"], None]
        return made
    return {"anyOf": [made, {"type": "null"}]}
