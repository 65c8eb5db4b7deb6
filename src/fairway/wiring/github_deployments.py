"""GitHub's deployments with a login: for hookd, which tells what became of them, and for those who ask for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fairway.domain.errors import UserError

if TYPE_CHECKING:
    from fairway.adapters.forges.api import Patience
    from fairway.adapters.forges.github.deployments import GithubDeployments
    from fairway.services.hookd.ports import DeploymentStatuses

GITHUB_API = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class GithubLogin:
    """A token, or an App with its key as PEM; `installation` None looks for the one of each owner."""

    api: str = GITHUB_API
    token: str = field(default="", repr=False)
    app_id: int = 0
    private_key: str = field(default="", repr=False)
    installation: int | None = None

    @property
    def is_there(self) -> bool:
        return bool(self.token or self.app_id)


def github_statuses(login: GithubLogin, *, at_once: int = 8) -> DeploymentStatuses:
    """hookd's way to GitHub; closed by its `aclose`. Raises UserError when there is no login."""
    from fairway.adapters.forges.github.deployment_statuses import SHORT, GithubDeploymentStatuses

    return GithubDeploymentStatuses(github_deployments(login, SHORT), at_once=at_once)


def github_deployments(login: GithubLogin, patience: Patience | None = None) -> GithubDeployments:
    """For those who ask for deployments; closed by its `aclose`. Raises UserError when there is no login."""
    from fairway.adapters.forges.api import Api, Patience, token_login
    from fairway.adapters.forges.github import github_headers
    from fairway.adapters.forges.github.app import App, Installations
    from fairway.adapters.forges.github.deployments import GithubDeployments

    if not login.is_there:
        raise UserError("there is no login for GitHub", fix="give a token, or the number and the key of a GitHub App")
    if not _is_address(login.api):
        raise UserError(f"{login.api[:80]} is no address of GitHub's API", fix=f"write e.g. {GITHUB_API}")
    if login.app_id and not login.private_key:
        raise UserError(f"there is no key for the GitHub App {login.app_id}", fix="give its PEM file")
    headers = github_headers()
    way = token_login({"Authorization": f"Bearer {login.token}"} if login.token else {})
    api = Api("GitHub", login.api, way, headers=headers, patience=patience or Patience())
    if not login.app_id:
        return GithubDeployments(api)
    installations = Installations(App(login.api, headers, login.app_id, login.private_key), login.installation)
    return GithubDeployments(api, installations)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
