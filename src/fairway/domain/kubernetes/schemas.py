"""What a kind's fields may hold: OpenAPI v3 schemas as API servers publish them, made ready for fast checking.

The rule not to break: what an API server would accept is never called wrong; where a schema says more than the server
enforces, `_NOT_ENFORCED` says so.
Source: the OpenAPI v3 documents below /openapi/v3, and structural schemas of CustomResourceDefinitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.domain.manifests.objects import Object

_REF = "#/components/schemas/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_LISTED = "x-kubernetes-group-version-kind"

_KEPT = ("type", "format", "required", "enum", "$ref", "minimum", "maximum", "pattern")
_FLAGS = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string", "x-kubernetes-embedded-resource")

_NOT_ENFORCED = {
    ("NetworkPolicySpec", "podSelector"),
    ("HTTPHeader", "value"),
    ("Sysctl", "value"),
    ("CustomResourceDefinitionVersion", "served"),
    ("CustomResourceDefinitionVersion", "storage"),
    ("ControllerRevision", "revision"),
    ("ISCSIVolumeSource", "lun"),
    ("ISCSIPersistentVolumeSource", "lun"),
}
"""(definition's last name, field) that documents call required and servers take without: empty, 0 or false is meant."""


@dataclass(slots=True)
class Schema:
    """One schema; what it contains is looked up when it is needed, so recursive schemas work."""

    types: frozenset[str] = frozenset()
    """JSON types that are taken; empty: any."""
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extra: Mapping[str, Any] | None = None
    """Schema of values under keys that are not in `fields`."""
    items: Mapping[str, Any] | None = None
    required: tuple[str, ...] = ()
    enum: frozenset[Any] = frozenset()
    open: bool = True
    """Whether keys beyond `fields` are taken."""
    bytes_: bool = False
    """Text that must be base64."""
    minimum: float | None = None
    maximum: float | None = None
    pattern: re.Pattern[str] | None = None
    compiled: dict[str, Schema] = field(default_factory=dict)


class Schemas:
    """The schemas of one cluster or version. `definitions` and `kinds` are as `compact` gives them."""

    def __init__(self, definitions: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, str]) -> None:
        self._definitions = dict(definitions)
        self._kinds = dict(kinds)
        self._tops = frozenset(self._kinds.values())
        self._named: dict[str, Schema] = {}

    def of(self, api_version: str, kind: str) -> Schema | None:
        """The schema of a kind; None when it is not known here."""
        name = self._kinds.get(f"{api_version} {kind}")
        return self._by_name(name) if name is not None else None

    def field(self, schema: Schema, name: str) -> Schema | None:
        """The schema of what stands under a key; None when the key is not one of the schema's."""
        if (known := schema.compiled.get(name)) is not None:
            return known
        raw = schema.fields.get(name)
        if raw is None:
            raw = schema.extra
            if raw is None:
                return None
            name = "*"
            if (known := schema.compiled.get(name)) is not None:
                return known
        made = schema.compiled[name] = self._made(raw)
        return made

    def item(self, schema: Schema) -> Schema | None:
        """The schema of a list's items."""
        if schema.items is None:
            return None
        if (known := schema.compiled.get("[]")) is None:
            known = schema.compiled["[]"] = self._made(schema.items)
        return known

    def with_crds(self, crds: Iterable[Object]) -> Schemas:
        """These schemas and those of custom resources that CustomResourceDefinition objects define."""
        definitions, kinds = dict(self._definitions), dict(self._kinds)
        for crd in crds:
            spec = crd.get("spec")
            if not isinstance(spec, Mapping):
                continue
            for version, raw in _versions_of(spec):
                api_version = f"{spec.get('group')}/{version}"
                kind = str((spec.get("names") or {}).get("kind"))
                definitions[f"{api_version}/{kind}"] = _compacted(raw)
                kinds[f"{api_version} {kind}"] = f"{api_version}/{kind}"
        return Schemas(definitions, kinds)

    def _by_name(self, name: str) -> Schema:
        if (known := self._named.get(name)) is None:
            known = self._named[name] = self._compile(self._definitions.get(name) or {}, name, top=name in self._tops)
        return known

    def _made(self, raw: Mapping[str, Any]) -> Schema:
        name = raw.get("$ref")
        return self._by_name(str(name)) if name is not None else self._compile(raw, "")

    def _compile(self, raw: Mapping[str, Any], name: str, *, top: bool = False) -> Schema:
        fields = dict(raw.get("properties") or {})
        if top:
            meta: Mapping[str, Any] = {"$ref": _META} if _META in self._definitions else {}
            fields = {**fields, "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": meta}
        if raw.get("x-kubernetes-embedded-resource"):
            fields = {"apiVersion": {}, "kind": {}, "metadata": {}, **fields}
        extra = raw.get("additionalProperties")
        short = name.rpartition(".")[2]
        return Schema(
            types=_types(raw),
            fields=fields,
            extra=extra if isinstance(extra, Mapping) else None,
            items=raw.get("items"),
            required=tuple(one for one in raw.get("required") or () if (short, one) not in _NOT_ENFORCED),
            enum=frozenset(raw.get("enum") or ()),
            open=not fields or extra is True or bool(raw.get("x-kubernetes-preserve-unknown-fields")),
            bytes_=raw.get("format") == "byte",
            minimum=raw.get("minimum"),
            maximum=raw.get("maximum"),
            pattern=_pattern(raw.get("pattern")),
        )


def compact(documents: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """(definitions by name, `apiVersion kind` → name) of OpenAPI documents, without what checking does not need."""
    definitions: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for document in documents:
        for name, raw in ((document.get("components") or {}).get("schemas") or {}).items():
            definitions[name] = _compacted(raw)
            listed: list[Mapping[str, Any]] = raw.get(_LISTED) or []
            # Options of deletion and the like are listed under every group: only a kind of its own counts.
            if len(listed) == 1:
                group, version, kind = (str(listed[0].get(key, "")) for key in ("group", "version", "kind"))
                kinds[f"{group}/{version} {kind}" if group else f"{version} {kind}"] = name
    return definitions, kinds


def _compacted(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        return {}
    parts: list[Mapping[str, Any]] = raw.get("allOf") or []
    if "$ref" not in raw and len(parts) == 1 and "$ref" in parts[0]:
        return {"$ref": str(parts[0]["$ref"]).removeprefix(_REF)}
    out: dict[str, Any] = {key: raw[key] for key in _KEPT if key in raw}
    out.update({key: True for key in _FLAGS if raw.get(key)})
    if "$ref" in out:
        return {"$ref": str(out["$ref"]).removeprefix(_REF)}
    if one_of := raw.get("oneOf"):
        types = sorted({str(one.get("type")) for one in one_of if isinstance(one, Mapping) and set(one) == {"type"}})
        if types and "type" not in out:
            out["type"] = types
    if "properties" in raw:
        out["properties"] = {name: _compacted(value) for name, value in raw["properties"].items()}
    if "items" in raw:
        out["items"] = _compacted(raw["items"])
    extra = raw.get("additionalProperties")
    if extra is True or isinstance(extra, Mapping):
        out["additionalProperties"] = True if extra is True else _compacted(extra)
    return out


def _types(raw: Mapping[str, Any]) -> frozenset[str]:
    if raw.get("x-kubernetes-int-or-string") or raw.get("format") == "int-or-string":
        return frozenset({"integer", "string"})
    declared = raw.get("type")
    if isinstance(declared, list):
        return frozenset(declared)
    return frozenset({declared} if declared else ())


def _pattern(text: Any) -> re.Pattern[str] | None:
    """Patterns are written for Go's RE2; one that Python cannot read is left to the server."""
    try:
        return re.compile(text) if isinstance(text, str) else None
    except re.error:
        return None


def _versions_of(spec: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for version in spec.get("versions") or ():
        if isinstance(version, Mapping) and version.get("served", True):
            schema = (version.get("schema") or spec.get("validation") or {}).get("openAPIV3Schema")
            if isinstance(schema, Mapping):
                yield str(version.get("name")), schema
