"""One option of a process: a row in a table, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairway.entrypoints.cli.flags.kinds import Kind

OWN = "FAIRWAY_"


@dataclass(frozen=True, slots=True)
class Flag:
    name: str
    """Without dashes in front: `kafka-brokers`."""
    kind: Kind
    help: str
    field: str = ""
    """What it fills in its owner's options; empty: the name with underscores."""
    default: str = ""
    """For `--help`; what counts is the default of the field."""
    secret: bool = False
    """Also `--NAME-file`, and never shown."""
    own_variable: str = ""
    """Where the usual name with FAIRWAY_ before it means something else already."""
    ours: bool = False
    """Nobody has a variable for it from earlier programs: only the one with FAIRWAY_ counts."""

    @property
    def fills(self) -> str:
        return self.field or self.name.replace("-", "_")

    @property
    def variables(self) -> tuple[str, ...]:
        """The first one that is set and not empty counts."""
        usual = self.name.replace("-", "_").upper()
        own = self.own_variable or OWN + usual
        return (own,) if self.ours else (own, usual)

    @property
    def file_name(self) -> str:
        return f"{self.name}-file"

    @property
    def file_variables(self) -> tuple[str, ...]:
        return tuple(f"{variable}_FILE" for variable in self.variables)


@dataclass(frozen=True, slots=True)
class Group:
    """Flags that stand together under a title in `--help`."""

    title: str
    flags: Sequence[Flag]
    about: str = ""
