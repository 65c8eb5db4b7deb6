"""Findings about rendered releases, gathered so that one mistake in a template is told once, with all it reaches.

The rule not to break: a message never holds an object's values, which may be secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fairway.domain.errors import Diagnostic, Position, Severity
from fairway.domain.repository.models import Environment, Release


@dataclass(frozen=True, slots=True)
class Whose:
    """A release in its environment, as messages name it."""

    environment: Environment
    release: Release

    def __str__(self) -> str:
        return f'release "{self.release.name}" in {self.environment.name}'


@dataclass(frozen=True, slots=True)
class _Found:
    severity: Severity
    place: Position | None
    text: str
    fix: str | None
    about: str
    """The first object it was found in: `Deployment web`; empty when it is about the release as a whole."""
    whose: list[Whose] = field(default_factory=list)


class Collected:
    """Groups findings that differ only in the release, or in the object's name."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Position | None, str, str], _Found] = {}

    def add(
        self,
        rule: str,
        severity: Severity,
        place: Position | None,
        whose: Whose,
        text: str,
        fix: str | None = None,
        *,
        kind: str = "",
        name: str = "",
    ) -> None:
        """`text` is the same for all releases that have the mistake; `kind` and `name` say which object has it."""
        key = (rule, place, kind, text)
        if key not in self._found:
            self._found[key] = _Found(severity, place, text, fix, f"{kind} {name}".strip())
        if whose not in self._found[key].whose:
            self._found[key].whose.append(whose)

    def diagnostics(self) -> list[Diagnostic]:
        """One for each mistake, naming the first release and how many more there are."""
        return [
            Diagnostic(_message(found), found.place, found.fix, found.severity, rule)
            for (rule, _, _, _), found in self._found.items()
        ]


def _message(found: _Found) -> str:
    first, *others = found.whose
    about = f"{found.about}: " if found.about else ""
    more = f" (and in {len(others)} other release{'s' if len(others) > 1 else ''})" if others else ""
    return f"{first}: {about}{found.text}{more}"
