"""From what is seen to what is written: the best version whose platform is there and whose digest nobody holds.

The rule not to break: what cannot be taken is explained like everything else, and the next best one is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fairway.domain.errors import Transient, UserError
from fairway.domain.upgrades.choosing import NOTHING, Choice, SeenTag, Track, choose, choose_chart_version
from fairway.domain.upgrades.images import ImageReference
from fairway.domain.upgrades.newest import newest_refusal
from fairway.domain.upgrades.pinning import moved, written
from fairway.domain.upgrades.platforms import PlatformMissing
from fairway.services.upgrades.seeing import Seen
from fairway.services.upgrades.watching import Watch

Refused = Mapping[str, str]
"""Tag → why it must not be chosen, e.g. `held: it crashed on start`."""
Ask = Callable[[Refused], Choice]
"""The choice, when these tags are refused."""

MOST_TRIES = 20
"""Versions without the platform that are passed over for one trigger."""


async def settle(watch: Watch, seen: Seen, held: Refused, ask: Ask) -> tuple[Choice, str | None]:
    """The final choice, and what is to be written; None for no upgrade."""
    refused = {tag.partition("@")[0]: f"held: {why}" for tag, why in held.items() if _whole_tag(watch, tag)}
    if not isinstance(watch.subject, ImageReference) or not (watch.pins or watch.platform):
        choice = ask(refused)
        return choice, choice.chosen
    for _ in range(MOST_TRIES):
        choice = ask(refused)
        if choice.chosen is None:
            return await _same_tag(watch, watch.subject, choice, seen, held)
        try:
            digest = await seen.digest(watch.subject.name, choice.chosen, watch.platform)
        except PlatformMissing:
            refused[choice.chosen] = f"has no image for {watch.platform}"
            continue
        if digest is None:
            raise Transient(f"{watch.subject.familiar}:{choice.chosen} vanished from the registry", where=watch.where)
        new = written(choice.chosen, digest, pin=watch.pins)
        if new not in held:
            return choice, new
        refused[choice.chosen] = f"held: {held[new]}"
    message = f"the {MOST_TRIES} newest versions of {watch.subject.familiar} have no image for {watch.platform}"
    raise UserError(message, where=watch.where, fix="check the trigger's platform")


async def _same_tag(
    watch: Watch, image: ImageReference, choice: Choice, seen: Seen, held: Refused
) -> tuple[Choice, str | None]:
    """With `digest: pin` the current tag itself is followed, when it is among what was seen."""
    if not watch.follows_digest or all(one.tag != watch.current for one in choice.verdicts):
        return choice, None
    try:
        digest = await seen.digest(image.name, watch.current, watch.platform)
    except PlatformMissing:
        return choice, None
    if digest is None or digest == image.digest:
        return choice, None
    new = written(watch.current, digest, pin=True)
    why = held.get(new) or held.get(watch.current)
    return moved(choice, watch.current, image.digest, digest, why), (None if why else new)


def _whole_tag(watch: Watch, held: str) -> bool:
    """A digest is held only where digests are written; elsewhere the hold is about its tag."""
    return "@" not in held or not watch.pins


async def decide_by_registry(watch: Watch, seen: Seen) -> Ask:
    """Choosing from all that there is."""
    if not isinstance(watch.subject, ImageReference):
        return chart_choice(watch, await seen.versions(watch.subject))
    name, tags = watch.subject.name, await seen.tags(watch.subject.name)
    if watch.track is not Track.NEWEST:
        return image_choice(watch, tags)
    return await newest_choice(watch, name, [one.tag for one in tags], seen)


async def newest_choice(watch: Watch, repository: str, tags: Sequence[str], seen: Seen) -> Ask:
    """Dates only what the rules let through: a date costs questions."""
    out = {tag for tag in tags if newest_refusal(tag, watch.current, watch.rules, {})}
    dated, missing = await seen.dated(repository, [tag for tag in tags if tag not in out], watch.platform)
    return image_choice(watch, [*dated, *(SeenTag(tag) for tag in tags if tag in out)], missing)


def image_choice(watch: Watch, tags: Sequence[SeenTag], missing: Refused = NOTHING) -> Ask:
    return lambda refused: choose(watch.current, tags, watch.track, watch.rules, {**missing, **refused})


def chart_choice(watch: Watch, versions: Sequence[SeenTag]) -> Ask:
    # Chart repositories seldom say when a version was made: the newest is the highest.
    track = Track.MAJOR_VERSION if watch.track is Track.NEWEST else watch.track
    return lambda refused: choose_chart_version(watch.current, versions, track, watch.rules, refused)
