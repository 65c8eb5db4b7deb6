"""The teams with access to a repository, asked as an App or with a token. Source: GitHub "List repository teams"."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fairway.adapters.forges.answers import NotFound
from fairway.adapters.forges.api import Api, Login, Patience
from fairway.adapters.forges.github.forge import github_headers

PATIENCE = Patience(attempts=2, first_pause=0.2, timeout=5.0, longest_wait=1.0)
"""A request for a deployment waits for this."""


class GithubRepositoryTeams:
    """Implements `services.access.enforcing.RepositoryTeams`. `login` gives the login for a repository."""

    def __init__(self, base: str, login: Callable[[str], Login], patience: Patience = PATIENCE) -> None:
        self._base = base
        self._login = login
        self._patience = patience

    async def of(self, repository: str) -> frozenset[str]:
        owner, _, name = repository.partition("/")
        path = f"{quote(owner, safe='')}/{quote(name, safe='')}"
        api = Api("GitHub", self._base, self._login(path), headers=github_headers(), patience=self._patience)
        try:
            found = await api.pages(f"repos/{path}/teams", {"per_page": "100"})
        except NotFound:
            return frozenset()
        finally:
            await api.aclose()
        return frozenset(str(team["slug"]).lower() for team in found)
