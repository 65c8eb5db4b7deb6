"""Which teams somebody may let a repository deploy as.

An admin of the repository may take out whom he wants: it is his repository. He may put in only teams of the repository
of which he is a maintainer (an owner of the organization is one of every team): it is their name that is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fairway.domain.access.names import lowered


@dataclass(frozen=True, slots=True)
class TeamAtGithub:
    """A team that GitHub lists for a repository, and whether the person who asks is a maintainer of it."""

    slug: str
    name: str
    is_maintained: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the form. What is registered can always be left out."""

    slug: str
    name: str
    is_registered: bool
    is_maintained: bool
    is_gone: bool
    """Registered, and not among the repository's teams at GitHub any more."""

    @property
    def can_be_chosen(self) -> bool:
        return self.is_registered or self.is_maintained


def choices(registered: Sequence[str], teams: Iterable[TeamAtGithub]) -> list[Choice]:
    """All teams of the repository, and those that are registered and are none of it any more; by name."""
    known: Mapping[str, TeamAtGithub] = {team.slug.lower(): team for team in teams}
    kept = lowered(registered)
    found = [
        Choice(team.slug, team.name, key in kept, team.is_maintained, is_gone=False) for key, team in known.items()
    ]
    found += [Choice(slug, slug, True, False, is_gone=True) for slug in registered if slug.lower() not in known]
    return sorted(found, key=lambda one: (not one.can_be_chosen, one.name.lower(), one.slug))


def not_allowed(registered: Sequence[str], chosen: Iterable[str], teams: Iterable[TeamAtGithub]) -> list[str]:
    """The slugs among the chosen ones that this person may not put in; empty when all is well."""
    allowed = lowered(registered) | {team.slug.lower() for team in teams if team.is_maintained}
    return sorted({slug for slug in chosen if slug.lower() not in allowed})
