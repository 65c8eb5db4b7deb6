"""Docker Hub. Source: "Webhooks" of Docker Hub's manual.

It signs nothing and names no delivery: the token is in the address, and `callback_url` is never called.
"""

from __future__ import annotations

from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import of_images, tagged


def parse(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.body)
    push = body.get("push_data").object()
    name = body.get("repository").get("repo_name")
    image = tagged(f"docker.io/{name.text()}", push.get("tag").text(), "", name.place)
    return of_images([image], push.get("pushed_at").time(delivery.at), "docker-hub", "", "")
