"""Values to YAML text that every reader takes for the same values.

The rule not to break: `load(dump(x)) == x`. Text that a reader could take for something else (`1e3`, `0o14`, `y`,
`2001-01-01`) is quoted, whichever of YAML 1.1 and 1.2 the reader follows.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from fairway.domain.yaml.scalars import plain_scalar

_LOOKS_LIKE_SOMETHING = re.compile(r"[-+.]?[0-9][-+0-9a-fA-FoxXtTzZeE_.:, ]*\Z")
UNFOLDED = 1 << 20
"""Long text stays on its line: folded lines are hard to search and to compare."""

_STRING = "tag:yaml.org,2002:str"


class _Writer(yaml.CSafeDumper):
    """Block style; strings quoted where they need it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|" if _block_is_safe(text) else '"'
    elif not isinstance(plain_scalar(text), str) or _LOOKS_LIKE_SOMETHING.match(text):
        style = '"'
    return writer.represent_scalar(_STRING, text, style=style)


def _block_is_safe(text: str) -> bool:
    lines = text.split("\n")
    tidy = not any(line.endswith((" ", "\t")) for line in lines)
    return tidy and text.replace("\n", "").isprintable() and not text.startswith((" ", "\n"))


_Writer.add_representer(str, _text)


def dump(value: Any) -> str:
    """One document, block style, keys in their order. Takes maps, lists, text, numbers, booleans and None."""
    return yaml.dump(
        value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=UNFOLDED, default_flow_style=False
    )


def dump_all(values: list[Any]) -> str:
    """Several documents, each behind its `---` but the first."""
    return "---\n".join(dump(value) for value in values)
