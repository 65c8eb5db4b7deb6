"""Two versions of a repository compared: which releases differ, and in which fields of which objects.

The rule not to break: nothing is changed and no cluster's objects are read; equal inputs are equal releases, which are
not rendered at all. Secrets are masked by what either side knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace

from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.releases.plan import EnvironmentPlan
from fairway.domain.repository.models import Environment, Repository
from fairway.services.branches.environments import EnvironmentComparison
from fairway.services.rendering import OpenRendering

Opening = Callable[[Environment, bool], AbstractAsyncContextManager[OpenRendering]]
"""Opens an environment of one side for rendering: with its cluster, or (False) with nothing but this machine."""


@dataclass(frozen=True, slots=True)
class Side:
    """One version of the repository."""

    repository: Repository
    open: Opening


@dataclass(frozen=True, slots=True)
class Compared:
    """`notes` say what the plans cannot: environments that came, went or moved, and clusters that did not answer."""

    plans: tuple[EnvironmentPlan, ...]
    notes: tuple[str, ...] = ()


async def compare(
    before: Side | None,
    after: Side,
    *,
    environments: Sequence[str] = (),
    only: Sequence[str] = (),
    live: bool = True,
    commit: str = "",
    subject: str = "",
    dirty: bool = False,
) -> Compared:
    """Plans from `before` to `after`; `environments` and `only` (releases) are names, empty means all.

    With `live`, charts see each environment's cluster, or built-in knowledge where it does not answer. Mistakes in
    the files of `after` raise InvalidInput; a release that cannot be rendered is refused in its plan.
    """
    names = [e.name for e in after.repository.environments]
    if before:
        names += [e.name for e in before.repository.environments if e.name not in names]
    plans: list[EnvironmentPlan] = []
    notes: list[str] = []
    alone: dict[str, list[str]] = {}
    for name in names:
        if environments and name not in environments:
            continue
        old = before.repository.environment(name) if before else None
        new = after.repository.environment(name)
        notes += _moved(old, new)
        async with AsyncExitStack() as stack:
            was, now, silent = await _opened(stack, (before, old), (after, new), live)
            if silent:
                alone.setdefault(silent, []).append(name)
            plan = await EnvironmentComparison(was, now, frozenset(only)).plan()
        plans.append(replace(plan, commit=commit, subject=subject, dirty=dirty))
    for why, those in alone.items():
        notes.append(f"Rendered without the cluster, by built-in knowledge of Kubernetes: {', '.join(those)} ({why})")
    return Compared(tuple(plans), tuple(notes))


async def _opened(
    stack: AsyncExitStack,
    before: tuple[Side | None, Environment | None],
    after: tuple[Side, Environment | None],
    live: bool,
) -> tuple[OpenRendering | None, OpenRendering | None, str]:
    """Both sides in the same way, and why it is without the cluster although that was wished."""
    sides = [(side, environment) for side, environment in (before, after)]
    if live:
        try:
            async with AsyncExitStack() as trying:
                opened = [
                    await trying.enter_async_context(side.open(environment, True)) if side and environment else None
                    for side, environment in sides
                ]
                stack.push_async_exit(trying.pop_all().__aexit__)
                return opened[0], opened[1], ""
        except (UserError, Transient, Terminal) as error:
            silent = error.message
    else:
        silent = ""
    offline = [
        await stack.enter_async_context(side.open(environment, False)) if side and environment else None
        for side, environment in sides
    ]
    return offline[0], offline[1], silent


def _moved(old: Environment | None, new: Environment | None) -> list[str]:
    if old is not None and new is not None and old.cluster.name != new.cluster.name:
        return [f"{new.name} moves from cluster {old.cluster.name} to {new.cluster.name}: there it is installed anew"]
    if old is not None and new is None:
        return [f"{old.name} is no longer declared: nothing of it is uninstalled by that alone"]
    return []
