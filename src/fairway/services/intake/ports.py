"""What intake needs from outside: somebody to wake, and a judge of signed tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.events import GitPushed


class Wake(Protocol):
    """Takes news and returns at once; never raises. What is done about it is the listener's business."""

    def git(self, push: GitPushed) -> None: ...

    def image(self, event: ImagePushed) -> None: ...


class TokenJudge(Protocol):
    """Says whose a signed token (JWT) is."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token with a good signature, for us, not expired. Raises Refused, or Transient when the
        keys cannot be had."""
        ...


class NoTokens:
    """Where no issuer is configured, no token is good."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        from fairway.domain.errors import Refused

        raise Refused("no issuer of tokens is configured", fix="see server.webhooks.pubsub in fairway.yaml")
