"""From a look to the upgrade that others are told of.

The rule not to break: links are a courtesy; a registry that does not give them keeps no upgrade back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fairway.domain.errors import FairwayError
from fairway.domain.upgrades.images import ImageReference
from fairway.domain.upgrades.sources import compare_url, source_of
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.services.upgrades.seeing import Seen

if TYPE_CHECKING:
    from fairway.services.upgrades.checking import Look


async def describe(look: Look, seen: Seen) -> Upgrade:
    """`look` has an upgrade."""
    watch, new = look.watch, look.new or ""
    digest = watch.subject.digest if isinstance(watch.subject, ImageReference) else None
    old = f"{watch.current}@{digest}" if digest else watch.current
    why = next((one.reason for one in look.choice.verdicts if one.chosen), "")
    now = source_of(await _labels(look, new.partition("@")[0], seen))
    compare = ""
    if now.url and now.revision and watch.current != new.partition("@")[0]:
        compare = compare_url(source_of(await _labels(look, watch.current, seen)), now)
    return Upgrade(
        watch.environment,
        watch.release.name,
        watch.kind,
        watch.name,
        watch.key,
        old,
        new,
        why,
        source=now.url,
        commit=now.revision,
        compare=compare,
    )


async def _labels(look: Look, tag: str, seen: Seen) -> Mapping[str, str]:
    if not isinstance(look.watch.subject, ImageReference):
        return {}
    try:
        return await seen.labels(look.watch.subject.name, tag, look.watch.platform)
    except FairwayError:
        return {}
