"""Whom a deployment is asked of: GitHub, which tells hookd; hookd's API; or hookd as if one were GitHub."""

from __future__ import annotations

from typing import Protocol

from fairway.domain.dispatch.wanted import Receipt, Told, Wanted


class Addressee(Protocol):
    """For one deployment. Implementations: memory, GitHub, hookd's API, hookd's webhook.

    Transient (`TryLater` when it says when): try again; every other error: it stays so.
    """

    async def ask(self, wanted: Wanted) -> Receipt:
        """Calling it again after Transient does not make a second deployment of one that was made unheard."""
        ...

    async def statuses(self, receipt: Receipt) -> list[Told]:
        """All that is known, oldest first."""
        ...

    async def aclose(self) -> None: ...
