"""Rendering releases without touching a cluster: what `fairway render`, the checks of lint and imports start from.

The rule not to break: nothing here can write to a cluster; what needs one is `services.engine.opened`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fairway.domain.kubernetes.schemas import Schemas
from fairway.domain.manifests.api import ApiResources
from fairway.domain.repository.models import Environment
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.gathering import Gathering
from fairway.services.engine.ports import Renderer


class SchemaSource(Protocol):
    async def schemas(self, api_versions: Iterable[str]) -> Schemas:
        """The schemas of these API versions, as far as they are known. Raises Transient when a cluster is silent."""
        ...


@dataclass(frozen=True, slots=True)
class OpenRendering:
    """Good until the block that opened it ends. `secrets` grows while values are resolved."""

    environment: Environment
    gather: Gathering
    renderer: Renderer
    resources: ApiResources
    schemas: SchemaSource
    secrets: SecretRegister
    live: bool
    """Whether the environment's own cluster was asked."""
