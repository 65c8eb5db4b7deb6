"""A registry of images without a network.

The rule not to break: it answers as a real one would; the contract tests run over both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from fairway.domain.errors import UserError


class MemoryRegistry:
    """Images by repository and tag; `asked` counts the listings of each repository."""

    def __init__(self, images: Mapping[str, Mapping[str, datetime | None]] | None = None) -> None:
        self._images = {name: dict(tags) for name, tags in (images or {}).items()}
        self.asked: dict[str, int] = {}

    def push(self, repository: str, tag: str, created: datetime | None = None) -> None:
        """Add an image, or move a tag to another one."""
        self._images.setdefault(repository, {})[tag] = created

    async def tags(self, repository: str) -> list[str]:
        self.asked[repository] = self.asked.get(repository, 0) + 1
        if repository not in self._images:
            raise UserError(f"there is no image repository {repository}", fix="check the name, or push an image to it")
        return sorted(self._images[repository])

    async def created(self, repository: str, tag: str) -> datetime | None:
        return self._images.get(repository, {}).get(tag)

    async def digest(self, repository: str, tag: str) -> str | None:
        tags = self._images.get(repository, {})
        if tag not in tags:
            return None
        content = f"{repository}:{tags[tag] or tag}"
        return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
