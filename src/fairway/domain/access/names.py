"""Names of repositories and slugs of teams as they are kept: checked, sorted, each once.

GitHub compares both without regard to case, and so does Fairway; they are shown as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fairway.domain.errors import UserError

MOST_TEAMS = 100
"""For one repository."""
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_])?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SLUG = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?")


def is_repository(text: str) -> bool:
    owner, slash, name = text.partition("/")
    return bool(slash and _OWNER.fullmatch(owner) and _NAME.fullmatch(name) and name not in (".", ".."))


def repository_name(text: str) -> str:
    """`owner/name` as it was written. Raises UserError."""
    if not is_repository(text):
        raise UserError(
            f"{text[:120]!r} is no repository",
            fix="write OWNER/NAME as GitHub does, e.g. shop/web",
        )
    return text


def is_slug(text: str) -> bool:
    return bool(_SLUG.fullmatch(text))


def team_slugs(texts: Iterable[str]) -> tuple[str, ...]:
    """Sorted, each once without regard to case. Raises UserError for what is no slug, and for too many."""
    found: dict[str, str] = {}
    for text in texts:
        if not is_slug(text):
            raise UserError(
                f"{text[:120]!r} is no slug of a team",
                fix="it is the last part of the team's address: github.com/orgs/ORG/teams/SLUG",
            )
        found.setdefault(text.lower(), text)
    if len(found) > MOST_TEAMS:
        raise UserError(f"{len(found)} teams are too many for one repository; at most {MOST_TEAMS}")
    return tuple(found[key] for key in sorted(found))


def lowered(teams: Iterable[str]) -> frozenset[str]:
    """For comparing."""
    return frozenset(team.lower() for team in teams)
