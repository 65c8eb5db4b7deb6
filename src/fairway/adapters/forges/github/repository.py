"""What the parts of the GitHub adapter share: one repository behind one API."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from fairway.adapters.forges.answers import about_request, said
from fairway.adapters.forges.api import Api
from fairway.domain.errors import Terminal, UserError


@dataclass
class GithubRepository:
    """`path` is owner/name."""

    api: Api
    path: str
    _me: list[str] = field(default_factory=list)

    @property
    def owner(self) -> str:
        return self.path.partition("/")[0]

    def of(self, rest: str) -> str:
        return f"repos/{self.path}/{rest}"

    async def ask_graph(self, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """GraphQL, for the few things that REST does not do. Raises UserError with what GitHub said."""
        # github.com has it at /graphql, Enterprise Server at /api/graphql beside /api/v3.
        path = "graphql" if not self.api.base.endswith("/api/v3/") else "../graphql"
        answer = await self.api.send("POST", path, {"query": query, "variables": dict(variables)})
        if not isinstance(answer, dict):
            raise Terminal(f"{self.api.name} answered a GraphQL query with something else")
        if answer.get("errors"):
            raise UserError(said(answer["errors"]))
        found = answer.get("data")
        return found if isinstance(found, dict) else {}

    async def me(self) -> str:
        """The login's name as comments show it; empty when GitHub does not tell."""
        if not self._me:
            try:
                viewer = (await self.ask_graph("query { viewer { login } }", {})).get("viewer") or {}
                self._me.append(str(viewer.get("login") or ""))
            except UserError:
                self._me.append("")
        return self._me[0]

    def pull(self, number: int) -> AbstractContextManager[None]:
        """What is not found inside is this pull request."""
        return about_request(number, self.path)
