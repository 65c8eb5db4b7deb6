"""Google's Artifact Registry and Container Registry through Pub/Sub push.

Sources: "Configure Pub/Sub notifications" of Artifact Registry: `{action: INSERT, digest: NAME@…, tag: NAME:TAG}`;
"Push subscriptions" of Pub/Sub: that text in base64 in `message.data`, with `message.messageId`. A subscription that
unwraps its messages sends the text alone.
"""

from __future__ import annotations

import base64
import binascii

from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Malformed, Parsed
from fairway.domain.webhooks.registries.naming import image_at, of_images

MOST_ENCODED = 100_000


def parse(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.body)
    id, at, note = "", delivery.at, body
    if "message" in body:
        message = body.get("message").object()
        id = message.get("messageId").maybe() or message.get("message_id").maybe()
        at = message.get("publishTime").time(delivery.at)
        note = Body.of(_decoded(message.get("data")))
    action = note.get("action").text()
    if action != "INSERT":
        return Parsed(ignored=f"not a push: {action[:60]}", id=id)
    tag = note.get("tag").maybe()
    if not tag:
        return Parsed(ignored="no tag", id=id)
    digest = note.get("digest").maybe().rpartition("@")[2]
    name = image_at(tag, "tag")
    image = image_at(f"{name.name}:{name.tag or 'latest'}{'@' + digest if digest else ''}", "digest")
    return of_images([image], at, "gcr", id, "")


def _decoded(data: Body) -> bytes:
    try:
        return base64.b64decode(data.text(MOST_ENCODED), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{data.place} is not base64") from None
