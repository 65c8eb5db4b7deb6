"""A registry of images without a network.

The rule not to break: it answers as a real one would; the contract tests run over both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fairway.domain.errors import UserError
from fairway.domain.upgrades.platforms import PlatformMissing, pick


@dataclass(frozen=True, slots=True)
class StoredImage:
    """`platforms` is empty for an image that is not one of several."""

    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()


class MemoryRegistry:
    """Images by repository and tag; `asked` counts the listings of each repository."""

    def __init__(self, images: Mapping[str, Mapping[str, datetime | None]] | None = None) -> None:
        self._images = {
            name: {tag: StoredImage(created) for tag, created in tags.items()} for name, tags in (images or {}).items()
        }
        self._by_digest: dict[str, StoredImage] = {}
        self.asked: dict[str, int] = {}

    def push(
        self,
        repository: str,
        tag: str,
        created: datetime | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        platforms: tuple[str, ...] = (),
    ) -> None:
        """Add an image, or move a tag to another one."""
        image = self._images.setdefault(repository, {})[tag] = StoredImage(created, labels or {}, platforms)
        self._by_digest[_digest(repository, tag, image, "")] = image

    async def tags(self, repository: str) -> list[str]:
        self.asked[repository] = self.asked.get(repository, 0) + 1
        if repository not in self._images:
            raise UserError(f"there is no image repository {repository}", fix="check the name, or push an image to it")
        return sorted(self._images[repository])

    async def created(self, repository: str, tag: str, platform: str = "") -> datetime | None:
        image = self._image(repository, tag, platform)
        return image.created if image else None

    async def digest(self, repository: str, tag: str, platform: str = "") -> str | None:
        image = self._image(repository, tag, platform)
        return _digest(repository, tag, image, platform) if image else None

    async def labels(self, repository: str, tag: str, platform: str = "") -> Mapping[str, str]:
        image = self._image(repository, tag, platform)
        return image.labels if image else {}

    def _image(self, repository: str, tag: str, platform: str) -> StoredImage | None:
        image = self._by_digest.get(tag) or self._images.get(repository, {}).get(tag)
        if image and platform and not pick(platform, image.platforms or ("linux/amd64",)):
            raise PlatformMissing(f"{repository}:{tag} has no image for {platform}")
        return image


def _digest(repository: str, tag: str, image: StoredImage, platform: str) -> str:
    content = (
        f"{repository}:{image.created or tag} {sorted(image.labels.items())} {platform if image.platforms else ''}"
    )
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
