"""Azure Container Registry. Source: "Azure Container Registry webhook reference": push event, and a test's ping."""

from __future__ import annotations

from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.distribution import parse_event


def parse(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.body)
    id = body.get("id").maybe()
    action = body.get("action").text()
    if action != "push":
        return Parsed(ignored="ping" if action == "ping" else f"not a push: {action[:60]}", id=id)
    found = parse_event(delivery, body, "acr")
    return Parsed(images=(found,), id=id) if found else Parsed(ignored="no tag", id=id)
