"""Notifications of the distribution registry, which GitLab's and others are made of.

Source: "Work with notifications" of CNCF Distribution: an envelope `{events: […]}`; a push of a tag has `target.tag`,
layers and platforms' manifests have none. The registry's host is the one that the pusher asked (`request.host`); a
registry that sits behind a proxy may not know its name, then `?registry=HOST` in the address says it.
"""

from __future__ import annotations

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import event, tagged


def parse_envelope(delivery: Delivery, body: Body, source: str) -> Parsed:
    events = [found for one in body.get("events").items() if (found := parse_event(delivery, one, source))]
    if not events:
        return Parsed(ignored="no tag was pushed")
    return Parsed(images=tuple(events))


def parse_event(delivery: Delivery, one: Body, source: str) -> ImagePushed | None:
    """None when no tag was pushed. Also the form of Azure's events."""
    if one.get("action").text() != "push":
        return None
    target = one.get("target").object()
    tag = target.get("tag").maybe()
    if not tag:
        return None
    host = delivery.query.get("registry") or one.at("request", "host").text()
    repository = target.get("repository")
    image = tagged(f"{host}/{repository.text()}", tag, target.get("digest").maybe(), repository.place)
    return event(image, one.get("timestamp").time(delivery.at), source, one.get("id").maybe())
