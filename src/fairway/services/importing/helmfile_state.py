"""A helmfile as plain data: read as it stands, or filled in by the helmfile program where it is a template.

The rule not to break: a Go template is never guessed at. Without the program the first templated line is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fairway.domain import yaml
from fairway.domain.errors import Position, UserError
from fairway.domain.values.merging import merge


class Programs(Protocol):
    def find(self, name: str) -> str | None:
        """Full path of a program, None when it is not on PATH."""
        ...

    def output(self, command: Sequence[str], folder: Path) -> str:
        """What a program prints. Raises UserError with its message when it fails."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """`content` is the helmfile; paths in it are relative to `folder`. `built`: the helmfile program filled it in."""

    content: dict[str, Any]
    folder: Path
    built: bool


def read_state(file: Path, environment: str, programs: Programs) -> list[State]:
    """One state, or with the program one for each sub-helmfile. Raises UserError and InvalidInput with positions."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot read {file}: {error}", fix="name the helmfile: fairway import helmfile FILE"
        ) from error
    templated = first_templated(text)
    if templated is None:
        parts = [part for part in yaml.load_all(text, str(file)) if part is not None]
        content: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, dict):
                raise UserError("a helmfile is a map of keys", where=Position(str(file)))
            content = merge(content, part)
        return [State(content, file.parent, built=False)]
    line, column = templated
    if programs.find("helmfile") is None:
        raise UserError(
            "this line is a Go template, and the program helmfile, which could fill it in, is not on PATH",
            where=Position(str(file), line, column),
            fix="install helmfile (and helm), or write out what the templates stand for",
        )
    built = programs.output(["helmfile", "--file", file.name, "--environment", environment, "build"], file.parent)
    return [
        State(_written(part), (file.parent / str(part.get("basePath") or ".")), built=True)
        for part in yaml.load_all(built, "helmfile build")
        if isinstance(part, dict)
    ]


def _written(part: dict[str, Any]) -> dict[str, Any]:
    """The build writes out every default as false or 0: what nobody wrote is taken away again."""
    defaults = part.get("helmDefaults")
    if not isinstance(defaults, dict):
        return part
    return {**part, "helmDefaults": {key: value for key, value in defaults.items() if value}}


def first_templated(text: str) -> tuple[int, int] | None:
    """(line, column) of the first `{{` outside of comments; None for plain YAML."""
    for number, line in enumerate(text.splitlines(), 1):
        code = "" if line.lstrip().startswith("#") else line
        if "{{" in code:
            return number, code.index("{{") + 1
    return None
