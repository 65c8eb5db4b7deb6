"""What the agent answers over HTTP, and what it hears there.

The rule not to break: a webhook only wakes; what is done follows from what Git and the registries say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fairway.domain.errors import UserError

if TYPE_CHECKING:
    from fairway.services.agent.upgrading import Upgrading
    from fairway.services.configuring import Configured
    from fairway.wiring.agent import AgentParts

log = logging.getLogger(__name__)

HEAR = timedelta(milliseconds=200)
"""How long events are collected: a push reports many images at once."""


async def serve(
    stack: AsyncExitStack, configured: Configured, parts: AgentParts, upgrading: Upgrading | None, metrics: Any
) -> Callable[[], Any]:
    """Health, metrics, webhooks; the job that hears what they brought."""
    from fairway.domain.configuration.listening import parse_listen
    from fairway.entrypoints.web.app import create_app
    from fairway.entrypoints.web.parts import WebParts
    from fairway.entrypoints.web.serving import serving
    from fairway.services.agent.status import ready, status_of
    from fairway.services.intake import PendingWakes
    from fairway.wiring.web import webhook_intake

    section = configured.configuration
    wakes = PendingWakes()

    def page() -> tuple[bytes, str]:
        metrics.away(parts.troubles.known)
        return metrics.page(), metrics.content_type

    web = WebParts(
        intake=webhook_intake(configured, wakes, metrics),
        ready=lambda: ready(parts.agent, parts.clock.now(), section.agent.every),
        status=lambda: status_of(parts.agent, parts.troubles, url=parts.followed.name),
        metrics=page,
    )
    listen = parse_listen(section.server.listen)
    if listen is None:
        raise UserError(f'server.listen is "{section.server.listen}"', fix="write e.g. 127.0.0.1:8080")
    address = await stack.enter_async_context(serving(create_app(web), listen))
    log.info("agent.listening", extra={"address": address})

    async def hear() -> None:
        while True:
            woken = await wakes.gather(HEAR)
            followed = parts.followed
            if woken.overflow or any(push.concerns(followed.name, followed.branch) for push in woken.pushes):
                parts.agent.wake_git()
            if upgrading is not None:
                upgrading.pushed(woken)

    return hear
