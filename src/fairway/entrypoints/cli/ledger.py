"""`fairway log`, `show` and `ledger`: what happened, one of it in full, and the place where it is kept."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import click

from fairway import wiring
from fairway.domain.deployments.ids import time_of
from fairway.domain.deployments.query import Query, read_since
from fairway.domain.deployments.record import Story
from fairway.domain.deployments.status import FAILED
from fairway.domain.deployments.wire import story_as_plain
from fairway.domain.errors import UserError
from fairway.entrypoints.cli import ledger_views as views
from fairway.entrypoints.cli.output import emit, output_option, screen_width
from fairway.entrypoints.cli.render.style import Line, count, paint, to_ascii
from fairway.entrypoints.cli.times import ago
from fairway.services.recording.lookup import look_up, short_ids
from fairway.services.recording.ports import Ledger
from fairway.services.recording.replaying import replay as replay_spool
from fairway.settings import load_settings

Command = Callable[..., Any]

_PAGE = 500


def since_option(command: Command) -> Command:
    return click.option(
        "--since", metavar="AGE", callback=_since, help="Only what was asked for since then: 30m, 2h, 3d, 2026-11-20."
    )(command)


def _since(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_since(text, _now())
    except ValueError:
        raise click.BadParameter(f'"{text}" is neither an age (30m, 2h, 3d, 1w) nor a date (2026-11-20)') from None


@click.command()
@click.argument("environment", required=False, default="", metavar="[ENV]")
@click.argument("release", required=False, default="", metavar="[RELEASE]")
@since_option
@click.option("--failed", is_flag=True, help="Only what failed or was rolled back.")
@click.option("--number", "-n", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@click.option("--before", default="", metavar="ID", help="Only what is older than this deployment.")
@output_option()
def log(
    environment: str, release: str, since: datetime | None, failed: bool, number: int, before: str, output: str
) -> None:
    """What was deployed, newest first, by whom and why.

    \b
    Examples:
      fairway log                        the last 20 changes anywhere
      fairway log prod web               those of one release
      fairway log --failed --since 2d    what went wrong since the day before yesterday
      fairway log prod -o json           for scripts
    """

    async def ask() -> None:
        async with _ledger() as ledger:
            last = (await look_up(ledger, before)).stories[0].id if before else ""
            states = FAILED if failed else frozenset()
            page = await ledger.find(Query(environment, release, states=states, since=since, before=last, limit=number))
            short = await short_ids(ledger, page.stories)
        if output != "table":
            emit(_document(page.stories, page.next), output)
            return
        _print(views.log_lines(page.stories, short, _now(), screen_width()))
        if not page.stories:
            click.echo(_nothing(environment, release, narrowed=failed or since is not None or bool(before)), err=True)
        elif page.next:
            click.echo(f"\nolder ones: fairway log … --before {short[page.next]}", err=True)

    asyncio.run(ask())


@click.command()
@click.argument("deployment")
@output_option()
def show(deployment: str, output: str) -> None:
    """Everything about one deployment, or about all of a run: cause, steps, plan, reason, what to do next.

    DEPLOYMENT is an id or as much of its start as is unique.

    \b
    Examples:
      fairway show 01KAJ3X9T2
      fairway show 01KAJ3X9T2 -o json
    """

    async def ask() -> None:
        async with _ledger() as ledger:
            stories = (await look_up(ledger, deployment)).stories
            if output != "table":
                emit(_document(stories), output)
            elif len(stories) > 1:
                _print(views.run_lines(stories, await short_ids(ledger, stories), _now(), screen_width()))
            else:
                run = await ledger.find(Query(run_id=stories[0].run.id, limit=1000))
                _print(views.story_lines(stories[0], len(run.stories), _now()))

    asyncio.run(ask())


@click.group()
def ledger() -> None:
    """Look after the place where deployments are remembered (FAIRWAY_LEDGER_URL).

    \b
    Examples:
      fairway ledger status     where it is, whether it answers, what waits for it
      fairway ledger migrate    bring a shared database up to date after an upgrade of fairway
      fairway ledger export     everything, as JSON lines
    """


@ledger.command()
def migrate() -> None:
    """Bring the database's schema up to date; SQLite does so by itself."""
    before, after = wiring.migrate_ledger(load_settings())
    if before == after:
        click.echo(f"schema {after} is up to date", err=True)
    else:
        click.echo(f"schema {before} → {after}" if before else f"made the schema, {after}", err=True)


@ledger.command()
@output_option()
def status(output: str) -> None:
    """Where the ledger is, whether it answers, and what waits for it on this machine. Changes nothing."""
    report = wiring.ledger_report(load_settings())
    database = report.database
    plain = {
        "address": database.address,
        "reachable": not database.problem,
        "problem": database.problem,
        "schema": database.schema,
        "schemaWanted": database.schema_wanted,
        "deployments": database.deployments,
        "unfinished": database.unfinished,
        "oldest": database.oldest,
        "spool": {
            "folder": str(report.spool),
            "files": report.waiting_files,
            "bytes": report.waiting_bytes,
            "setAside": [str(path) for path in report.set_aside],
        },
    }
    if output != "table":
        emit(plain, output)
        return
    click.echo(f"ledger    {database.address}")
    if database.problem:
        click.echo(f"          {click.style(database.problem, fg='red')}")
    elif not database.schema:
        click.echo("          empty: nothing was recorded yet")
    else:
        oldest = f", oldest {ago(time_of(database.oldest), _now())}" if database.oldest else ""
        click.echo(f"          {count(database.deployments, 'deployment')}, {database.unfinished} unfinished{oldest}")
        if database.schema != database.schema_wanted:
            click.echo(f"          schema {database.schema}, wanted {database.schema_wanted}: fairway ledger migrate")
    if database.fix:
        click.echo(f"          {database.fix}")
    waiting = (
        f"{report.waiting_bytes} bytes in {count(report.waiting_files, 'file')}" if report.waiting_files else "empty"
    )
    click.echo(f"spool     {waiting} ({report.spool})")
    for path in report.set_aside:
        click.echo(f"          {click.style('unreadable', fg='yellow')}: {path}; look at it, then delete it")


@ledger.command()
def replay() -> None:
    """Bring what waits on this machine into the ledger. The next question or run does so by itself."""

    async def bring() -> None:
        settings = load_settings()
        opened = await wiring.ledger_itself(settings)
        try:
            done = await replay_spool(wiring.ledger_spool(settings), opened, now=lambda: datetime.now(UTC))
        finally:
            await opened.close()
        text = (
            f"{count(done.records, 'record')} of {count(done.segments, 'file')}, {len(done.counted)} statuses were new"
        )
        if done.interrupted:
            text += f"; {count(done.interrupted, 'deployment')} of dead processes marked as interrupted"
        if done.unreadable:
            text += f"; {count(done.unreadable, 'unreadable line')} set aside"
        click.echo(text, err=True)

    asyncio.run(bring())


@ledger.command()
@since_option
def export(since: datetime | None) -> None:
    """Print everything as JSON lines, newest first: one deployment per line, as in `fairway log -o json`."""

    async def write() -> None:
        async with _ledger() as opened:
            before = ""
            while True:
                page = await opened.find(Query(since=since, before=before, limit=_PAGE))
                _print_json_lines(page.stories)
                if not (before := page.next):
                    return

    asyncio.run(write())


@asynccontextmanager
async def _ledger() -> AsyncIterator[Ledger]:
    opened = await wiring.ledger(load_settings(), warn)
    try:
        yield opened
    finally:
        await opened.close()


def warn(text: str) -> None:
    """A sentence that people must not miss, on stderr."""
    click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {text}", err=True)


def _nothing(environment: str, release: str, *, narrowed: bool) -> str:
    place = " ".join(part for part in (environment, release) if part)
    if narrowed:
        return (
            f"nothing{f' for {place}' if place else ''} that fits; without restrictions: fairway log {place}".rstrip()
        )
    if place:
        return f"nothing was deployed to {place} yet; everything: fairway log"
    if load_settings().ledger_url in ("none", "memory:"):
        raise UserError("nothing is remembered: FAIRWAY_LEDGER_URL is none", fix="leave it out to keep a ledger")
    return "nothing was deployed yet: fairway apply ENV"


def _print(lines: Iterable[Line]) -> None:
    settings = load_settings()
    color = settings.color if settings.color is not None else sys.stdout.isatty()
    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
    for line in lines:
        text = paint(line, color=color)
        click.echo(to_ascii(text) if ascii_only else text, color=color)


def _document(stories: Iterable[Story], following: str = "") -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/deployments.schema.json."""
    return {
        "apiVersion": "fairway.dev/v1",
        "kind": "Deployments",
        "deployments": [story_as_plain(story) for story in stories],
        "next": following,
    }


def _print_json_lines(stories: Sequence[Story]) -> None:
    for story in stories:
        click.echo(json.dumps(story_as_plain(story), ensure_ascii=False, separators=(",", ":")))


def _now() -> datetime:
    return datetime.now().astimezone()
