"""The few fields by which Helm sorts a document: apiVersion, kind, name, annotations.

Helm decodes them into Go strings, so numbers and booleans are taken as their text and anything else is an error.
Source: `SimpleHead` in Helm v4, pkg/release/v1/util/manifest.go, and sigs.k8s.io/yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UnreadableDocument(ValueError):
    """The text is no YAML, or not the shape of a Kubernetes object; the message says which."""


@dataclass(frozen=True, slots=True)
class Head:
    api_version: str = ""
    kind: str = ""
    name: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


def head_of(document: Mapping[str, Any]) -> Head:
    """Raises `UnreadableDocument` where Helm refuses the document."""
    metadata = document.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, Mapping):
        raise UnreadableDocument(f"metadata must be a mapping, not {_word(metadata)}")
    annotations = metadata.get("annotations")
    if annotations is None:
        annotations = {}
    if not isinstance(annotations, Mapping):
        raise UnreadableDocument(f"metadata.annotations must be a mapping, not {_word(annotations)}")
    return Head(
        _text(document.get("apiVersion"), "apiVersion"),
        _text(document.get("kind"), "kind"),
        _text(metadata.get("name"), "metadata.name"),
        {str(key): _text(value, f"metadata.annotations.{key}") for key, value in annotations.items()},
    )


def _text(value: Any, field_path: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise UnreadableDocument(f"{field_path} must be a string, not {_word(value)}")


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else "a single value"
