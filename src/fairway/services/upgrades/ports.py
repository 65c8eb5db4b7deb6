"""What looking for upgrades needs from outside: registries of images."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Registry(Protocol):
    """Registries of images. `repository` is a full name, `host/path` (Docker Hub's is `docker.io/library/redis`).

    Errors: UserError (no such repository, login refused), Transient (no answer), Terminal (an answer that is wrong).
    """

    async def tags(self, repository: str) -> list[str]:
        """Every tag, in the registry's order. UserError when the repository does not exist."""
        ...

    async def created(self, repository: str, tag: str) -> datetime | None:
        """When the image was built, as its config says; None when there is no such tag, or the image does not say.

        The date of a tag that was moved may be that of its image a day ago.
        """
        ...

    async def digest(self, repository: str, tag: str) -> str | None:
        """`sha256:…` of the tag's manifest or index; None when there is no such tag."""
        ...
