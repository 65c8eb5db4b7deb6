"""A YAML file as text and nodes at once: where a value stands, and whether it may be changed there.

The rule not to break: a value that more than one place uses (anchor, alias, merge key) is refused, because an edit of
one place would change the others. Offsets count characters of the text without its byte order mark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import Position, UserError
from fairway.domain.yaml import Path, compose_nodes
from fairway.domain.yaml.positions import is_merge, key_text

BOM = "\ufeff"


class CannotEdit(UserError):
    """The file can be read, but this edit of it is not safe; a human must make it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The value at a path. `key` is the key node of a map's entry, None in a list."""

    node: Node
    key: ScalarNode | None
    in_flow: bool
    """It stands inside of brackets."""


@dataclass(frozen=True)
class WrittenFile:
    file: str
    bom: str
    text: str
    root: Node | None
    sharing: Sharing | None = None
    """None when the text has no anchors."""
    is_json: bool = False

    @cached_property
    def releases(self) -> Mapping[str, list[tuple[int, Node]]]:
        """By name: the number in `releases` and the node of the name. Looked up for one release after the other."""
        found: dict[str, list[tuple[int, Node]]] = {}
        root = entries(self.root) if isinstance(self.root, MappingNode) else []
        items = next((value for key, value in root if key.value == "releases"), None)
        for index, item in enumerate(items.value if isinstance(items, SequenceNode) else ()):
            for key, value in item.value if isinstance(item, MappingNode) else ():
                if key.value == "name" and isinstance(value, ScalarNode):
                    found.setdefault(value.value, []).append((index, value))
                    break
        return found

    def at(self, node: Node) -> Position:
        return Position(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def raw(self, node: Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def with_text(self, start: int, end: int, replacement: str) -> str:
        return self.text[:start] + replacement + self.text[end:]

    def encode(self, text: str) -> bytes:
        return (self.bom + text).encode()

    def find(self, path: Path) -> Found:
        """The value at a path. Raises CannotEdit with the place and reason when it is not there, or not alone there."""
        if self.root is None:
            raise CannotEdit("the file is empty", where=Position(self.file))
        found = Found(self.root, None, is_flow(self.root))
        for depth, part in enumerate(path):
            found = self._step(found, part)
            if self.sharing is not None and self.sharing.is_shared(found.node):
                self._refuse_shared(found, self.sharing.is_first(found.node, path[: depth + 1]))
        return found

    def has(self, path: Path) -> bool:
        """Whether a path is written here, not only inherited through a merge key."""
        node = self.root
        for part in path:
            if isinstance(node, MappingNode):
                node = next((value for key, value in entries(node) if key_text(key) == str(part)), None)
            elif isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
                node = node.value[part]
            else:
                return False
        return node is not None

    def _step(self, found: Found, part: str | int) -> Found:
        node = found.node
        if isinstance(node, MappingNode):
            own = [(key, value) for key, value in entries(node) if key_text(key) == str(part)]
            if len(own) > 1:
                message = f'the key "{part}" stands twice; the first is in line {own[0][0].start_mark.line + 1}'
                raise CannotEdit(message, where=self.at(own[1][0]), fix="keep one of the two")
            if not own:
                merges = [key for key, _ in node.value if is_merge(key)]
                if merges:
                    message = f'"{part}" is not written here, it may come in through <<'
                    raise CannotEdit(message, where=self.at(merges[0]), fix=f"write {part} below this key")
                raise CannotEdit(f'there is no key "{part}"', where=self.at(node))
            key, value = own[0]
            return Found(value, key, found.in_flow or is_flow(value))
        if isinstance(node, SequenceNode):
            if isinstance(part, int) and 0 <= part < len(node.value):
                value = node.value[part]
                return Found(value, None, found.in_flow or is_flow(value))
            raise CannotEdit(f"the list has {len(node.value)} items, there is no item {part}", where=self.at(node))
        raise CannotEdit(f'this is a single value, there is no "{part}" in it', where=self.at(node))

    def _refuse_shared(self, found: Found, first: bool) -> None:
        if first:
            message = "this value has an anchor and is used elsewhere too; the change would reach those places"
            raise CannotEdit(message, where=self.at(found.node), fix="write the value out where it must differ")
        line = found.node.start_mark.line + 1
        where = self.at(found.key) if found.key is not None else self.at(found.node)
        message = f"this value is an alias of the anchor in line {line}"
        raise CannotEdit(message, where=where, fix="write the value itself in the alias's place")


class Sharing:
    """Which nodes several places use, and which of these comes first."""

    def __init__(self, root: Node) -> None:
        self._first: dict[int, Path] = {}
        self._shared: set[int] = set()
        todo: list[tuple[Node, Path]] = [(root, ())]
        while todo:
            node, path = todo.pop()
            if id(node) in self._first:
                self._shared.add(id(node))
                continue
            self._first[id(node)] = path
            if isinstance(node, MappingNode):
                todo += [(value, (*path, _name(key))) for key, value in reversed(node.value)]
            elif isinstance(node, SequenceNode):
                todo += [(item, (*path, i)) for i, item in reversed(list(enumerate(node.value)))]

    def is_shared(self, node: Node) -> bool:
        return id(node) in self._shared

    def is_first(self, node: Node, path: Path) -> bool:
        return self._first[id(node)] == tuple(str(part) if isinstance(part, str) else part for part in path)


@lru_cache(maxsize=2)
def read_written(data: bytes, file: str) -> WrittenFile:
    """Remembers the last files, because places are found in the text that is edited next; nodes are never changed.

    Raises UserError when the file is not UTF-8, InvalidInput when it is not YAML with one document."""
    return written_text(decoded(data, file), file)


def decoded(data: bytes, file: str) -> str:
    """The text of a file, with its byte order mark. Raises UserError with the line when it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte {error.start} is not UTF-8"
        raise UserError(message, where=Position(file, line), fix="save the file as UTF-8") from error


def written_text(text: str, file: str) -> WrittenFile:
    bare = text.removeprefix(BOM)
    root = compose_nodes(bare, file)
    sharing = Sharing(root) if root is not None and "&" in bare else None
    return WrittenFile(file, BOM if bare != text else "", bare, root, sharing, is_json(bare))


def is_json(text: str) -> bool:
    """Whether every reader of JSON takes it too, and must go on to do so."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def entries(node: MappingNode) -> list[tuple[ScalarNode, Node]]:
    """A map's own entries with simple keys, without merge keys."""
    return [(key, value) for key, value in node.value if isinstance(key, ScalarNode) and not is_merge(key)]


def is_flow(node: Node) -> bool:
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def end_of_content(node: Node) -> int:
    """Behind the last character of a value; a block's own end mark is only where the next thing starts."""
    while isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _name(key: Node) -> str:
    return key_text(key) if isinstance(key, ScalarNode) else ""
