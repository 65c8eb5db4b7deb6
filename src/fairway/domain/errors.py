"""The one tree of errors; what the caller must do is said by the class, never by the text.

FairwayError
├── UserError              somebody must change something: what, where, how to fix       exit 2
│   ├── InvalidInput       all the mistakes of one run, each with its position
│   └── Refused            well-formed, but not allowed without an explicit yes         exit 3
├── Transient              try again with back-off; nobody has to do anything            exit 4
└── Terminal               retrying will not help; a human must look                    exit 1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1, 0 means "the file as a whole"."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about what somebody wrote. `rule` is a stable kebab-case id used by SARIF and docs."""

    message: str
    position: Position | None = None
    fix: str | None = None
    severity: Severity = Severity.ERROR
    rule: str = "invalid"


class FairwayError(Exception):
    """Root of everything that Fairway raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, where: Position | None = None, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def hide(self, mask: Callable[[str], str]) -> None:
        """Take secrets out of every text that people may see."""
        self.message = mask(self.message)
        self.args = (self.message,)
        self.fix = mask(self.fix) if self.fix else self.fix


class UserError(FairwayError):
    """Somebody must change an input: says what, where and how to fix."""

    exit_code = 2


class InvalidInput(UserError):
    """Every mistake found in one run; nothing was applied."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        more = len(self.diagnostics) - 1
        text = first.message if not more else f"{first.message} (and {more} more)"
        super().__init__(text, where=first.position, fix=first.fix)

    def hide(self, mask: Callable[[str], str]) -> None:
        super().hide(mask)
        self.diagnostics = tuple(
            replace(one, message=mask(one.message), fix=mask(one.fix) if one.fix else one.fix)
            for one in self.diagnostics
        )


class Refused(UserError):
    """The request is well-formed, but needs an explicit yes: blast radius, protection, foreign objects."""

    exit_code = 3


class Transient(FairwayError):
    """An outside thing did not answer as it should right now; retry with back-off and jitter."""

    exit_code = 4


class Terminal(FairwayError):
    """It failed, and doing the same again will fail again; a human must look."""

    exit_code = 1


@contextmanager
def masked_errors(mask: Callable[[str], str]) -> Iterator[None]:
    """Errors that leave the block hold no secrets: what a chart, a schema or an API server quotes may be one."""
    try:
        yield
    except FairwayError as error:
        error.hide(mask)
        raise
