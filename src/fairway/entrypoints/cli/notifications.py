"""`fairway notifications`: what was told to whom, once more if it did not arrive, and whether a channel works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.errors import warn
from fairway.entrypoints.cli.options import environments_file_option
from fairway.entrypoints.cli.output import emit, output_option, table
from fairway.entrypoints.cli.running import run_async
from fairway.entrypoints.cli.times import ago
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.notifications.delivery import Delivery
    from fairway.services.configuring import Configured
    from fairway.services.notifying.ports import DeliveryLog

Command = Callable[..., Any]

LONGEST_TITLE = 60


def _config_option(command: Command) -> Command:
    return click.option(
        "--config", "configuration", type=click.Path(path_type=Path, dir_okay=False),
        help="The configuration; default: fairway.yaml beside environments.yaml.",
    )(command)  # fmt: skip


@click.group()
def notifications() -> None:
    """Look at what people and programs were told, and try channels of fairway.yaml.

    \b
    Examples:
      fairway notifications list --failed     what did not arrive, and why
      fairway notifications show 01KAJ3X9     one message in full: what was sent, every answer
      fairway notifications resend 01KAJ3X9   the same once more
      fairway notifications test team         a message that says that it is a test
    """


@notifications.command("list")
@click.option("--failed", is_flag=True, help="Only what did not arrive.")
@click.option("--channel", default="", metavar="NAME", help="Only messages of this channel.")
@click.option("--number", "-n", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@click.option("--before", default="", metavar="ID", help="Only what is older than this message.")
@output_option()
def list_deliveries(failed: bool, channel: str, number: int, before: str, output: str) -> int:
    """Messages, newest first: when, to where, whether they arrived, and what the other side said.

    \b
    Examples:
      fairway notifications list
      fairway notifications list --failed --channel team
      fairway notifications list -o json
    """

    async def ask() -> int:
        from fairway.domain.notifications.delivery import DeliveryQuery, DeliveryState
        from fairway.domain.notifications.wire import delivery_as_plain
        from fairway.services.notifying.looking_up import short_delivery_ids, the_delivery

        async with _log() as log:
            last = (await the_delivery(log, before)).id if before else ""
            states = frozenset({DeliveryState.FAILED}) if failed else frozenset[DeliveryState]()
            found = await log.find(DeliveryQuery(channel, states, last, number))
            short = await short_delivery_ids(log, found) if output == "table" else {}
        if output != "table":
            emit(_document([delivery_as_plain(one) for one in found]), output)
        elif found:
            rows = [_row(one, short[one.id]) for one in found]
            click.echo(table(["ID", "SENT", "CHANNEL", "STATE", "MESSAGE"], rows))
            if len(found) == number:
                click.echo(f"\nolder ones: fairway notifications list … --before {short[found[-1].id]}", err=True)
        else:
            narrowed = failed or channel or before
            click.echo("nothing that fits" if narrowed else "nothing was sent yet", err=True)
        return 0

    return run_async(ask())


@notifications.command()
@click.argument("delivery", metavar="ID")
@output_option()
def show(delivery: str, output: str) -> int:
    """One message: what was sent, every attempt, and what the other side answered. ID may be shortened.

    \b
    Examples:
      fairway notifications show 01KAJ3X9
    """

    async def ask() -> int:
        from fairway.domain.notifications.wire import delivery_as_plain
        from fairway.services.notifying.looking_up import the_delivery

        async with _log() as log:
            found = await the_delivery(log, delivery)
        if output != "table":
            emit(_document([delivery_as_plain(found)]), output)
        else:
            click.echo("\n".join(_lines(found)))
        return 0

    return run_async(ask())


@notifications.command()
@click.argument("delivery", metavar="ID")
@environments_file_option
@_config_option
def resend(delivery: str, environments_file: Path, configuration: Path | None) -> int:
    """Send a message once more, as a new one, to the same place; ID may be shortened. Tried once.

    \b
    Examples:
      fairway notifications resend 01KAJ3X9
    """

    async def send() -> int:
        from fairway.domain.notifications.delivery import Message
        from fairway.services.notifying.looking_up import the_delivery
        from fairway.wiring.notifications import open_deliverer

        configured = _configured(environments_file, configuration)
        async with open_deliverer(load_settings(), configured, warn=lambda text: None) as (deliverer, channels, log):
            earlier = await the_delivery(log, delivery)
            _known(earlier.channel, list(channels))
            message = Message(deliverer.new_id(), earlier.channel, earlier.to, earlier.events, earlier.thread)
            return _told(await deliverer.send(message, {}, repeats=earlier.id))

    return run_async(send())


@notifications.command()
@click.argument("channel")
@click.option("--to", default="", metavar="PLACE", help="Another place in it, as a release's owner.slack names one.")
@environments_file_option
@_config_option
def test(channel: str, to: str, environments_file: Path, configuration: Path | None) -> int:
    """Send a message to a channel of fairway.yaml that says that it is a test. Tried once.

    \b
    Examples:
      fairway notifications test team
      fairway notifications test team --to '#shop'
    """

    async def send() -> int:
        from fairway.domain.notifications.delivery import Message
        from fairway.domain.notifications.event import EventKind, Happening
        from fairway.wiring.notifications import open_deliverer

        settings, configured = load_settings(), _configured(environments_file, configuration)
        async with open_deliverer(settings, configured, warn=lambda text: None) as (deliverer, channels, _):
            _known(channel, list(channels))
            if to and not channels[channel].addressed:
                raise UserError(f'the channel "{channel}" has one place only', fix="leave out --to")
            event = Happening(
                id=deliverer.new_id(),
                kind=EventKind.CHANNEL_TEST,
                at=datetime.now(UTC),
                title=f"A test of the channel {channel}, asked for by {settings.user}",
                lines=("If you read this, Fairway's messages arrive here.",),
            )
            return _told(await deliverer.send(Message(deliverer.new_id(), channel, to, (event,)), {}))

    return run_async(send())


def _told(delivery: Delivery) -> int:
    """Say how it went; the exit code."""
    from fairway.domain.errors import Terminal
    from fairway.domain.notifications.delivery import DeliveryState

    where = f"{delivery.channel} {delivery.to}".strip()
    if delivery.state is not DeliveryState.DELIVERED:
        see = f"what was sent: fairway notifications show {delivery.id}"
        raise Terminal(f"nothing arrived at {where}: {delivery.answer}", fix=see)
    click.echo(f"delivered to {where}: {delivery.answer}")
    return 0


def _configured(environments_file: Path, configuration: Path | None) -> Configured:
    from fairway.services.configuring import load_configuration

    return load_configuration(environments_file, configuration)


def _known(channel: str, names: list[str]) -> None:
    if channel not in names:
        known = f"there are {', '.join(names)}" if names else "declare it: notifications.channels in fairway.yaml"
        raise UserError(f'no channel "{channel}"', fix=known)


@asynccontextmanager
async def _log() -> AsyncIterator[DeliveryLog]:
    from fairway.wiring.notifications import delivery_log

    settings = load_settings()
    if settings.ledger_url in ("none", "memory:"):
        warn("nothing is remembered: FAIRWAY_LEDGER_URL is none")
    log = await delivery_log(settings)
    try:
        yield log
    finally:
        await log.close()


def _document(deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/deliveries.schema.json."""
    return {"apiVersion": "fairway.dev/v1", "kind": "Deliveries", "deliveries": deliveries}


def _row(one: Delivery, short: str) -> list[str]:
    from fairway.domain.notifications.delivery import DeliveryState
    from fairway.domain.notifications.texts import one_line, text_of

    title = one_line(text_of(one.events).title, LONGEST_TITLE) if one.events else ""
    state = one.state.value
    if one.state is DeliveryState.FAILED:
        state, title = click.style(state, fg="red"), f"{title}: {one_line(one.answer, 100)}"
    return [short, ago(one.at), f"{one.channel} {one.to}".strip(), state, title]


def _lines(one: Delivery) -> list[str]:
    lines = [
        f"{one.channel} {one.to}".strip() + f": {one.state}",
        f"  id        {one.id}",
        f"  sent      {ago(one.at)} ({one.at.isoformat(timespec='seconds')})",
    ]
    if one.repeats:
        lines.append(f"  repeats   {one.repeats}")
    if one.thread:
        lines.append(f"  thread    {one.thread}")
    lines += [
        f"  attempt   {number}: {'ok' if attempt.ok else 'failed'}, {attempt.answer}"
        for number, attempt in enumerate(one.attempts, 1)
    ]
    lines += ["", *(f"  {line}" for line in one.payload.splitlines())]
    if one.state.value != "delivered":
        lines += ["", f"  once more: fairway notifications resend {one.id}"]
    return lines
