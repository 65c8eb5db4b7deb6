"""Notifications put together from fairway.yaml: channels, routes, the delivery log, and who narrates a run.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment
from fairway.wiring.clock import SystemClock, now

if TYPE_CHECKING:
    from fairway.adapters.notifications.posting import Reveal
    from fairway.domain.configuration.notifications import Channel as WrittenChannel
    from fairway.domain.configuration.secrets import SecretSource
    from fairway.domain.notifications.routing import Route
    from fairway.services.configuring import Configured
    from fairway.services.notifying.delivering import Deliverer
    from fairway.services.notifying.narrating import Narrators
    from fairway.services.notifying.notifier import Notifier
    from fairway.services.notifying.ports import Channel, DeliveryLog, Tell


@asynccontextmanager
async def open_notifier(
    settings: Settings, configured: Configured, *, warn: Callable[[str], None]
) -> AsyncIterator[Notifier]:
    """A notifier for as long as the block lasts; what waits at its end is flushed by who uses it.

    Without channels in fairway.yaml everything goes to Fairway's own log, and no delivery log is kept.
    """
    from fairway.adapters.memory.deliveries import MemoryDeliveryLog
    from fairway.adapters.notifications.local import LogChannel
    from fairway.services.notifying.late_log import LateDeliveryLog
    from fairway.services.notifying.notifier import Notifier

    section = configured.configuration.notifications
    channels = open_channels(configured)
    log: DeliveryLog = LateDeliveryLog(lambda: delivery_log(settings)) if channels else MemoryDeliveryLog()
    try:
        yield Notifier(
            channels or {"log": LogChannel()},
            routes(configured) if channels else (),
            log,
            SystemClock(),
            window=section.window,
            warn=warn,
        )
    finally:
        for channel in channels.values():
            await channel.aclose()
        await log.close()


@asynccontextmanager
async def open_deliverer(
    settings: Settings, configured: Configured, *, warn: Callable[[str], None]
) -> AsyncIterator[tuple[Deliverer, Mapping[str, Channel], DeliveryLog]]:
    """For sending one message by hand: tried once, so that its answer can be shown."""
    import secrets

    from fairway.services.notifying.delivering import Deliverer, Patience

    channels, log = open_channels(configured), await delivery_log(settings)
    patience = Patience(attempts=1)
    try:
        yield (
            Deliverer(channels, log, SystemClock(), random=secrets.randbits, warn=warn, patience=patience),
            channels,
            log,
        )
    finally:
        for channel in channels.values():
            await channel.aclose()
        await log.close()


def narrators(tell: Tell, commit_url: Callable[[str], str] = lambda commit: "") -> Narrators:
    """Those who turn the progress of runs into events."""
    import secrets

    from fairway.domain.deployments.ids import encode
    from fairway.services.notifying.narrating import Narrators

    def new_id() -> str:
        return encode(int(now().timestamp() * 1000), secrets.randbits(80))

    return Narrators(tell, now=now, new_id=new_id, commit_url=commit_url)


def commit_pages(configured: Configured, remote: str = "") -> Callable[[str], str]:
    """Makes the address of a commit's page; of none, where it can't be told which forge the repository is on.

    `remote` is the repository's address, when fairway.yaml does not name it.
    """
    from fairway.domain.errors import UserError
    from fairway.domain.forges.addresses import forge_address
    from fairway.domain.forges.pages import commit_page

    git, forge = configured.configuration.git, configured.configuration.git.forge
    try:
        address = forge_address(
            git.url or remote,
            kind=forge.kind if forge else None,
            api=forge.api if forge else None,
            repository=forge.repository if forge else None,
        )
    except UserError:
        return lambda commit: ""
    return lambda commit: commit_page(address, commit)


async def delivery_log(settings: Settings) -> DeliveryLog:
    """Beside the ledger. Raises `Transient`, `UserError` or `Refused`."""
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.deliveries import MemoryDeliveryLog

        return MemoryDeliveryLog()

    def connect() -> DeliveryLog:
        from fairway.adapters.sql.deliveries import open_delivery_log

        return open_delivery_log(url)

    return await asyncio.to_thread(connect)


def routes(configured: Configured) -> tuple[Route, ...]:
    from fairway.domain.errors import Severity
    from fairway.domain.notifications.routing import Route

    return tuple(
        Route(
            tuple(one.to),
            tuple(one.environments),
            tuple(one.releases),
            tuple(one.teams),
            Severity(one.at_least),
        )
        for one in configured.configuration.notifications.routes
    )


def open_channels(configured: Configured, env: Mapping[str, str] | None = None) -> dict[str, Channel]:
    """By name, in the order of fairway.yaml. Secrets are read when a message is sent."""
    known = process_environment() if env is None else env
    return {one.name: _channel(one, configured, known) for one in configured.configuration.notifications.channels}


def _channel(written: WrittenChannel, configured: Configured, env: Mapping[str, str]) -> Channel:
    from fairway.adapters.notifications import hooks
    from fairway.adapters.notifications.local import LogChannel

    def reveal(source: SecretSource) -> Reveal:
        return lambda: configured.secret(source, env)

    if slack := written.slack:
        from fairway.adapters.notifications.slack import SlackChannel

        return SlackChannel(reveal(slack.token), slack.channel, slack.api)
    if written.slack_webhook:
        return hooks.SlackWebhook(reveal(written.slack_webhook.url))
    if written.teams:
        return hooks.TeamsWebhook(reveal(written.teams.url))
    if webhook := written.webhook:
        return hooks.Webhook(webhook.url, reveal(webhook.secret) if webhook.secret else None, now=now)
    if events := written.cloud_events:
        token = reveal(events.token) if events.token else None
        return hooks.CloudEvents(events.url, binary=events.mode == "binary", token=token)
    if mail := written.email:
        from fairway.adapters.notifications.mail import MailChannel

        return MailChannel(
            mail.host,
            mail.port,
            mail.sender,
            mail.to,
            tls=mail.tls,
            username=mail.username,
            password=reveal(mail.password) if mail.password else None,
            ca_file=str(configured.path(mail.ca_file)) if mail.ca_file else None,
            now=now,
        )
    return LogChannel()
