"""Text to values, in one pass over the nodes that libyaml composes (13 ms for 96 KiB).

The rule not to break: values made through an alias are shared, so whoever changes a loaded value copies it first.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, Node, ScalarNode

from fairway.domain.errors import Diagnostic, InvalidInput, Position
from fairway.domain.yaml.positions import Positions, is_merge, key_text
from fairway.domain.yaml.scalars import plain_scalar
from fairway.domain.yaml.syntax import RULE, explain, invalid

MOST_NODES = 1_000_000
"""More nodes than this through aliases is an expansion bomb."""

_TAG = "tag:yaml.org,2002:"


class _Nodes(CParser):
    """libyaml's composer; tag None marks a plain scalar, an empty tag one that is text whatever it says."""

    def descend_resolver(self, parent: object, index: object) -> None: ...

    def ascend_resolver(self) -> None: ...

    def resolve(self, kind: type, value: object, implicit: Any) -> str | None:
        return None if kind is not ScalarNode or implicit[0] else ""


def load(text: str, file: str) -> Any:
    """The value of a text with at most one document; None for an empty one.

    Raises InvalidInput with every duplicate key, or with the one mistake that keeps the text from being read.
    """
    return load_with_positions(text, file)[0]


def load_with_positions(text: str, file: str) -> tuple[Any, Positions]:
    """The value, and where each part of it stands."""
    value, positions, problems = compose(text, file)
    if problems:
        raise InvalidInput(problems)
    return value, positions


def compose(text: str, file: str) -> tuple[Any, Positions, list[Diagnostic]]:
    """As `load_with_positions`, but goes on after duplicate keys (the first one wins) and returns them.

    Raises InvalidInput only when the text cannot be read at all.
    """
    text = text.removeprefix("\ufeff")
    root = _parse(text, file, many=False)[0]
    reader = _Values(file, aliases="&" in text)
    return reader.read(root), Positions(root, file), reader.problems


def compose_nodes(text: str, file: str) -> Node | None:
    """The root node with the marks of everything, for edits; offsets count characters. None for an empty text.

    Raises InvalidInput when the text cannot be read; a byte order mark must be gone.
    """
    return _parse(text, file, many=False)[0]


def load_all(text: str, file: str) -> list[Any]:
    """The values of all documents; empty documents are None. Raises as `load`."""
    text = text.removeprefix("\ufeff")
    reader = _Values(file, aliases="&" in text)
    values = [reader.read(root) for root in _parse(text, file, many=True)]
    if reader.problems:
        raise InvalidInput(reader.problems)
    return values


def _parse(text: str, file: str, *, many: bool) -> list[Node | None]:
    try:
        parser = _Nodes(text)
        if not many:
            return [parser.get_single_node()]
        roots: list[Node | None] = []
        while parser.check_node():
            roots.append(parser.get_node())
        return roots
    except yaml.YAMLError as error:
        raise explain(error, text, file) from error
    except UnicodeEncodeError as error:
        raise invalid("the text is not valid Unicode", Position(file)) from error
    except RecursionError as error:
        raise invalid("lists and maps are nested too deeply", Position(file)) from error


class _Values:
    """Builds values from nodes; collects duplicate keys instead of stopping at them."""

    def __init__(self, file: str, *, aliases: bool) -> None:
        self.problems: list[Diagnostic] = []
        self._file = file
        self._aliases = aliases
        self._made: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._count = 0

    def read(self, root: Node | None) -> Any:
        try:
            return None if root is None else self._value(root)
        except RecursionError as error:
            raise invalid("lists and maps are nested too deeply", Position(self._file)) from error

    def _value(self, node: Node) -> Any:
        if node.__class__ is ScalarNode:
            tag = node.tag
            if tag is None:
                return plain_scalar(node.value)
            return node.value if not tag else self._tagged(node)
        if not self._aliases:
            return self._collection(node)
        identity = id(node)
        if identity in self._made:
            value, size = self._made[identity]
            self._count += size
        elif identity in self._open:
            raise invalid("this value contains itself through an alias", self._at(node))
        else:
            before = self._count
            self._open.add(identity)
            value = self._collection(node)
            self._open.discard(identity)
            self._count += len(node.value)
            self._made[identity] = (value, self._count - before)
        if self._count > MOST_NODES:
            raise invalid(f"aliases expand to more than {MOST_NODES} values", self._at(node))
        return value

    def _collection(self, node: Node) -> Any:
        if node.__class__ is MappingNode:
            return self._mapping(node)
        return [self._value(item) for item in node.value]

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merges: list[Node] = []
        for key, value in node.value:
            if key.__class__ is not ScalarNode:
                fix = 'if this is a {{template}}, put it in quotes: "{{…}}"'
                raise invalid("a list or a map cannot be a key", self._at(key), fix)
            if is_merge(key):
                merges.append(value)
                continue
            name = key_text(key)
            if name == "null" and key.tag is None:
                raise invalid("a key is empty", self._at(key), "write a key before the colon")
            if name in result:
                self._duplicate(node, key, name)
            else:
                result[name] = self._value(value)
        return self._merged(merges, result) if merges else result

    def _merged(self, merges: list[Node], own: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for merge in merges:
            value = self._value(merge)
            for source in value if isinstance(value, list) else [value]:
                if not isinstance(source, dict):
                    raise invalid('"<<" takes a map or a list of maps', self._at(merge))
                for key, inherited in source.items():
                    result.setdefault(key, inherited)
        return {**result, **own}

    def _duplicate(self, node: MappingNode, again: Node, name: str) -> None:
        first = next(key for key, _ in node.value if isinstance(key, ScalarNode) and key_text(key) == name)
        at = self._at(first)
        message = f'the key "{name}" stands already in line {at.line}, column {at.column}'
        fix = "keep one of the two; readers disagree about which one counts"
        self.problems.append(Diagnostic(message, self._at(again), fix, rule="duplicate-key"))

    def _tagged(self, node: ScalarNode) -> Any:
        """Explicit tags as go-yaml takes them: an unknown one leaves the text as it is."""
        tag = str(node.tag).removeprefix(_TAG)
        if tag in ("int", "float", "bool", "null"):
            value = plain_scalar(node.value) if node.value else None
            if isinstance(value, str):
                raise invalid(f"!!{tag} stands before something else", self._at(node), "remove the tag", RULE)
            return value
        if tag == "binary":
            try:
                return base64.b64decode(node.value).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise invalid("!!binary is not base64 of a text", self._at(node)) from error
        return node.value

    def _at(self, node: Node) -> Position:
        return Position(self._file, node.start_mark.line + 1, node.start_mark.column + 1)
