"""`fairway suspend` and `fairway resume`: leave releases alone for a while, and go on with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.errors import FairwayError, UserError
from fairway.entrypoints.cli.errors import show_error, warn
from fairway.entrypoints.cli.notifying import notifying
from fairway.entrypoints.cli.opening import Place, facts_of, place_of
from fairway.entrypoints.cli.options import cluster_option, environment_argument, environments_file_option
from fairway.entrypoints.cli.output import emit, output_option, screen_width, table
from fairway.entrypoints.cli.running import run_async
from fairway.entrypoints.cli.times import ago
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment
    from fairway.domain.suspensions.suspension import Suspension
    from fairway.services.engine.ports import RevisionStore
    from fairway.services.suspending.suspending import Suspending

notify_option = click.option("--notify", is_flag=True, help="Tell the channels of fairway.yaml.")
release_words = click.argument("releases", metavar="[RELEASE]…", nargs=-1)


@click.command()
@environment_argument
@release_words
@cluster_option
@environments_file_option
@click.option("--reason", metavar="TEXT", help="Why; shown wherever somebody asks why nothing happens.")
@click.option("--until", metavar="TIME", help="When it ends by itself: 18:00, 2026-11-22 08:00, or RFC 3339.")
@click.option("--for", "length", metavar="LENGTH", help="How long it lasts: 90m, 2h, 1d12h.")
@click.option("--list", "show", is_flag=True, help="Show what is suspended, and suspend nothing.")
@notify_option
@output_option()
def suspend(
    environment: str | None,
    releases: tuple[str, ...],
    cluster: str | None,
    environments_file: Path,
    reason: str | None,
    until: str | None,
    length: str | None,
    show: bool,
    notify: bool,
    output: str,
) -> int:
    """Leave RELEASEs of ENV as they are, or all of ENV, whatever Git declares, until the time is over or a resume.

    Kept in the cluster, so it holds for everybody: apply, plan, drift and status show who suspended it and why, the
    agent does nothing, and what is no longer declared stays. A rollback, uninstall or test by hand still works.

    \b
    Examples:
      fairway suspend prod web --reason "database move" --for 2h
      fairway suspend prod --reason "freeze" --until "2026-12-27 08:00"
      fairway suspend prod --list
      fairway suspend --list           of all environments
    """
    if show:
        everywhere = place_of(environments_file, environment, cluster, every=True)
        return run_async(_list(load_settings(), everywhere, releases, output))
    place = place_of(environments_file, environment, cluster)
    if not reason or not reason.strip():
        raise UserError("why is it suspended?", fix='give --reason "…": it is shown wherever somebody asks')
    asked = _suspend(load_settings(), place, releases, reason.strip(), until, length, output, notify)
    return run_async(asked)


@click.command()
@environment_argument
@release_words
@environments_file_option
@click.option("--all", "everything", is_flag=True, help="Everything of ENV: as a whole, and each release.")
@notify_option
@output_option()
def resume(
    environment: str | None,
    releases: tuple[str, ...],
    environments_file: Path,
    everything: bool,
    notify: bool,
    output: str,
) -> int:
    """Go on with RELEASEs of ENV, or with ENV as a whole, after a suspend.

    The next apply, by a human or the agent, brings them to what Git declares.

    \b
    Examples:
      fairway resume prod web
      fairway resume prod              what all of prod was suspended by; single releases stay suspended
      fairway resume prod --all        these too
    """
    if everything and releases:
        raise UserError("--all and releases are both given", fix="give one of them")
    place = place_of(environments_file, environment)
    return run_async(_resume(load_settings(), place, releases, everything, output, notify))


async def _suspend(
    settings: Settings,
    place: Place,
    releases: Sequence[str],
    reason: str,
    until: str | None,
    length: str | None,
    output: str,
    notify: bool,
) -> int:
    from fairway.domain.suspensions.until import end_of

    one = place.one
    async with _opened(settings, place, one, "suspend", notify=notify) as (suspending, store):
        now = suspending.now()
        end = end_of(until, length, now, now.astimezone().tzinfo or now.tzinfo)  # type: ignore[arg-type]
        await _check_names(one, store, releases)
        made = await suspending.suspend(releases, reason, end)
    emit(_document([(one, made)], "Suspended"), output, lambda: "\n".join(_told(item) for item in made))
    return 0


async def _resume(
    settings: Settings, place: Place, releases: Sequence[str], everything: bool, output: str, notify: bool
) -> int:
    one = place.one
    async with _opened(settings, place, one, "resume", notify=notify) as (suspending, _):
        gone = await suspending.resume(releases, everything=everything)
        left = await suspending.current()

    def human() -> str:
        lines = [f"{item.what} resumed" for item in gone] or [f"nothing of {one.name} is suspended"]
        lines += [f"still: {_told(item)}" for item in left]
        return "\n".join(lines)

    emit(_document([(one, gone)], "Resumed"), output, human)
    return 0


async def _list(settings: Settings, place: Place, releases: Sequence[str], output: str) -> int:
    found: list[tuple[Environment, tuple[Suspension, ...]]] = []
    code = 0
    for one in place.environments:
        try:
            async with _opened(settings, place, one, "suspend") as (suspending, _):
                current = await suspending.current()
        except FairwayError as error:
            if len(place.environments) == 1:
                raise
            show_error(error, about=one.name)
            code = max(code, error.exit_code)
            continue
        found.append((one, tuple(item for item in current if not releases or item.release in ("", *releases))))
    emit(_document(found, "Suspensions"), output, lambda: _table(found) or _nothing(found, place))
    return code


@asynccontextmanager
async def _opened(
    settings: Settings, place: Place, environment: Environment, action: str, *, notify: bool = False
) -> AsyncIterator[tuple[Suspending, RevisionStore]]:
    from fairway import wiring
    from fairway.wiring.suspending import open_suspending

    facts = await facts_of(place)
    file = Path(place.repository.environments_file)
    async with (
        notifying(settings, file, wanted=notify) as telling,
        wiring.recorder(settings, warn) as recorder,
    ):
        run = wiring.begin_run(recorder, settings, facts, action)
        async with open_suspending(settings, place.repository, environment, recorder, run, telling.tell) as opened:
            yield opened


async def _check_names(environment: Environment, store: RevisionStore, names: Sequence[str]) -> None:
    """What is no longer declared may be suspended too, so that it stays; what is nowhere is a slip of the pen."""
    from fairway.services.choosing import choose_releases

    for name in names:
        if environment.release(name) is None and not await store.summaries(environment.namespace, name=name):
            choose_releases(environment, [name])


def _told(one: Suspension) -> str:
    from fairway.domain.suspensions.suspension import moment

    end = f"until {moment(one.until.astimezone())}" if one.until else "until it is resumed"
    return f"{one.what} suspended {end}: {one.reason}"


def _table(found: Sequence[tuple[Environment, Sequence[Suspension]]]) -> str:
    rows = [
        (item.environment, item.release or "(all)", item.by, ago(item.at) if item.at else "", _end(item), item.reason)
        for _, items in found
        for item in items
    ]
    headers = ("ENVIRONMENT", "RELEASE", "BY", "SINCE", "UNTIL", "REASON")
    return table(headers, rows, screen_width()) if rows else ""


def _nothing(found: Sequence[tuple[Environment, Sequence[Suspension]]], place: Place) -> str:
    """Only of those that could be asked."""
    if len(found) == len(place.environments):
        return "nothing is suspended"
    return f"nothing is suspended in {', '.join(one.name for one, _ in found)}" if found else ""


def _end(one: Suspension) -> str:
    from fairway.domain.suspensions.suspension import moment

    return moment(one.until.astimezone()) if one.until else "resumed"


def _document(found: Sequence[tuple[Environment, Sequence[Suspension]]], kind: str) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/suspensions.schema.json."""
    return {
        "apiVersion": "fairway.dev/v1",
        "kind": kind,
        "environments": [
            {"name": environment.name, "suspensions": [suspension_data(item) for item in items]}
            for environment, items in found
        ],
    }


def suspension_data(one: Suspension) -> dict[str, Any]:
    return {
        "release": one.release or None,
        "reason": one.reason,
        "by": one.by,
        "at": one.at,
        "until": one.until,
    }
