"""Findings that somebody looked at and accepted: a comment beside them names the rule.

The rule not to break: an error in the format is never silenced, since nothing is done with such a repository anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fairway.domain.errors import Diagnostic, Severity
from fairway.domain.repository.rules import RENDERED_RULES

_COMMENT = re.compile(r"(?:#|/\*).*?fairway-lint:\s*ignore\s+(?P<rules>[a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)")


def unsilenced(diagnostics: Iterable[Diagnostic], base: Path) -> tuple[list[Diagnostic], int]:
    """What is left, and how many were silenced. Files are relative to `base`.

    A comment counts for its own line and the next one; for a finding without a line, anywhere in its file.
    """
    files: dict[str, dict[int, frozenset[str]]] = {}
    kept: list[Diagnostic] = []
    silenced = 0
    for item in diagnostics:
        if _may_be_silenced(item) and _is_silenced(item, files, base):
            silenced += 1
        else:
            kept.append(item)
    return kept, silenced


def _may_be_silenced(item: Diagnostic) -> bool:
    return item.position is not None and (item.severity is not Severity.ERROR or item.rule in RENDERED_RULES)


def _is_silenced(item: Diagnostic, files: dict[str, dict[int, frozenset[str]]], base: Path) -> bool:
    if item.position is None:
        return False
    file, line = item.position.file, item.position.line
    if file not in files:
        files[file] = _comments(base / file)
    lines = (line, line - 1) if line else files[file]
    return any(item.rule in files[file].get(one, ()) for one in lines)


def _comments(path: Path) -> dict[int, frozenset[str]]:
    """Line → rules that a comment on it names; nothing for what is no file of the repository."""
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return {}
    if "fairway-lint:" not in text:
        return {}
    found: dict[int, frozenset[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if comment := _COMMENT.search(line):
            found[number] = frozenset(rule.strip() for rule in comment["rules"].split(","))
    return found
