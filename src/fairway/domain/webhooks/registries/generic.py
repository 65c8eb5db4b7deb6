"""Our own JSON, for everything that has no webhook of its own, and the distribution registry's envelope.

{"image": "registry.example/shop/web:1.4.2", "digest": "sha256:…"}      or   {"image": …, "tag": "1.4.2"}
{"images": [{"image": …}, …]}
"""

from __future__ import annotations

from fairway.domain.upgrades.images import ImageReference
from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Malformed, Parsed
from fairway.domain.webhooks.registries.distribution import parse_envelope
from fairway.domain.webhooks.registries.naming import image_at, of_images


def parse(delivery: Delivery) -> Parsed:
    return _parse(delivery, "generic")


def parse_gitlab(delivery: Delivery) -> Parsed:
    """GitLab tells nobody about pushes to its registry: a job of the pipeline says it in our form, or an administrator
    lets the registry itself notify. A project's own webhooks come here in vain."""
    return _parse(delivery, "gitlab")


def _parse(delivery: Delivery, source: str) -> Parsed:
    body = Body.of(delivery.body)
    if "events" in body:
        return parse_envelope(delivery, body, source)
    if "object_kind" in body:
        return Parsed(ignored="GitLab's own webhooks name no image")
    id = body.get("id").maybe()
    images = [_image(one) for one in (body.get("images").items() if "images" in body else [body])]
    return of_images(images, body.get("time").time(delivery.at), source, id, "no image")


def _image(one: Body) -> ImageReference:
    place = one.get("image")
    named = image_at(place.text(), place.place)
    tag = one.get("tag").maybe() or named.tag
    if not tag:
        raise Malformed(f"{one.get('tag').place} is missing")
    digest = one.get("digest").maybe() or named.digest
    return image_at(f"{named.name}:{tag}{'@' + digest if digest else ''}", place.place)
