"""How one run of an environment is to be: which releases, how wide a look, what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field

from fairway.domain.repository.models import Environment, Release
from fairway.services.engine.planning import PlanOptions

CONCURRENCY = 16
"""Releases carried out at once; a control plane on two cores is full with fewer."""
FEW = 20
"""Releases of a narrow look; beyond, lists cost less."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run. `only` chooses releases by name; nothing chosen means all of them."""

    plan: PlanOptions = field(default_factory=PlanOptions)
    only: frozenset[str] = frozenset()
    prune: bool | None = None
    """Whether what is no longer declared goes; by default it does unless releases are chosen by name."""
    narrow: bool = False
    """Look at the chosen releases one by one when they are few: nothing is asked that has to do with the others.
    With `prune`, `only` then has to name what may be no longer declared too."""
    named: frozenset[str] = frozenset()
    """Releases that a human named: the run is refused when one of them is suspended."""
    concurrency: int = CONCURRENCY
    allow_deletions: bool = False
    commit: str = ""
    subject: str = ""
    dirty: bool = False

    def chosen(self, environment: Environment) -> list[Release]:
        """In declared order."""
        return [r for r in environment.releases if not self.only or r.name in self.only]

    def looked_at(self, environment: Environment) -> frozenset[str]:
        """The releases of a narrow look; empty for one at the whole namespace."""
        # Who adopts has to know of every other release whether it still exists.
        adopts = any(r.policy.adopt for r in self.chosen(environment))
        return self.only if self.narrow and len(self.only) <= FEW and not adopts else frozenset()

    @property
    def prunes(self) -> bool:
        return self.prune if self.prune is not None else not self.only
