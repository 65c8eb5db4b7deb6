"""One GitHub repository as a `Forge`. Source: GitHub's REST API description, version 2022-11-28."""

from __future__ import annotations

from fairway.adapters.forges.api import Api
from fairway.adapters.forges.github.comments import GithubComments
from fairway.adapters.forges.github.pull_requests import GithubPullRequests
from fairway.adapters.forges.github.repository import GithubRepository
from fairway.adapters.forges.github.statuses import GithubStatuses


class GithubForge(GithubPullRequests, GithubComments, GithubStatuses):
    """`path` is owner/name. `check_runs`: the login is that of an App, which may make check runs."""

    def __init__(self, api: Api, path: str, web: str, *, check_runs: bool = False) -> None:
        self._repository = GithubRepository(api, path)
        self._web = f"{web.rstrip('/')}/{path}"
        self._check_runs = check_runs

    def commit_url(self, commit: str) -> str:
        return f"{self._web}/commit/{commit}"

    def compare_url(self, old: str, new: str) -> str:
        return f"{self._web}/compare/{old}...{new}"


def github_headers() -> dict[str, str]:
    """What every request to GitHub's REST API carries besides the login."""
    return {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
