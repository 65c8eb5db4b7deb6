"""The byte-exact edit: scalars of a YAML file change, and no other byte.

The rule not to break: every edit is checked by reading the file before and after it; when anything but the
values asked for differs, or one of them is not exactly what was asked for, the edit is refused and nothing is returned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from yaml.nodes import ScalarNode

from fairway.domain.upgrades.scalars import write_scalar
from fairway.domain.upgrades.verifying import check_only_changed
from fairway.domain.upgrades.written import CannotEdit, Found, WrittenFile, read_written
from fairway.domain.yaml import Path

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s+|\Z))+")


def splice(data: bytes, file: str, path: Path, new: str) -> bytes:
    """The file with the text `new` as the scalar at `path`, in the quotes that were there.

    A plain scalar gets quotes when `new` without them would be read as something else than that text (`4.10`).
    Raises InvalidInput when the file cannot be read, CannotEdit with file:line:col for an alias, an anchored value
    that is used elsewhere, a block scalar, a key that stands twice, template braces, and what is no scalar.
    """
    return splice_all(data, file, {path: new})


def splice_all(data: bytes, file: str, edits: Mapping[Path, str]) -> bytes:
    """Several edits of one file for the price of two readings: all of them, or none. Raises as `splice`."""
    before = read_written(data, file)
    text = before.text
    changes = sorted((_replacement(before, before.find(path), new) for path, new in edits.items()), reverse=True)
    for start, end, replacement in changes:
        text = text[:start] + replacement + text[end:]
    if text == before.text:
        return data
    check_only_changed(before, text, edits)
    return before.encode(text)


def scalar_at(data: bytes, file: str, path: Path) -> str:
    """The text of the scalar at a path, as written (`4.10` stays `4.10`). Raises as `splice`."""
    before = read_written(data, file)
    return str(_scalar(before, before.find(path)).value)


def _scalar(written: WrittenFile, found: Found) -> ScalarNode:
    node = found.node
    raw = written.raw(node)
    if raw.startswith("{{") or "{{" in str(node.value if isinstance(node, ScalarNode) else ""):
        message = "this value is made by a template"
        raise CannotEdit(message, where=written.at(node), fix="change what the template is filled with, by hand")
    if not isinstance(node, ScalarNode):
        raise CannotEdit("this is a list or a map, not a single value", where=written.at(node))
    if node.style in ("|", ">"):
        fix = f'write it on one line: "{node.value.strip()[:40]}"'
        raise CannotEdit("this value is a block of text (| or >)", where=written.at(node), fix=fix)
    return node


def _replacement(written: WrittenFile, found: Found, new: str) -> tuple[int, int, str]:
    """(start, end, what stands there then), all within the scalar."""
    node = _scalar(written, found)
    start, end = node.start_mark.index, node.end_mark.index
    properties = _PROPERTIES.match(written.text, start, end)
    if properties is not None:
        start = properties.end()
    text = write_scalar(new, node.style or ('"' if written.is_json else ""), in_flow=found.in_flow)
    if start == end:
        behind = written.text[start - 1 : start]
        text = text if not behind or behind in " \t\n" else f" {text}"
    return start, end, text
