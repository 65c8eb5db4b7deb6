"""Who gets an event: routes by environment, release, team and severity; a release's owner names its Slack channel.

The rule not to break: an event that reaches a receiver holds nothing but what the routes let through to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import Happening
from fairway.domain.upgrades.upgrade import Upgrade

_WEIGHT = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}
_ALL = ("*",)


@dataclass(frozen=True, slots=True)
class Route:
    """Globs; all of them have to fit. What belongs to no environment (release, team) fits only `*`."""

    to: tuple[str, ...]
    environments: tuple[str, ...] = _ALL
    releases: tuple[str, ...] = _ALL
    teams: tuple[str, ...] = _ALL
    at_least: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class Routed:
    """An event, or the part of it that this receiver wants. `to` is empty for the channel's own receiver."""

    channel: str
    to: str
    event: Happening


def heavier(one: Severity, other: Severity) -> Severity:
    return one if _WEIGHT[one] >= _WEIGHT[other] else other


def heaviest(severities: Iterable[Severity]) -> Severity:
    return max(severities, key=_WEIGHT.__getitem__, default=Severity.INFO)


def weight(severity: Severity) -> int:
    return _WEIGHT[severity]


def route(
    event: Happening, routes: Sequence[Route], channels: Sequence[str], addressed: Collection[str] = ()
) -> list[Routed]:
    """In the order of `channels`, each place of a channel at most once; without routes everything goes to all of them.

    `addressed` are the channels inside of which an event can go elsewhere: to `owner.slack`.
    """
    found: list[Routed] = []
    for channel in channels:
        leading = [r for r in routes if channel in r.to] if routes else [Route((channel,))]
        part = _wanted(event, leading)
        if part is None:
            continue
        if channel in addressed:
            found += [Routed(channel, to, one) for to, one in _by_place(part)]
        else:
            found.append(Routed(channel, "", part))
    return found


def _by_place(event: Happening) -> list[tuple[str, Happening]]:
    """The event for the place that its owner names; one with upgrades in parts, when these have several owners."""
    if not event.upgrades:
        return [(event.owner.slack or "", event)]
    places: dict[str, list[Upgrade]] = {}
    for upgrade in event.upgrades:
        places.setdefault(event.owner_of(upgrade).slack or "", []).append(upgrade)
    return [(to, _only(event, upgrades)) for to, upgrades in places.items()]


def _wanted(event: Happening, routes: Sequence[Route]) -> Happening | None:
    """The event without the upgrades that no route asks for; None when nothing is left."""
    loud = [r for r in routes if weight(event.severity) >= weight(r.at_least)]
    if not event.upgrades:
        return event if any(_fits_event(r, event) for r in loud) else None
    upgrades = [u for u in event.upgrades if any(_fits_upgrade(r, event, u) for r in loud)]
    return _only(event, upgrades) if upgrades else None


def _only(event: Happening, upgrades: Sequence[Upgrade]) -> Happening:
    """The event with no other upgrades than these."""
    if len(upgrades) == len(event.upgrades):
        return event
    title = f"{event.title} ({len(upgrades)} of {len(event.upgrades)} upgrades)"
    releases = tuple(sorted({upgrade.release for upgrade in upgrades}))
    return replace(event, title=title, upgrades=tuple(upgrades), releases=releases, lines=())


def _fits_event(route: Route, event: Happening) -> bool:
    releases = event.about or ("",)
    return (
        _fits(route.environments, event.environment)
        and _fits(route.teams, event.owner.team)
        and any(_fits(route.releases, one) for one in releases)
    )


def _fits_upgrade(route: Route, event: Happening, upgrade: Upgrade) -> bool:
    return (
        _fits(route.environments, upgrade.environment)
        and _fits(route.teams, event.owner_of(upgrade).team)
        and _fits(route.releases, upgrade.release)
    )


def _fits(globs: Sequence[str], name: str | None) -> bool:
    """A missing name fits `*` alone: nobody asked for it by a name."""
    return any(fnmatchcase(name, glob) if name else glob == "*" for glob in globs)
