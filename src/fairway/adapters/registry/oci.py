"""Images in registries, by the OCI distribution protocol, over the same sessions as charts.

The rule not to break: what is remembered by a digest was computed to have it. A tag that is known is asked with HEAD,
which costs no pull where pulls are counted. Sources: OCI distribution specification, Docker Registry HTTP API V2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fairway.adapters.registry.asking import Asking
from fairway.adapters.registry.documents import (
    ACCEPT,
    config_digest,
    digest_of,
    image_in,
    index_in,
    is_digest,
    json_in,
)
from fairway.adapters.registry.facts import Facts, Image, Index
from fairway.adapters.registry.listing import Listing
from fairway.adapters.registry.tag_memory import TagMemory
from fairway.domain.errors import Terminal
from fairway.domain.upgrades.platforms import PlatformMissing, pick

USUAL_PLATFORM = "linux/amd64"
"""Whose image stands for an index of several where no platform is asked for."""
_MANIFEST = {"Accept": ACCEPT}


class OciImages:
    """The `Registry` of services/upgrades."""

    def __init__(self, asking: Asking, listing: Listing, facts: Facts, memory: TagMemory) -> None:
        self._asking = asking
        self._listing = listing
        self._facts = facts
        self._memory = memory
        self._reading: dict[str, asyncio.Lock] = {}

    async def tags(self, repository: str) -> list[str]:
        found = await self._listing.tags(repository)
        for tag, digest in found.digests.items():
            self._memory.keep(repository, tag, digest)
        return list(found.tags)

    async def digest(self, repository: str, tag: str, platform: str = "") -> str | None:
        found = await self._head(repository, tag)
        if found is None:
            return None
        self._memory.keep(repository, tag, found)
        if not platform:
            return found
        image = await self._image(repository, tag, found, platform)
        return image[0] if image else None

    async def created(self, repository: str, tag: str, platform: str = "") -> datetime | None:
        image = await self._image_of_tag(repository, tag, platform)
        return image.created if image else None

    async def labels(self, repository: str, tag: str, platform: str = "") -> Mapping[str, str]:
        image = await self._image_of_tag(repository, tag, platform)
        return image.labels if image else {}

    async def _image_of_tag(self, repository: str, tag: str, platform: str) -> Image | None:
        digest = tag if is_digest(tag) else await self._memory.find(repository, tag)
        if digest is None:
            known = await self._memory.knew(repository, tag)
            digest = await (self._head(repository, tag) if known else self._first_look(repository, tag))
            if digest is None:
                return None
            self._memory.keep(repository, tag, digest)
        image = await self._image(repository, tag, digest, platform)
        return image[1] if image else None

    async def _head(self, repository: str, tag: str) -> str | None:
        answer = await self._asking.ask(repository, f"manifests/{tag}", method="HEAD", headers=_MANIFEST)
        if answer.status == 404:
            return None
        given = answer.headers.get("docker-content-digest", "")
        return given if is_digest(given) else await self._first_look(repository, tag)

    async def _first_look(self, repository: str, tag: str) -> str | None:
        """The digest of a tag by its manifest, which whoever asks first will want anyway."""
        answer = await self._asking.ask(repository, f"manifests/{tag}", headers=_MANIFEST)
        if answer.status == 404:
            return None
        digest = digest_of(answer.body)
        await self._read(repository, digest, json_in(answer.body, repository))
        return digest

    async def _image(self, repository: str, tag: str, digest: str, platform: str) -> tuple[str, Image] | None:
        """The digest of an image and what it is; None when a part of it vanished meanwhile."""
        found = await self._what(repository, digest)
        if isinstance(found, Index):
            wanted = pick(platform or USUAL_PLATFORM, found.platforms)
            if wanted is None and not platform:
                wanted = next(iter(found.platforms), None)
                if wanted is None:
                    return digest, Image(labels=found.labels)
            if wanted is None:
                raise _missing(repository, tag, platform, found.platforms)
            digest, above = found.platforms[wanted], found.labels
            found = await self._what(repository, digest)
            if isinstance(found, Image):
                return digest, Image(found.platform or wanted, found.created, {**above, **found.labels})
            return None
        if found is not None and platform and not pick(platform, [found.platform]):
            raise _missing(repository, tag, platform, [found.platform] if found.platform else [])
        return (digest, found) if found else None

    async def _what(self, repository: str, digest: str) -> Image | Index | None:
        async with self._reading.setdefault(digest, asyncio.Lock()):
            known = await self._facts.find(digest)
            if known is None:
                manifest = await self._content(repository, "manifests", digest)
                known = await self._read(repository, digest, manifest) if manifest is not None else None
        self._reading.pop(digest, None)
        return known

    async def _read(self, repository: str, digest: str, manifest: Mapping[str, Any]) -> Image | Index | None:
        """What a manifest is, remembered; None when its config is not there (anymore)."""
        if known := await self._facts.find(digest):
            return known
        what: Image | Index | None = index_in(manifest)
        if what is None:
            wanted = config_digest(manifest)
            config = await self._content(repository, "blobs", wanted) if wanted else {}
            if config is None:
                return None
            what = image_in(manifest, config)
        await self._facts.keep(digest, what)
        return what

    async def _content(self, repository: str, kind: str, digest: str) -> dict[str, Any] | None:
        """A JSON document by its digest; None when it is not there (anymore)."""
        headers = _MANIFEST if kind == "manifests" else None
        answer = await self._asking.ask(repository, f"{kind}/{digest}", headers=headers)
        if answer.status == 404:
            return None
        if digest_of(answer.body) != digest:
            raise Terminal(f"{repository}@{digest}: the registry's answer does not have this digest")
        return json_in(answer.body, repository)


def _missing(repository: str, tag: str, platform: str, offered: Any) -> PlatformMissing:
    there = ", ".join(offered) or "no platform that it names"
    return PlatformMissing(f"{repository}:{tag} has no image for {platform}", fix=f"it has {there}")
