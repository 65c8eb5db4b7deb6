"""Harbor, both forms of its payload. Source: "Configure Webhook Notifications" of Harbor's manual.

Default: `{type: PUSH_ARTIFACT, event_data: {resources: […]}}`. CloudEvents: `type: harbor.artifact.pushed` with the
same resources in `data`. An artifact without a tag has its digest in `tag`.
"""

from __future__ import annotations

from fairway.domain.upgrades.images import ImageReference
from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import image_at, of_images

_PUSHES = ("PUSH_ARTIFACT", "pushImage", "harbor.artifact.pushed")


def parse(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.body)
    cloud_event = "specversion" in body
    id = body.get("id").maybe() if cloud_event else ""
    kind = body.get("type").text()
    if kind not in _PUSHES:
        return Parsed(ignored=f"not a push: {kind[:60]}", id=id)
    data = body.get("data" if cloud_event else "event_data").object()
    at = body.get("time" if cloud_event else "occur_at").time(delivery.at)
    found = [_image(resource) for resource in data.get("resources").items()]
    return of_images([image for image in found if image], at, "harbor", id, "no tag")


def _image(resource: Body) -> ImageReference | None:
    tag = resource.get("tag").maybe()
    if not tag or ":" in tag:
        return None
    url = resource.get("resource_url")
    digest = resource.get("digest").maybe()
    name = image_at(url.text(), url.place).name
    return image_at(f"{name}:{tag}{'@' + digest if digest else ''}", url.place)
