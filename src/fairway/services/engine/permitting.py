"""What a run is refused for as a whole, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairway.domain.errors import Refused
from fairway.domain.releases.blast_radius import Deletion
from fairway.domain.repository.models import Environment
from fairway.domain.suspensions.suspension import in_words
from fairway.services.engine.snapshot import Snapshot


def check_suspended(environment: Environment, snapshot: Snapshot, named: Iterable[str]) -> None:
    """Who names a suspended release is told so, instead of nothing."""
    found = {name: why for name in sorted(named) if (why := snapshot.suspension(name))}
    if found:
        told = "; ".join(f"{name} is {in_words(why)}" for name, why in found.items())
        single = [name for name, why in found.items() if why.release]
        resume = " ".join(["fairway resume", environment.name, *(single if len(single) == len(found) else [])])
        raise Refused(
            f"environment {environment.name}: {told}; nothing was applied",
            fix=f"{resume}; or once: --even-suspended",
        )


def check_removals(environment: Environment, unwanted: Sequence[str], *, allowed: bool) -> None:
    """No more releases may go than the policy's share."""
    total = len(unwanted) + len(environment.releases)
    deletion = Deletion("releases", len(unwanted), total, environment.policy.prune_max_releases)
    if deletion.exceeds and not allowed:
        raise Refused(
            f"environment {environment.name}: {deletion} ({', '.join(unwanted[:5])}"
            f"{', …' if len(unwanted) > 5 else ''}); nothing was applied",
            fix=f"if that is right: fairway apply {environment.name} --allow-deletions",
        )
