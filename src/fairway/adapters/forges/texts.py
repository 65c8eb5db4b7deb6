"""Texts as forges take and give them: cut to their limits, and compared without what forges change by themselves."""

from __future__ import annotations

from dataclasses import replace

from fairway.domain.forges.requests import Proposed

LONGEST_TITLE = 250


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; a cut text ends with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fitted(proposed: Proposed, limit: int) -> Proposed:
    """With a title and a text (at most `limit` characters) that the forge takes."""
    title = cut(" ".join(proposed.title.split()), LONGEST_TITLE)
    return replace(proposed, title=title, body=cut(proposed.body, limit))


def same_text(one: object, other: object) -> bool:
    """Forges may change line ends, and cut blanks off the ends."""
    return _plain(one) == _plain(other)


def _plain(text: object) -> str:
    return str(text or "").replace("\r\n", "\n").strip()
