"""How values look on stdout: tables, and where each key comes from.

One rule: whatever is printed here passed `mask`, unless the user asked for secrets in so many words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from fairway.domain.values.explaining import Explanation
from fairway.domain.values.paths import Path, format_path
from fairway.domain.values.secrets import MASK, SecretRegister, mask, secret_leaves
from fairway.domain.values.tracing import Node, Origin, leaves, plain
from fairway.domain.yaml import plain_scalar
from fairway.entrypoints.cli.output import table

WIDEST = 80
Hide = Callable[[Path, Origin | None, Any], Any]


def hiding(explanation: Explanation, *, show_secrets: bool) -> Hide:
    """Masks a value by its path, its origin, and wherever it holds a secret that stands elsewhere."""
    if show_secrets:
        return lambda path, origin, value: value
    known = dict(secret_leaves(explanation.values, explanation.secret_paths))
    register = secrets_of(explanation)

    def hide(path: Path, origin: Origin | None, value: Any) -> Any:
        secret = origin is not None and origin.secret
        return register.mask_tree(_masked(value, path, secret or any(path[: len(p)] == p for p in known)))

    return hide


def secrets_of(explanation: Explanation) -> SecretRegister:
    """The secrets among the values, to be found again inside others: an address that holds a password."""
    register = SecretRegister()
    register.add_values(explanation.values, explanation.secret_paths)
    return register


def _masked(value: Any, path: Path, secret: bool) -> Any:
    if not path:
        return mask(value)
    nested: Any = value
    for part in reversed(path):
        nested = {part: nested} if isinstance(part, str) else [nested]
    where: Path = tuple(0 if isinstance(part, int) else part for part in path)
    nested = mask(nested, {where} if secret else ())
    for part in where:
        nested = nested[part]
    return nested


def show_explanation(explanation: Explanation, path: Path, hide: Hide) -> None:
    """Each key below `path` with the layers that speak of it, strongest first."""
    first = True
    for key, node, origins in explanation.below(path):
        if not first:
            click.echo()
        first = False
        value = one_line(hide(key, origins[0], plain(node)))
        click.echo(f"{click.style(format_path(key), bold=True)} = {value}")
        _show_origins(key, origins, hide)
    for key, origins in explanation.removed_below(path):
        if not first:
            click.echo()
        first = False
        click.echo(f"{click.style(format_path(key), bold=True)} is removed by a null")
        _show_origins(key, origins, hide)


def _show_origins(key: Path, origins: Iterable[Origin], hide: Hide) -> None:
    rows = [(str(item.position), str(item.layer), _said(key, item, hide)) for item in origins]
    place, layer = (max(len(row[i]) for row in rows) for i in (0, 1))
    for i, row in enumerate(rows):
        text = f"  {row[0]:<{place}}  {row[1]:<{layer}}  {row[2]}"
        click.echo(f"{text}   {click.style('← wins', fg='green')}" if i == 0 else click.style(text, dim=True))


def _said(key: Path, origin: Origin, hide: Hide) -> str:
    said = f"(from {origin.note})" if origin.note else one_line(hide(key, origin, origin.written))
    return f"{format_path(origin.path)}: {said}"


def one_line(value: Any) -> str:
    """A value on one line: text as it is unless that would mislead, everything else as JSON; cut when long."""
    if value == MASK:
        return MASK
    if isinstance(value, str) and value and isinstance(plain_scalar(value), str) and value == value.strip():
        text = json.dumps(value, ensure_ascii=False) if any(c in value for c in "\n\t\"{}'#") else value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def explanation_data(explanation: Explanation, path: Path, hide: Hide) -> list[dict[str, Any]]:
    """The stable form for `--output json|yaml`; docs/spec/values.md describes it."""
    rows = [
        {
            "key": format_path(key),
            "value": in_order(hide(key, origins[0], plain(node))),
            "origins": _origins(key, origins, hide),
        }
        for key, node, origins in explanation.below(path)
    ]
    removed = [
        {"key": format_path(key), "removed": True, "origins": _origins(key, origins, hide)}
        for key, origins in explanation.removed_below(path)
    ]
    return rows + removed


def _origins(key: Path, origins: Iterable[Origin], hide: Hide) -> list[dict[str, Any]]:
    return [
        {
            "layer": item.layer.value,
            "file": item.position.file,
            "line": item.position.line,
            "column": item.position.column,
            "key": format_path(item.path),
            "value": in_order(hide(key, item, item.value)),
            "written": in_order(hide(key, item, item.written)),
            "from": item.note or None,
        }
        for item in origins
    ]


def values_table(root: Node, hide: Hide) -> str:
    """One line per key: key, value, and where it comes from."""
    rows = [
        (format_path(key), one_line(hide(key, node.origins[0], plain(node))), str(node.origins[0].position))
        for key, node in leaves(root)
        if key and node.origins
    ]
    return table(("KEY", "VALUE", "FROM"), sorted(rows))


def in_order(value: Any) -> Any:
    """Values as plain data, keys in Helm's order, which is alphabetical."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [in_order(item) for item in value]
    return str(value) if isinstance(value, str) else value
