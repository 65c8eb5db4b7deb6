"""Verbs about the text of YAML and JSON files: `indent`, `json2yaml`, `yaml2json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from fairway.domain.errors import FairwayError, Position, UserError

EXIT_WOULD_CHANGE = 1

_FILES = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILES)
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 when a file would change.")
def indent(files: tuple[Path, ...], check: bool) -> int:
    """Indent YAML files by two spaces, list items too; comments and everything else stay as they are.

    A file whose meaning would change is left alone and reported. "-" reads standard input and writes standard output.

    \b
    Examples:
      fairway indent environments.yaml releases/*.yaml
      fairway indent --check releases/*.yaml
    """
    from fairway.domain.yaml.indenting import indent as indented

    failed: list[FairwayError] = []
    changed = 0
    for file in files:
        try:
            text = _read(file)
            result = indented(text, _name(file))
        except FairwayError as problem:
            failed.append(problem)
            continue
        if str(file) == "-":
            click.echo(result, nl=False)
        elif result != text:
            changed += 1
            click.echo(f"{'would indent' if check else 'indented'} {file}", err=True)
            if not check:
                _write(file, result)
    for error in failed:
        from fairway.entrypoints.cli.errors import show_error

        show_error(error)
    if failed:
        return failed[0].exit_code
    return EXIT_WOULD_CHANGE if check and changed else 0


@click.command()
@click.argument("file", default="-", type=_FILES)
def json2yaml(file: Path) -> None:
    """Convert JSON to YAML; reads standard input without FILE.

    \b
    Examples:
      helm get values web -o json | fairway json2yaml > values.yaml
    """
    from fairway.domain.yaml import dump

    try:
        value = json.loads(_read(file))
    except json.JSONDecodeError as error:
        raise UserError(
            f"this is not JSON: {error.msg}", where=Position(_name(file), error.lineno, error.colno)
        ) from None
    click.echo(dump(value), nl=False)


@click.command()
@click.argument("file", default="-", type=_FILES)
def yaml2json(file: Path) -> None:
    """Convert YAML to JSON, scalars as Helm reads them; reads standard input without FILE.

    Several documents become several JSON texts, one after the other.

    \b
    Examples:
      fairway yaml2json values.yaml | jq .image
    """
    from fairway.domain.yaml import load_all

    for value in load_all(_read(file), _name(file)) or [None]:
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode()
    except UnicodeDecodeError as error:
        fix = "save the file as UTF-8"
        raise UserError(f"byte {error.start} is not UTF-8", where=Position(_name(file)), fix=fix) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=Position(_name(file))) from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", where=Position(str(file))) from None
