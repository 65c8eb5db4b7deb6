"""From a look to the upgrade that others are told of.

The rule not to break: links are a courtesy; a registry that does not give them keeps no upgrade back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fairway.domain.errors import FairwayError
from fairway.domain.upgrades.images import ImageReference
from fairway.domain.upgrades.sources import compare_url, source_of
from fairway.domain.upgrades.tags import parse_tag
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.domain.upgrades.verdicts import Choice
from fairway.services.upgrades.seeing import Seen

MOST_KEPT_BACK = 3

if TYPE_CHECKING:
    from fairway.services.upgrades.checking import Look


def upgrade_of(look: Look, *, source: str = "", commit: str = "", compare: str = "") -> Upgrade:
    """A look that chose something, as it is told to others; the rest is what the image says of its sources."""
    assert look.new is not None
    watch = look.watch
    why = next((verdict.reason for verdict in look.choice.verdicts if verdict.chosen), "")
    why = "; ".join([why, *_kept_back(look.choice)[:MOST_KEPT_BACK]])
    old = watch.current
    if isinstance(watch.subject, ImageReference) and watch.subject.digest:
        old = f"{old}@{watch.subject.digest}"
    return Upgrade(
        environment=watch.environment,
        release=watch.release.name,
        kind=watch.kind,
        name=watch.name,
        key=watch.key,
        old=old,
        new=look.new,
        why=why,
        source=source,
        commit=commit,
        compare=compare,
    )


def _kept_back(choice: Choice) -> list[str]:
    """`1.4.4 held: it crashed`: what would have been chosen instead, the newest first."""
    chosen = parse_tag(choice.chosen or "")
    found = []
    for one in choice.verdicts:
        version = parse_tag(one.tag)
        older = version is not None and chosen is not None and version.precedence <= chosen.precedence
        if one.refused and not older:
            found.append(f"{one.tag} {one.refused}")
    return found


async def describe(look: Look, seen: Seen) -> Upgrade:
    """`upgrade_of`, with what the labels of both images say; `look` has an upgrade."""
    upgrade = upgrade_of(look)
    now = source_of(await _labels(look, upgrade.new, seen))
    compare = ""
    if now.url and now.revision:
        compare = compare_url(source_of(await _labels(look, upgrade.old, seen)), now)
    return replace(upgrade, source=now.url, commit=now.revision, compare=compare)


async def _labels(look: Look, version: str, seen: Seen) -> Mapping[str, str]:
    tag, _, digest = version.partition("@")
    if not isinstance(look.watch.subject, ImageReference):
        return {}
    try:
        return await seen.labels(look.watch.subject.name, digest or tag, look.watch.platform)
    except FairwayError:
        return {}
