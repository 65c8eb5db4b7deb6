"""From a decision to a pass: which releases it is for, and which it leaves alone.

The rule not to break: with each release go those that it needs, since it may start only when they are healthy; and no
release is in two passes at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from fairway.domain.agent.deciding import Decision
from fairway.domain.repository.models import Environment, Release
from fairway.domain.suspensions.suspension import Suspension
from fairway.services.agent.carrying import Pass
from fairway.services.agent.following import Tree


def plan_pass(
    tree: Tree,
    environment: Environment,
    decision: Decision,
    gone: Set[str],
    busy: Set[str],
    paused: frozenset[str],
    suspensions: tuple[Suspension, ...] = (),
) -> Pass:
    """`gone` were declared and perhaps are no more; what others are at work on (`busy`) waits for a later pass."""
    declared = {release.name: release for release in environment.releases}
    names = decision.releases
    if names is not None:
        closures = (with_needs({name}, declared) for name in names if name in declared)
        names = frozenset(one for found in closures if not found & busy for one in found) - paused
    return Pass(
        tree,
        environment,
        names,
        leaving=frozenset(gone - declared.keys() - busy - paused),
        paused=paused,
        fresh=names is None,
        reason=decision.state.value.lower(),
        suspensions=suspensions,
    )


def with_needs(names: Iterable[str], declared: Mapping[str, Release]) -> frozenset[str]:
    """These, and what they need, and what that needs."""
    found: set[str] = set()
    edge = list(names)
    while edge:
        name = edge.pop()
        if name in declared and name not in found:
            found.add(name)
            edge += [need.release for need in declared[name].needs]
    return frozenset(found)
