"""Where an edit goes, and several edits of one file at once.

The rule not to break: one bad edit does not hold up the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairway.domain.errors import UserError
from fairway.domain.upgrades.adding import add_value, set_in_values_file
from fairway.domain.upgrades.documents import edit_document
from fairway.domain.upgrades.splice import splice, splice_all
from fairway.domain.yaml import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit goes. `file` is named as positions name it."""

    file: str
    path: Path
    """Of the scalar; with `added_key`, of the release that gets a new value."""
    added_key: str = ""
    made: bool = False
    """Keys on the path that are missing are made; so is the file."""
    document: int | None = None
    """Which one of a file of several documents."""

    @property
    def is_scalar(self) -> bool:
        """Whether only a scalar that stands in a file's one document changes."""
        return not self.added_key and not self.made and self.document is None

    def changed(self, data: bytes, new: str) -> bytes:
        """The file with the new value, every other byte as it was. Raises InvalidInput, CannotEdit."""
        if self.added_key:
            return add_value(data, self.file, self.path, self.added_key, new)
        if self.made:
            return set_in_values_file(data, self.file, self.path, new)
        if self.document is not None:
            return edit_document(data, self.file, self.document, self.path, new, splice)
        return splice(data, self.file, self.path, new)


def change_all(data: bytes, edits: Mapping[Place, str]) -> tuple[bytes, dict[Place, UserError]]:
    """A file after several edits of it, and those that were refused."""
    rest = {place: new for place, new in edits.items() if not place.is_scalar}
    scalars = {place: new for place, new in edits.items() if place.is_scalar}
    refused: dict[Place, UserError] = {}
    if scalars:
        try:
            data = splice_all(data, next(iter(scalars)).file, {place.path: new for place, new in scalars.items()})
        except UserError:
            rest = {**scalars, **rest}
    for place, new in rest.items():
        try:
            data = place.changed(data, new)
        except UserError as error:
            refused[place] = error
    return data, refused
