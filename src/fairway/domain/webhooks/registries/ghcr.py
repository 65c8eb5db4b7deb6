"""GitHub's container registry. Source: GitHub "Webhook events and payloads", `package` and `registry_package`.

A package without a tag is a platform's part of an image, pushed by its digest; the image itself follows.
"""

from __future__ import annotations

from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import image_at, of_images

_ACTIONS = ("published", "updated")


def parse(delivery: Delivery) -> Parsed:
    id = delivery.header("x-github-delivery")
    event = delivery.header("x-github-event")
    if event == "ping":
        return Parsed(ignored="ping", id=id)
    if event not in ("package", "registry_package"):
        return Parsed(ignored=f"not a package: {event[:60] or 'no event is named'}", id=id)
    body = Body.of(delivery.payload)
    package = body.get(event).object()
    if body.get("action").text() not in _ACTIONS:
        return Parsed(ignored="nothing was pushed", id=id)
    kind = package.get("package_type").text().lower()
    if kind not in ("container", "docker"):
        return Parsed(ignored=f"not an image: {kind[:60]}", id=id)
    version = package.get("package_version").object()
    tag = version.at("container_metadata", "tag", "name").maybe()
    if not tag:
        return Parsed(ignored="no tag", id=id)
    name = _name(package, version)
    digest = version.at("container_metadata", "tag", "digest").maybe()
    image = image_at(f"{name}:{tag}{'@' + digest if digest else ''}", package.get("name").place)
    at = version.get("updated_at").time(version.get("created_at").time(delivery.at))
    return of_images([image], at, "ghcr", id, "")


def _name(package: Body, version: Body) -> str:
    """`package_url` is `ghcr.io/owner/name:tag`; without it the parts are put together."""
    url = version.get("package_url").maybe() or package.get("package_url").maybe()
    if url:
        return image_at(url.lower().removesuffix(":"), "package_url").name
    owner = package.get("namespace").maybe() or package.at("owner", "login").text()
    return f"ghcr.io/{owner}/{package.get('name').text()}".lower()
