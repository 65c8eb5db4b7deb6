"""The text of a scalar in its file: in the quotes that the old one had, and never read as anything but that text.

The rule not to break: what is written reads back as exactly the given text, in block and in flow context.
"""

from __future__ import annotations

import re

from yaml.nodes import MappingNode, ScalarNode

from fairway.domain.errors import UserError
from fairway.domain.yaml import compose_nodes, plain_scalar

_OTHER_READERS = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?|[-+]?[\d_.]+(?:[eE][-+]?\d+)?\.?|=|<<",
    re.ASCII,
)
_NUMBER_LIKE = re.compile(r"\d+(?:\.\d+){2,}", re.ASCII)


def write_scalar(text: str, style: str, *, in_flow: bool) -> str:
    """`style` is that of the scalar before: `'`, `"` or empty for plain."""
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style != '"' and _may_be_plain(text, in_flow):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _may_be_plain(text: str, in_flow: bool) -> bool:
    """Whether every reader takes it for text when it stands without quotes."""
    if not text or not text.isprintable() or not isinstance(plain_scalar(text), str):
        return False
    if _OTHER_READERS.fullmatch(text) and not _NUMBER_LIKE.fullmatch(text):
        return False
    try:
        root = compose_nodes(f"{{k: {text}, l: 1}}" if in_flow else f"k: {text}\nl: 1\n", "")
    except UserError:
        return False
    if not isinstance(root, MappingNode) or len(root.value) != 2:
        return False
    value = root.value[0][1]
    return isinstance(value, ScalarNode) and value.tag is None and value.value == text


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
