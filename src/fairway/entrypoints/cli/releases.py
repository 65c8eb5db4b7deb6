"""`fairway rollback`, `uninstall` and `test`: what is done to one stored release by name."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import Refused
from fairway.entrypoints.cli.apply import confirm_protected
from fairway.entrypoints.cli.errors import warn
from fairway.entrypoints.cli.opening import Place, environment_and_release, facts_of, opened_environment, place_of
from fairway.entrypoints.cli.options import environments_file_option, with_file
from fairway.entrypoints.cli.running import INTERRUPTED, run_async
from fairway.settings import Settings, load_settings

if TYPE_CHECKING:
    from fairway.domain.releases.revision import Revision
    from fairway.services.engine.carrying import Result
    from fairway.services.engine.verbs import Verbs

timeout_option = click.option("--timeout", type=float, metavar="SECONDS", help="How long to wait at the most.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
take_over_option = click.option(
    "--take-over", is_flag=True, help="Take it over from a writer that is known to be dead."
)
environment_word = click.argument("environment", metavar="[ENV]", required=False)
release_word = click.argument("release", metavar="RELEASE", required=False)


@click.command()
@environment_word
@release_word
@click.option("--to", "version", type=click.IntRange(1), metavar="REVISION", help="Default: the last good one before.")
@click.option("--revert", is_flag=True, help="Then edit the versions in the files back, and hold the bad ones.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is healthy.")
@take_over_option
@timeout_option
@yes_option
@environments_file_option
def rollback(
    environment: str | None,
    release: str | None,
    version: int | None,
    revert: bool,
    no_wait: bool,
    take_over: bool,
    timeout: float | None,
    yes: bool,
    environments_file: Path,
) -> int:
    """Bring back the content of an earlier revision of RELEASE, as a new revision.

    The next apply brings back what Git declares, so revert there too: afterwards it is said what still says another
    version. With --revert those versions are edited back and held (fairway holds), ready to be committed.

    \b
    Examples:
      fairway rollback prod web              to the last good revision before the newest
      fairway rollback prod web --to 7       to revision 7; see fairway history prod web
      fairway rollback prod web --revert     and make the files say so
    """
    environment, name = environment_and_release(environment, release)
    place = place_of(environments_file, environment)
    confirm_protected(place.one, yes=yes)
    return run_async(
        _rollback(
            place,
            name,
            version,
            revert=revert,
            wait=not no_wait,
            timeout=_duration(timeout),
            take_over=take_over,
        )
    )


async def _rollback(
    place: Place,
    name: str,
    version: int | None,
    *,
    revert: bool,
    wait: bool,
    timeout: timedelta | None,
    take_over: bool,
) -> int:
    from fairway.entrypoints.cli.rolled_back import look_at_git

    reached: list[Revision] = []

    async def work(verbs: Verbs) -> Result:
        result = await verbs.rollback(name, version, wait=wait, timeout=timeout, take_over=take_over)
        if result.error is None and result.revision:
            store, namespace = verbs.opened.session.store, place.one.namespace
            reached.extend(one for one in [await store.read(namespace, name, result.revision)] if one is not None)
        return result

    settings = load_settings()
    code = await _with_verbs(settings, place, "rollback", work)
    declared = place.one.release(name)
    if code or declared is None or declared.chart is None or not reached:
        return code
    return await look_at_git(settings, place, declared, reached[0], revert=revert)


@click.command()
@environment_word
@release_word
@click.option("--keep-history", is_flag=True, help="Keep the stored revisions, as uninstalled.")
@click.option("--no-hooks", is_flag=True, help="Do not run pre-delete and post-delete hooks.")
@click.option("--no-wait", is_flag=True, help="Do not wait until its objects are gone.")
@take_over_option
@timeout_option
@yes_option
@environments_file_option
def uninstall(
    environment: str | None,
    release: str | None,
    keep_history: bool,
    no_hooks: bool,
    no_wait: bool,
    take_over: bool,
    timeout: float | None,
    yes: bool,
    environments_file: Path,
) -> int:
    """Take RELEASE out of the cluster: its hooks, its objects, and its stored revisions.

    Objects with `helm.sh/resource-policy: keep` and CRDs stay. When it is still declared, the next apply installs it.

    \b
    Example:
      fairway uninstall prod web
    """
    environment, name = environment_and_release(environment, release)
    place = place_of(environments_file, environment)
    confirm_protected(place.one, yes=yes)
    if not yes:
        if not sys.stdin.isatty():
            raise Refused(f"uninstalling {name} needs a yes", fix="in scripts: --yes")
        click.confirm(
            f"uninstall {name} from {place.one.name} (namespace {place.one.namespace})?", abort=True, err=True
        )
    return _run(
        place,
        "uninstall",
        lambda verbs: verbs.uninstall(
            name,
            keep_history=keep_history,
            no_hooks=no_hooks,
            wait=not no_wait,
            timeout=_duration(timeout),
            take_over=take_over,
        ),
    )


@click.command()
@environment_word
@release_word
@timeout_option
@environments_file_option
def test(environment: str | None, release: str | None, timeout: float | None, environments_file: Path) -> int:
    """Run the chart's own tests of RELEASE, as `helm test` does.

    \b
    Example:
      fairway test prod web
    """
    environment, name = environment_and_release(environment, release)
    place = place_of(environments_file, environment)
    return _run(place, "test", lambda verbs: verbs.test(name, timeout=_duration(timeout)))


def _duration(seconds: float | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds is not None else None


def _run(place: Place, action: str, work: Callable[[Verbs], Awaitable[Result]]) -> int:
    return run_async(_with_verbs(load_settings(), place, action, work))


async def _with_verbs(settings: Settings, place: Place, action: str, work: Callable[[Verbs], Awaitable[Result]]) -> int:
    from fairway import wiring
    from fairway.entrypoints.cli.render.progress import form_for, reporting
    from fairway.services.engine.verbs import Verbs, exit_code

    facts = await facts_of(place)
    form = form_for(
        sys.stderr,
        in_github_actions=settings.in_github_actions,
        quiet=False,
        terminal=os.environ.get("TERM", ""),
    )
    async with wiring.recorder(settings, warn) as recorder:
        run = wiring.begin_run(recorder, settings, facts, action)
        with reporting(sys.stderr, form=form, color=settings.color) as report:
            async with opened_environment(settings, place, place.one) as opened:
                log = wiring.change_log(settings, recorder, run, place.one, opened.secrets)
                try:
                    result = await work(Verbs(opened, with_file(report), log))
                except asyncio.CancelledError:
                    return INTERRUPTED  # what was cut short, and how to go on, was reported
    return exit_code(result)
