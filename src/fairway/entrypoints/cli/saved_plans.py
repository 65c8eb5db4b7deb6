"""Plans on disk: `plan --out` writes one that only its owner can read, `apply --plan` applies it exactly or refuses."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.running import INTERRUPTED, run_async
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.domain.releases.plan_file import SavedContent, SavedPlan
    from fairway.domain.repository.models import Environment
    from fairway.entrypoints.cli.opening import Place
    from fairway.services.engine.plans import PlannedEnvironment


def save_plan(path: Path, results: Sequence[PlannedEnvironment]) -> None:
    """Write the file with mode 0600: it holds rendered Secrets. Replaces an older one in one step."""
    from fairway.domain.releases.plan_file import SavedPlan, dump
    from fairway.entrypoints.cli.render.plan_json import plan_json
    from fairway.services.engine.saving import saved_releases

    saved = SavedPlan(
        plan=plan_json([result.plan for result in results]),
        releases=tuple(release for result in results for release in saved_releases(result)),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(dump(saved))
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise UserError(f"the plan can't be written to {path}: {error.strerror}") from error


def apply_saved(
    settings: Settings,
    path: Path,
    environments_file: Path,
    environment: str | None,
    *,
    yes: bool,
    quiet: bool,
    notify: bool = False,
) -> int:
    """Apply a saved plan; the exit code. Refuses everything when the cluster or the inputs moved."""
    from fairway.domain.releases.plan_file import load
    from fairway.entrypoints.cli.apply import confirm_protected
    from fairway.entrypoints.cli.opening import Place
    from fairway.entrypoints.cli.options import loaded

    try:
        saved = load(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"the plan {path} can't be read: {error.strerror}", fix="fairway plan --out") from error
    repository = loaded(environments_file)
    names = dict.fromkeys(release.environment for release in saved.releases)
    if environment is not None and [environment] != list(names):
        raise UserError(f"the plan is about {', '.join(names)}, not {environment}")
    environments = []
    for name in names:
        found = repository.environment(name)
        if found is None:
            raise UserError(f"the plan is about environment {name}, which is not declared any more")
        confirm_protected(found, yes=yes)
        environments.append(found)
    place = Place(repository, tuple(environments))
    return run_async(_apply(settings, place, saved, quiet=quiet, notify=notify))


async def _apply(settings: Settings, place: Place, saved: SavedPlan, *, quiet: bool, notify: bool) -> int:
    from fairway import wiring
    from fairway.entrypoints.cli.errors import warn
    from fairway.entrypoints.cli.notifying import notifying
    from fairway.entrypoints.cli.opening import facts_of, opened_environment
    from fairway.entrypoints.cli.options import with_file
    from fairway.entrypoints.cli.render.progress import form_for, reporting
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.run_options import RunOptions
    from fairway.services.engine.running import EnvironmentRun
    from fairway.services.engine.saving import check_saved, covers

    facts = await facts_of(place)
    source = wiring.repository_source(place.repository, facts)
    for environment in place.environments:
        mine = [r for r in saved.releases if r.environment == environment.name]
        async with opened_environment(settings, place, environment) as opened:
            await check_saved(opened, mine, whole=covers(saved, environment), source=source)
    form = form_for(
        sys.stderr, in_github_actions=settings.in_github_actions, quiet=quiet, terminal=os.environ.get("TERM", "")
    )
    code = 0
    async with (
        wiring.recorder(settings, warn) as recorder,
        notifying(settings, Path(place.repository.environments_file), wanted=notify, remote=facts.remote) as telling,
    ):
        run = wiring.begin_run(recorder, settings, facts, "apply")
        with reporting(sys.stderr, form=form, color=settings.color, quiet=quiet) as report:
            for environment in place.environments:
                options = RunOptions(
                    plan=PlanOptions(retry_stalled=True, source=source, pinned=_pinned(saved, environment)),
                    only=_only(saved, environment, whole=covers(saved, environment)),
                    named=frozenset(_pinned(saved, environment)),
                    commit=facts.commit,
                    subject=facts.subject,
                    dirty=facts.dirty,
                )
                async with opened_environment(settings, place, environment) as opened:
                    log = wiring.change_log(settings, recorder, run, environment, opened.secrets)
                    told = telling.beside(with_file(report), environment)
                    work = EnvironmentRun(
                        opened.session, environment, opened.gather, options=options, report=told, log=log
                    )
                    try:
                        code = max(code, (await work.apply()).exit_code)
                    except asyncio.CancelledError:
                        return INTERRUPTED  # what was cut short, and how to go on, was reported
                    if work.result.bugs:
                        raise work.result.bugs[0]
    return code


def _pinned(saved: SavedPlan, environment: Environment) -> dict[str, SavedContent]:
    return {r.release: r.content for r in saved.releases if r.environment == environment.name and r.content}


def _only(saved: SavedPlan, environment: Environment, *, whole: bool) -> frozenset[str]:
    if whole:
        return frozenset()
    return frozenset(r.release for r in saved.releases if r.environment == environment.name)
