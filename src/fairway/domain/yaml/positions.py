"""Where each value of a YAML document stands, found on demand: most positions are never asked for.

The rule not to break: asking never fails. A path that is not in the document answers with the nearest thing that is.
"""

from __future__ import annotations

from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import Position
from fairway.domain.yaml.scalars import plain_scalar, scalar_text

Path = tuple[str | int, ...]

MERGE_KEY = "<<"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as it stands in the file; `plain` means written without quotes, block or tag."""

    text: str
    plain: bool


class Positions:
    """Positions of one document. A path is a tuple of keys and list indices; `()` is the document itself."""

    def __init__(self, root: Node | None, file: str) -> None:
        self.file = file
        self._root = root
        self._children: dict[int, dict[str, tuple[Node, Node]]] = {}

    def __getitem__(self, path: Path) -> Position:
        """Where the value at `path` starts."""
        return self._at(self._find(path)[1])

    def key(self, path: Path) -> Position:
        """Where the key of `path` starts; for a list item, the item."""
        return self._at(self._find(path)[0])

    def scalar(self, path: Path) -> Scalar | None:
        """The scalar at `path` as written, or None when there is none."""
        _, node, exact = self._find(path)
        if not exact or not isinstance(node, ScalarNode):
            return None
        return Scalar(node.value, node.tag is None)

    def __contains__(self, path: Path) -> bool:
        return self._find(path)[2]

    def _at(self, node: Node | None) -> Position:
        if node is None:
            return Position(self.file)
        return Position(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _find(self, path: Path) -> tuple[Node | None, Node | None, bool]:
        """(key node, value node, whether the whole path exists)."""
        key = value = self._root
        for part in path:
            if isinstance(value, MappingNode):
                found = self._entries(value).get(str(part))
                if found is None:
                    return key, value, False
                key, value = found
            elif isinstance(value, SequenceNode) and isinstance(part, int) and 0 <= part < len(value.value):
                key = value = value.value[part]
            else:
                return key, value, False
        return key, value, value is not None

    def _entries(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        entries = self._children.get(id(node))
        if entries is None:
            entries = self._children[id(node)] = {}
            for key, value in node.value:
                if is_merge(key):
                    for source in value.value if isinstance(value, SequenceNode) else [value]:
                        if isinstance(source, MappingNode):
                            for name, entry in self._entries(source).items():
                                entries.setdefault(name, entry)
            for key, value in node.value:
                if isinstance(key, ScalarNode) and not is_merge(key):
                    entries[key_text(key)] = (key, value)
        return entries


def is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.tag is None and key.value == MERGE_KEY


def key_text(key: ScalarNode) -> str:
    """A key as Helm sees it after the JSON step: always text (`1:` is "1", `on:` is "true")."""
    return scalar_text(plain_scalar(key.value)) if key.tag is None else str(key.value)
