"""From the names that senders use to events: one place that normalises, one place that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.upgrades.images import BadImageName, ImageReference, parse_image
from fairway.domain.webhooks.delivery import Malformed, Parsed


def image_at(text: str, place: str) -> ImageReference:
    """`[HOST/]PATH[:TAG][@DIGEST]` at `place`. Raises Malformed."""
    try:
        return parse_image(text)
    except BadImageName as error:
        raise Malformed(f"{place} is no image: {_short(str(error))}") from None


def tagged(name: str, tag: str, digest: str, place: str) -> ImageReference:
    """A name with a tag and perhaps a digest beside it. Raises Malformed."""
    suffix = f"@{digest}" if digest else ""
    return image_at(f"{name}:{tag}{suffix}", place)


def event(image: ImageReference, at: datetime, source: str, id: str) -> ImagePushed:
    return ImagePushed(image.name, image.tag or "", image.digest, at, source, id)


def of_images(images: Iterable[ImageReference], at: datetime, source: str, id: str, none: str) -> Parsed:
    """One event for each; without any, `none` says why."""
    events = tuple(event(image, at, source, id) for image in images)
    return Parsed(images=events, ignored="" if events else none, id=id)


def _short(text: str) -> str:
    """Both ends: the one shows what was sent, the other what is wrong with it."""
    return text if len(text) <= 200 else f"{text[:100]}…{text[-90:]}"
