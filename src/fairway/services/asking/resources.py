"""Reads the resources of a deployment: files of YAML or JSON, filled in as templates when there are variables.

The rule not to break: mistakes have the place in the file that somebody wrote, also behind a template; nothing shows a
value of a variable.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairway.domain import yaml
from fairway.domain.dispatch.payloads import Malformed, read_resources
from fairway.domain.errors import Diagnostic, InvalidInput, Position, Severity, UserError
from fairway.domain.manifests.lists import flatten
from fairway.domain.manifests.objects import Object
from fairway.domain.templating import Rendered, parse, render

STDIN = "-"
RULE = "resource"
FILL_IN = "give variables by --var or --vars to have it filled in"


@dataclass(frozen=True, slots=True)
class Resources:
    objects: tuple[Object, ...]
    warnings: tuple[Diagnostic, ...]


def load_resources(
    files: Sequence[Path], variables: Mapping[str, Any] | None, *, allow_missing: bool = False
) -> Resources:
    """In the order of the files and of the documents in them; lists are expanded.

    `variables` None: nothing is filled in. Raises InvalidInput with the mistakes of all files.
    """
    objects: list[Object] = []
    warnings: list[Diagnostic] = []
    problems: list[Diagnostic] = []
    for file in files:
        try:
            found = _load(file, variables, allow_missing)
        except InvalidInput as error:
            problems += error.diagnostics
        else:
            objects += found.objects
            warnings += found.warnings
    if problems:
        raise InvalidInput(problems)
    return Resources(tuple(objects), tuple(warnings))


def load_variables(file: Path | None, given: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """Of a file, with those that were given one by one on top; `a.b` sets `b` within `a`. None when there are none."""
    if file is None and not given:
        return None
    variables: dict[str, Any] = {}
    if file is not None:
        read = yaml.load(read_text(file), str(file))
        if not isinstance(read, dict | None):
            raise UserError(f"{file} is no map of variables", fix="write name: value in each line")
        variables = _own_copy(read or {})
    for name, value in given:
        *path, last = name.split(".")
        within = variables
        for part in path:
            if not isinstance(within.setdefault(part, {}), dict):
                raise UserError(f"the variable {name} can't be set: {part} is no map", fix=f"leave out {part}")
            within = within[part]
        within[last] = value
    return variables


def read_text(file: Path) -> str:
    """`-` is the standard input. Raises UserError."""
    try:
        if str(file) == STDIN:
            return sys.stdin.read()
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise UserError(f"{file} can't be read: {why}", fix="name a file that is there") from error


def _own_copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _own_copy(item) for key, item in value.items()}
    return [_own_copy(item) for item in value] if isinstance(value, list) else value


def _load(file: Path, variables: Mapping[str, Any] | None, allow_missing: bool) -> Resources:
    name = "stdin" if str(file) == STDIN else str(file)
    text = read_text(file).removeprefix("\ufeff")
    rendered = Rendered(text, _unfilled(text, name))
    if variables is not None:
        rendered = render(parse(text, name), variables, allow_missing=allow_missing)
    try:
        documents = yaml.load_all(rendered.text, name)
    except InvalidInput as error:
        found = [_at_source(one, rendered) for one in error.diagnostics]
        if variables is None and rendered.warnings:
            found = [_as_template(one, text) for one in found]
        raise InvalidInput(found) from error
    objects: list[Object] = []
    problems: list[Diagnostic] = []
    for number, document in enumerate(documents, 1):
        for one in document if isinstance(document, list) else [document]:
            if one is None:
                continue
            place = f"document {number}" if len(documents) > 1 else "the document"
            _collect(one, place, name, objects, problems)
    if problems:
        raise InvalidInput(problems)
    return Resources(tuple(objects), rendered.warnings)


def _collect(document: Any, place: str, file: str, objects: list[Object], problems: list[Diagnostic]) -> None:
    try:
        found = flatten(document) if isinstance(document, dict) else [document]
        objects += (one for single in found for one in read_resources([single], ""))
    except Malformed as error:
        what = error.message.removeprefix("[0]").removeprefix(".").removeprefix(": ")
        fix = "a resource is a map with apiVersion, kind and metadata.name"
        problems.append(Diagnostic(f"{place}: {what}", Position(file), fix, rule=RULE))


def _at_source(problem: Diagnostic, rendered: Rendered) -> Diagnostic:
    place = problem.position
    if place is None or not place.line:
        return problem
    return replace(problem, position=Position(place.file, rendered.source_line(place.line)))


def _unfilled(text: str, file: str) -> tuple[Diagnostic, ...]:
    """What looks like a variable stays as it is where there are none: it may belong to the resource itself."""
    at = text.find("{{")
    if at < 0:
        return ()
    line = text.count("\n", 0, at) + 1
    message = "{{ stays as it is, since no variables are given"
    return (Diagnostic(message, Position(file, line), FILL_IN, Severity.WARNING, "template-unfilled"),)


def _as_template(problem: Diagnostic, text: str) -> Diagnostic:
    """A variable that nobody filled in is what is wrong with its line, whatever YAML makes of it."""
    lines = text.splitlines()
    at = problem.position.line if problem.position else 0
    return replace(problem, fix=FILL_IN) if at and "{{" in "".join(lines[at - 1 : at]) else problem
