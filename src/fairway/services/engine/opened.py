"""One environment whose cluster is connected: what every verb about releases starts from."""

from __future__ import annotations

from dataclasses import dataclass

from fairway.domain.repository.models import Environment
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.gathering import Gathering
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class OpenEnvironment:
    """Good until the block that opened it ends. `secrets` grows while values are resolved."""

    environment: Environment
    session: Session
    gather: Gathering
    secrets: SecretRegister

    async def look(self, *, even_suspended: bool = False) -> Snapshot:
        """A fresh look at the environment's namespace; `even_suspended`: as if nothing were suspended there."""
        return await Snapshot.of(self.session, self.environment, even_suspended=even_suspended).open()
