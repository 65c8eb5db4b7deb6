"""What looking for upgrades needs from outside: registries of images."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Registry(Protocol):
    """Registries of images. `repository` is a full name, `host/path` (Docker Hub's is `docker.io/library/redis`).

    `platform` is `os/arch`: whose image is meant where a tag has several; empty means the usual one.
    Errors: UserError (no such repository, login refused), Transient (no answer), Terminal (an answer that is wrong);
    PlatformMissing where a platform is asked for that the tag does not have.
    """

    async def tags(self, repository: str) -> list[str]:
        """Every tag, in the registry's order. UserError when the repository does not exist."""
        ...

    async def created(self, repository: str, tag: str, platform: str = "") -> datetime | None:
        """When the image was built, as its config says; None when there is no such tag, or the image does not say.

        The date of a tag that was moved may be that of its image a day ago.
        """
        ...

    async def digest(self, repository: str, tag: str, platform: str = "") -> str | None:
        """`sha256:…` of the tag's manifest or index, or of the platform's image; None when there is no such tag."""
        ...

    async def labels(self, repository: str, tag: str, platform: str = "") -> Mapping[str, str]:
        """The image's `org.opencontainers.image.…` labels and annotations; empty when there is no such tag.

        Those of a tag may be as old as its date; `tag` may be a digest too.
        """
        ...
