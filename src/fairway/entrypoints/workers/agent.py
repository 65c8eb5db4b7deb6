"""`fairway agent` as a process: the agent and everything beside it in one task group, ended by a signal.

The rule not to break: a signal ends it with the records in order, and no failure of one part is silent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fairway.domain.errors import Transient
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.services.agent.agent import Agent
    from fairway.services.configuring import Configured
    from fairway.wiring.agent import AgentOptions, AgentParts

log = logging.getLogger(__name__)


async def run_agent(settings: Settings, configured: Configured, options: AgentOptions) -> int:
    """Until cancelled, or with `once` to the end of one look; the exit code."""
    from fairway.services.notifying.ports import tell_nobody
    from fairway.wiring.agent import open_agent

    async with open_agent(settings, configured, options, tell=tell_nobody) as parts:
        if options.once:
            await parts.agent.once()
            return exit_code(parts)
        await parts.agent.run(*([parts.watches.run] if parts.watches is not None else []))
    return 0


def exit_code(parts: AgentParts) -> int:
    """Of one look: 4 when Git or a cluster did not answer, 2 for a commit that may not be applied, 3 refused, 1 when
    a release failed, 0 when all is as declared."""
    agent: Agent = parts.agent
    if parts.agent.following.untrusted:
        return 2
    if any(keeper.failing for keeper in agent.keepers.values()):
        return 1
    states = {keeper.decision.state.value for keeper in agent.keepers.values()}
    if "Refused" in states:
        return 3
    return Transient.exit_code if parts.troubles.known else 0
