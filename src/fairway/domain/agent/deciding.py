"""What the agent does next with one environment: one named state, one action.

`decide` looks at everything that is known at one moment and names exactly one state; `ACTIONS` maps each state to its
action. The table in docs/spec/agent.md is generated from `MEANING` and `ACTIONS`, and a test checks that they match.
The order of the questions is the order of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fairway.domain.agent.backing_off import Failing
from fairway.domain.agent.freezing import Frozen


class AgentState(StrEnum):
    STARTING = "Starting"
    STANDBY = "Standby"
    UNTRUSTED = "Untrusted"
    SUSPENDED = "Suspended"
    FROZEN = "Frozen"
    AWAY = "Away"
    REFUSED = "Refused"
    BEHIND = "Behind"
    DRIFTED = "Drifted"
    RETRYING = "Retrying"
    WORKING = "Working"
    FAILING = "Failing"
    CURRENT = "Current"


class AgentAction(StrEnum):
    WAIT = "wait"
    APPLY = "apply"


MEANING: dict[AgentState, str] = {
    AgentState.STARTING: "no commit has been read yet",
    AgentState.STANDBY: "another agent leads",
    AgentState.UNTRUSTED: "the newest commit may not be applied: no good signature, or mistakes in its files",
    AgentState.SUSPENDED: "somebody suspended the environment",
    AgentState.FROZEN: "a freeze window holds",
    AgentState.AWAY: "the cluster did not answer; it is asked again after a while",
    AgentState.REFUSED: "more would be deleted than may be, or else a human is asked for; tried again after a while",
    AgentState.BEHIND: "a commit touched releases, or everything is to be looked at: at the start, and each resync",
    AgentState.DRIFTED: "objects in the cluster were changed or deleted",
    AgentState.RETRYING: "releases failed, and the time to try them again has come",
    AgentState.WORKING: "releases are being carried out, or waited for",
    AgentState.FAILING: "releases failed, and wait for their time or for another commit",
    AgentState.CURRENT: "the newest commit is applied",
}

ACTIONS: dict[AgentState, AgentAction] = {
    state: (
        AgentAction.APPLY if state in (AgentState.BEHIND, AgentState.DRIFTED, AgentState.RETRYING) else AgentAction.WAIT
    )
    for state in AgentState
}


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that decides about one environment, gathered before the decision."""

    now: datetime
    head: str = ""
    """The newest commit that was read; empty: none."""
    leads: bool = True
    holder: str = ""
    untrusted: str = ""
    """Why the newest commit may not be applied."""
    suspended: str = ""
    """By whose word, and why; empty: not."""
    frozen: Frozen | None = None
    away: Failing | None = None
    """The cluster did not answer."""
    refused: Failing | None = None
    """The whole environment was refused; a human may have made it right when its time comes."""
    everything: bool = False
    """All releases are to be looked at."""
    owed: frozenset[str] = frozenset()
    """Releases that a commit touched and that were not carried out since, also those left from a pass cut short."""
    drifted: frozenset[str] = frozenset()
    failing: Mapping[str, Failing] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    """Single releases that are suspended."""
    resync: datetime | None = None
    """When everything is looked at again."""
    busy: frozenset[str] = frozenset()
    """Releases that a pass is at work on now."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`releases` None means all of the environment, but never those in `paused`. `again` is when to decide anew."""

    state: AgentState
    reason: str = ""
    releases: frozenset[str] | None = frozenset()
    again: datetime | None = None

    @property
    def action(self) -> AgentAction:
        return ACTIONS[self.state]


def decide(seen: Seen) -> Decision:
    """The state, and what follows from it."""
    if keeping_still := _still(seen):
        return keeping_still
    waiting = {name for name, one in seen.failing.items() if not one.is_due(seen.now)}
    not_now = seen.paused | waiting | seen.busy
    # Everything waits for all that is under way; single releases go beside what is stuck.
    if seen.everything and not seen.busy:
        return Decision(AgentState.BEHIND, _words(seen, None), None)
    # A release that a commit touched since it failed is not in `failing` any more.
    if owed := seen.owed - not_now:
        return Decision(AgentState.BEHIND, _words(seen, owed), owed)
    if drifted := seen.drifted - not_now:
        return Decision(AgentState.DRIFTED, f"changed in the cluster: {_names(drifted)}", drifted)
    if due := frozenset(seen.failing) - not_now:
        return Decision(AgentState.RETRYING, f"again: {_names(due)}", due)
    if seen.busy:
        return Decision(AgentState.WORKING, _names(seen.busy))
    times = [one.again for name, one in seen.failing.items() if name not in seen.paused]
    again = min([*times, *([seen.resync] if seen.resync else [])], default=None)
    if times:
        return Decision(AgentState.FAILING, _failures(seen), again=again)
    paused = f"suspended: {_names(seen.paused)}" if seen.paused else ""
    return Decision(AgentState.CURRENT, paused, again=again)


def _still(seen: Seen) -> Decision | None:
    """The reasons to do nothing at all, the strongest first."""
    if not seen.leads:
        return Decision(AgentState.STANDBY, f"{seen.holder} leads" if seen.holder else "nobody is known to lead")
    if seen.untrusted:
        return Decision(AgentState.UNTRUSTED, seen.untrusted)
    if not seen.head:
        return Decision(AgentState.STARTING, "no commit yet")
    if seen.suspended:
        return Decision(AgentState.SUSPENDED, seen.suspended, again=seen.resync)
    if seen.frozen is not None:
        return Decision(AgentState.FROZEN, seen.frozen.reason, again=seen.frozen.until or seen.resync)
    if seen.away is not None and not seen.away.is_due(seen.now):
        return Decision(AgentState.AWAY, seen.away.why, again=seen.away.again)
    if seen.refused is not None and not seen.refused.is_due(seen.now):
        return Decision(AgentState.REFUSED, seen.refused.why, again=seen.refused.again)
    return None


def _words(seen: Seen, releases: frozenset[str] | None) -> str:
    return f"{seen.head[:7]}: {'everything' if releases is None else _names(releases)}"


def _failures(seen: Seen) -> str:
    names = sorted(seen.failing)
    why = seen.failing[names[0]].why
    return f"{_names(names)}: {why}" if why else _names(names)


def _names(names: frozenset[str] | list[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
