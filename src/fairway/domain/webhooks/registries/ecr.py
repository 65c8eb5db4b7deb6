"""Amazon ECR through EventBridge. Source: "Amazon ECR events and EventBridge", the event `ECR Image Action`.

The event names account and region, which make the registry's host.
"""

from __future__ import annotations

from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import of_images, tagged


def parse(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.body)
    id = body.get("id").maybe()
    kind = body.get("detail-type").text()
    if kind != "ECR Image Action":
        return Parsed(ignored=f"not an image: {kind[:60]}", id=id)
    detail = body.get("detail").object()
    if detail.get("action-type").text() != "PUSH" or detail.get("result").text() != "SUCCESS":
        return Parsed(ignored="not a finished push", id=id)
    tag = detail.get("image-tag").maybe()
    if not tag:
        return Parsed(ignored="no tag", id=id)
    name = detail.get("repository-name")
    host = _host(body.get("account").text(), body.get("region").text())
    image = tagged(f"{host}/{name.text()}", tag, detail.get("image-digest").maybe(), name.place)
    return of_images([image], body.get("time").time(delivery.at), "ecr", id, "")


def _host(account: str, region: str) -> str:
    end = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{end}"
