"""YAML documents as Helm and the Kubernetes client read them, through the SDK's own parser.

Python's YAML libraries disagree with Go's about booleans, octals, exponents and dates, so they are not used, with one
exception: the SDK gives numbers as 64-bit floats, and integers beyond 2**53 are read once more, exactly.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from threading import Lock
from typing import Any

import orjson
from helm_python.errors import HelmError

from fairway.adapters.helm import native
from fairway.adapters.helm.failures import yaml_reason
from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.head import UnreadableDocument
from fairway.domain.manifests.lists import flatten
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.split import split_stream

CACHE_LIMIT = 8 * 1024 * 1024
"""Characters of document text remembered: what was just rendered is parsed next."""

_LONG_NUMBER = re.compile(r"[0-9][0-9_]{15,}")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_EXACT = 2**53


class YamlReader:
    """Reads one document at a time; may be shared between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cache: OrderedDict[str, bytes | str] = OrderedDict()
        self._cached = 0

    def read(self, text: str) -> Object:
        """A fresh object, empty for comments; raises `UnreadableDocument` for what is no mapping."""
        with self._lock:
            known = self._cache.get(text)
            if known is not None:
                self._cache.move_to_end(text)
        if known is None:
            known = self._parse(text)
            self._remember(text, known)
        document: Object = orjson.loads(known)
        return document

    def _parse(self, text: str) -> bytes | str:
        try:
            parsed = native.read_yaml(text)
        except HelmError as error:
            raise UnreadableDocument(yaml_reason(str(error))) from error
        if not _LONG_NUMBER.search(text):
            return parsed
        return orjson.dumps(_with_exact_integers(text, orjson.loads(parsed)))

    def _remember(self, text: str, parsed: bytes | str) -> None:
        with self._lock:
            if text in self._cache:
                return
            self._cache[text] = parsed
            self._cached += len(text) + len(parsed)
            while self._cached > CACHE_LIMIT:
                old, value = self._cache.popitem(last=False)
                self._cached -= len(old) + len(value)


def parse_manifest(text: str, reader: YamlReader) -> list[tuple[str, Object]]:
    """Documents and what they hold; the items of a `List` come one by one, each with the list's text.

    Raises `UserError` with the template's path where the document names it.
    """
    try:
        documents = split_stream(text)
    except ValueError as error:
        raise UserError(f"the manifest cannot be read: {error}", fix="indent or quote that line") from error
    return [(document, item) for document in documents for item in flatten(_read(document, reader)) if item]


def _read(document: str, reader: YamlReader) -> Object:
    try:
        return reader.read(document)
    except UnreadableDocument as error:
        first = document.split("\n", 1)[0]
        where = Position(first.removeprefix("# Source: ").strip()) if first.startswith("# Source: ") else None
        raise UserError(
            f"a document of the manifest is not readable: {error}", where=where, fix="correct the template"
        ) from error


def _with_exact_integers(text: str, document: Object) -> Object:
    import yaml

    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    fixed = _exact(root, document)
    return fixed if isinstance(fixed, dict) else document


def _exact(node: Any, value: Any) -> Any:
    import yaml

    if isinstance(node, yaml.MappingNode) and isinstance(value, dict):
        for key, child in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in value:
                value[key.value] = _exact(child, value[key.value])
    elif isinstance(node, yaml.SequenceNode) and isinstance(value, list):
        value[:] = [_exact(child, item) for child, item in zip(node.value, value, strict=False)]
    elif isinstance(node, yaml.ScalarNode) and isinstance(value, int | float) and _INTEGER.fullmatch(node.value):
        exact = int(node.value.replace("_", ""))
        if abs(exact) > _EXACT and -(2**63) <= exact < 2**63:
            return exact
    return value
