"""Results on stdout as a table, JSON or YAML; progress and messages go to stderr and never through here.

The rule not to break: JSON and YAML of one result hold the same data, with camelCase keys, RFC 3339 times and
durations as people write them (`1h30m`).
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import click

from fairway.domain.errors import Position
from fairway.entrypoints.cli.render.style import shorten

Command = Callable[..., Any]
NARROWEST = 8
"""Columns are not cut below this width, however narrow the terminal is."""


def output_option(*forms: str) -> Callable[[Command], Command]:
    """`--output FORM`; the first form is the default. Without arguments: table, json, yaml."""
    forms = forms or ("table", "json", "yaml")
    return click.option(
        "--output",
        "-o",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="Form of the result on stdout.",
    )


def emit(data: Any, output: str, human: Callable[[], str] | None = None) -> None:
    """Print a result in the form that was asked for; `human` makes the text for any form but json and yaml."""
    if output == "json":
        click.echo(to_json(data))
    elif output == "yaml" or human is None:
        click.echo(to_yaml(data), nl=False)
    elif text := human():
        click.echo(text)


def to_json(data: Any) -> str:
    return json.dumps(plain(data), indent=2, ensure_ascii=False)


def to_yaml(data: Any) -> str:
    from fairway.domain.yaml import dump

    return dump(plain(data))


def screen_width() -> int | None:
    """How wide the terminal is that stdout is; None where nothing should be cut: a file, a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], width: int | None = None) -> str:
    """Columns of equal width, two spaces between; no lines, so that it can be cut and searched.

    With `width` the widest columns are cut until a line fits it.
    """
    lines = [list(headers), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(len(click.unstyle(line[column])) for line in lines) for column in range(len(headers))]
    if width is not None:
        _narrow(widths, width - 2 * (len(widths) - 1))
    return "\n".join(_row(line, widths) for line in lines)


def _narrow(widths: list[int], room: int) -> None:
    while sum(widths) > room and (widest := max(widths)) > NARROWEST:
        widths[widths.index(widest)] -= 1


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_cell(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(cell: str, width: int) -> str:
    room = width - len(click.unstyle(cell))
    return cell + " " * room if room >= 0 else shorten(click.unstyle(cell), width)


def plain(value: Any) -> Any:
    """Only maps, lists, text, numbers, booleans and None: what JSON and YAML can say."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Position):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_camel(item.name): plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def duration(value: timedelta) -> str:
    """`1h30m`, `90s` → as release files write it: hours, minutes and seconds that are not zero."""
    seconds = round(value.total_seconds())
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if number]
    return "".join(parts) or "0s"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
