"""Reading JSON of others field by field, so that whoever sends nonsense is told which field it was.

The rule not to break: nothing but Malformed comes out of here, whatever the bytes are, and no text without bounds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from fairway.domain.webhooks.delivery import Malformed

MOST_CHARACTERS = 2000
"""Names, addresses and ids are kept for a while, many of them."""


def parse_json(body: bytes) -> Any:
    """Raises Malformed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # The library's own message may quote the body.
        raise Malformed(f"the body is not JSON: line {error.lineno}, column {error.colno}") from None


class Body:
    """A value inside of a JSON document, and where it stands."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.value = value
        self.place = place

    @classmethod
    def of(cls, body: bytes) -> Body:
        """The document as a whole, which must be an object. Raises Malformed."""
        return cls(parse_json(body)).object()

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def get(self, key: str) -> Body:
        """The value behind a key, which may be missing; this one must be an object."""
        return Body(self.object().value.get(key), f"{self.place}.{key}" if self.place else key)

    def at(self, *keys: str) -> Body:
        found = self
        for key in keys:
            found = found.get(key) if found.value is not None else Body(None, f"{found.place}.{key}")
        return found

    def object(self) -> Body:
        return self._must(isinstance(self.value, dict), "an object")

    def items(self) -> list[Body]:
        """The items of a list; none when it is missing."""
        if self.value is None:
            return []
        self._must(isinstance(self.value, list), "a list")
        return [Body(item, f"{self.place}[{n}]") for n, item in enumerate(self.value)]

    def text(self, most: int = MOST_CHARACTERS) -> str:
        """A text that must be there, and not longer than `most`. Raises Malformed."""
        self._must(isinstance(self.value, str) and bool(self.value), "a text")
        return self.maybe(most)

    def maybe(self, most: int = MOST_CHARACTERS) -> str:
        """A text, or empty when it is missing. Raises Malformed for anything else."""
        if self.value is None:
            return ""
        self._must(isinstance(self.value, str), "a text")
        self._must(len(self.value) <= most, f"at most {most} characters")
        return str(self.value)

    def time(self, otherwise: datetime) -> datetime:
        """RFC 3339 text or seconds since 1970, or `otherwise` when it is missing or in the sender's own form."""
        return moment(self.value) or otherwise

    def _must(self, good: bool, what: str) -> Body:
        if not good:
            place = self.place or "the body"
            raise Malformed(f"{place} is missing" if self.value is None else f"{place} is not {what}")
        return self


def moment(value: Any) -> datetime | None:
    """RFC 3339 text or seconds since 1970 as a time in UTC; None for anything else."""
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
