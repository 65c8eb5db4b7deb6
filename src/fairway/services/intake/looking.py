"""From what was heard to what is looked at: the watches that an event is about, and the event as evidence.

The rule not to break: without `trustEvents` only the first is used; the registry then says what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.upgrades.images import BadImageName, ImageReference, parse_image
from fairway.services.intake.pending import Woken
from fairway.services.upgrades.observing import PushedImage
from fairway.services.upgrades.watching import Watch


def concerned(woken: Woken) -> Callable[[Watch], bool]:
    """For `Wanted.concerns`: whether somebody pushed to the image that is watched. After an overflow: always."""
    if woken.overflow:
        return lambda watch: True
    names = {event.repository for event in woken.images}
    return lambda watch: isinstance(watch.subject, ImageReference) and watch.subject.name in names


def evidence(events: Iterable[ImagePushed]) -> list[PushedImage]:
    """What `observe` takes. Events without a tag are no evidence of anything."""
    found: list[PushedImage] = []
    for event in events:
        if event.tag:
            suffix = f"@{event.digest}" if event.digest else ""
            try:
                image = parse_image(f"{event.repository}:{event.tag}{suffix}")
            except BadImageName:
                continue
            found.append(PushedImage(image, event.tag, event.at))
    return found
