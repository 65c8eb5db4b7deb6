"""Quay. Source: "Repository Notifications" of Red Hat Quay's manual, Repository Push.

`updated_tags` is a list of tags; it was a map from tag to image once.
"""

from __future__ import annotations

from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import of_images, tagged


def parse(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.body)
    if "updated_tags" not in body:
        return Parsed(ignored="not a push")
    name = body.get("docker_url")
    tags = body.get("updated_tags")
    names = list(tags.value) if isinstance(tags.value, dict) else [tag.text() for tag in tags.items()]
    images = [tagged(name.text(), tag, "", name.place) for tag in names]
    return of_images(images, delivery.at, "quay", "", "no tag")
