"""Image names, and the image that a trigger of a release is about.

The rule not to break: names are normalised as container runtimes do (`nginx` is `docker.io/library/nginx`), so that an
event, a trigger and a registry speak of the same repository. Source: distribution/reference, `normalize.go`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ImageTrigger
from fairway.domain.values.paths import parse_key
from fairway.domain.yaml.scalars import scalar_text

DOCKER_HUB = "docker.io"

_HUB_NAMES = {"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"}
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d+)?", re.ASCII)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", re.ASCII)


class BadImageName(ValueError):
    """The text names no image; the message says why."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`registry` is a host with its port, `docker.io` for Docker Hub; `repository` has no host: `library/nginx`."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        """Registry and repository: what two references to the same image have in common."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The name as people write it: `nginx`, `grafana/grafana`, `registry.example/kafka`."""
        if self.registry != DOCKER_HUB:
            return self.name
        return self.repository.removeprefix("library/") if self.repository.count("/") == 1 else self.repository

    def with_tag(self, tag: str | None) -> ImageReference:
        """The same repository with another tag, and without a digest."""
        return replace(self, tag=tag, digest=None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def is_tag(text: object) -> bool:
    """Whether it is a tag as the distribution specification has it: short, without spaces and control characters."""
    return isinstance(text, str) and bool(_TAG.fullmatch(text))


def parse_image(text: str) -> ImageReference:
    """`[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`. Raises BadImageName."""
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise BadImageName(f'"{digest}" is not a digest')
    folder, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise BadImageName(f'"{tag}" is not a tag')
    registry, repository = _split_host(f"{folder}{slash}{last}")
    if not _HOST.fullmatch(registry):
        raise BadImageName(f'"{registry}" is not a host')
    if not _REPOSITORY.fullmatch(repository):
        why = " (names are in lower case)" if _REPOSITORY.fullmatch(repository.lower()) else ""
        raise BadImageName(f'"{repository}" is not the name of a repository{why}')
    return ImageReference(registry, repository, tag or None, digest or None)


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    registry, repository = (first.lower(), rest) if is_host else (DOCKER_HUB, name)
    if registry in _HUB_NAMES:
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def join_prefix(prefix: str, repository: str) -> str:
    """`image.prefix` before `image.repository`, with one slash between them."""
    return f"{prefix.rstrip('/')}/{repository.lstrip('/')}" if prefix else repository


@dataclass(frozen=True, slots=True)
class TrackedImage:
    """The image of a trigger, as the release's values have it now."""

    reference: ImageReference
    """With the current tag (and digest, when the tag is pinned as `TAG@DIGEST`)."""
    current_tag: str
    tag_key: str
    """The dotted path of the value that holds the tag."""


def tracked_image(values: Mapping[str, Any], trigger: ImageTrigger) -> TrackedImage:
    """The image that a trigger is about; `values` are the release's merged values, chart defaults included.

    Raises UserError at the trigger when a value is missing or is no image name.
    """
    repository = _text(values, trigger.repo_value, "repoValue", trigger.position)
    tag = _text(values, trigger.tag_value, "tagValue", trigger.position)
    for name, key, text in (("repoValue", trigger.repo_value, repository), ("tagValue", trigger.tag_value, tag)):
        if not text:
            message = f"the trigger's image is not known: the release has no value {key}"
            raise UserError(message, where=trigger.position, fix=f"set {key}, or name another value in {name}")
    prefix = _text(values, trigger.prefix_value, "prefixValue", trigger.position)
    separator = "" if tag.startswith("@") else ":"
    try:
        reference = parse_image(f"{join_prefix(prefix, repository)}{separator}{tag}")
    except BadImageName as error:
        message = f"the trigger's image cannot be looked up: {error}"
        fix = f"check the values {trigger.repo_value}, {trigger.tag_value} and {trigger.prefix_value}"
        raise UserError(message, where=trigger.position, fix=fix) from error
    return TrackedImage(reference, reference.tag or "", trigger.tag_value)


def _text(values: Mapping[str, Any], key: str, field: str, where: Position) -> str:
    """The value as the chart prints it; empty when there is none."""
    value: Any = values
    for part in parse_key(key, where):
        listed = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not listed and not (isinstance(value, Mapping) and part in value):
            return ""
        value = value[part]
    if value is None:
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        fix = f"{field} must name a text"
        raise UserError(f"the value {key} is no text", where=where, fix=fix)
    return scalar_text(value)
