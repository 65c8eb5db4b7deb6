"""`fairway plan --base`: this checkout compared with what it branched off from, both rendered.

The rule not to break: no values are decrypted and no cluster's objects are shown; encrypted values are told apart by
what is written in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from fairway import wiring
from fairway.domain.errors import InvalidInput, UserError
from fairway.domain.releases.plan import EnvironmentPlan
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.options import chosen, loaded
from fairway.services.branches.comparing import Side, compare
from fairway.services.linting.standing_in import EncryptedAsWritten
from fairway.services.loading import read_repository
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.domain.repository.models import Environment, Repository
    from fairway.entrypoints.cli.plan import Asked
    from fairway.services.rendering import OpenRendering

NEWEST = "newest"


async def compare_with_base(settings: Settings, asked: Asked) -> tuple[list[EnvironmentPlan], list[str]]:
    """Plans, and lines that say what was compared with what."""
    from fairway.adapters.git.facts import read_git_facts
    from fairway.adapters.git.worktrees import checked_out

    repository = loaded(asked.environments_file)
    environments = [one.name for one in chosen(repository, asked.environment, asked.cluster, every=True)]
    everything = asked.environment is None and asked.cluster is None
    facts = await read_git_facts(Path(repository.root))
    async with AsyncExitStack() as stack:
        tree = await stack.enter_async_context(checked_out(Path(repository.root), asked.base))
        about = [f"Compared with {asked.base} ({tree.commit[:7]} {tree.subject})."]
        before, trouble = _before(tree.folder / Path(repository.environments_file).name, tree.root)
        about += [trouble] if trouble else []
        sides = [await _side(stack, settings, asked, one) if one else None for one in (before, repository)]
        after = sides[1]
        assert after is not None
        compared = await compare(
            sides[0],
            after,
            environments=() if everything else environments,
            only=asked.names,
            live=not asked.offline,
            commit=facts.commit,
            subject=facts.subject,
            dirty=facts.dirty,
        )
    _check_names(compared.plans, asked.names)
    return list(compared.plans), [*about, *compared.notes]


def _before(environments_file: Path, root: Path) -> tuple[Repository | None, str]:
    """The base's repository; when it is not there or has mistakes, words that say so."""
    try:
        return read_repository(environments_file, root).complete(), ""
    except InvalidInput as error:
        first = error.diagnostics[0]
        return None, f"The base itself has mistakes ({first.position}: {first.message}): everything counts as new."
    except UserError:
        return None, f"The base has no {environments_file.name}: everything counts as new."


async def _side(stack: AsyncExitStack, settings: Settings, asked: Asked, repository: Repository) -> Side:
    service = wiring.chart_service(settings, repository.helm_repos, notices=ChartNotices())
    charts = await stack.enter_async_context(service)

    def opening(environment: Environment, live: bool) -> AbstractAsyncContextManager[OpenRendering]:
        return wiring.open_rendering(
            settings,
            repository,
            environment,
            charts,
            engine=asked.engine,
            kube_version=None if live else NEWEST,
            decryptor=EncryptedAsWritten(apart=True),
        )

    return Side(repository, opening)


def _check_names(plans: Sequence[EnvironmentPlan], names: tuple[str, ...]) -> None:
    """A name that neither side declares is a typing mistake."""
    known = {release.release for plan in plans for release in plan.releases}
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"no release {', '.join(unknown)}, here or in the base", fix="see fairway list release")
