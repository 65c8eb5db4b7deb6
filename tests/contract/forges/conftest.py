"""The same questions for every forge: in memory, and behind loopback servers that follow the published APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.forges.bitbucket import BitbucketServer
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.github import GithubServer
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.place import MemoryPlace, Place, ServedPlace
from tests.support.forges.serving import ForgeServer, serving
from tests.support.forges.world import World

from fairway.adapters.forges.api import Api, Patience, token_login
from fairway.adapters.forges.bitbucket import BitbucketForge
from fairway.adapters.forges.gitea import GiteaForge
from fairway.adapters.forges.github import GithubForge, github_headers
from fairway.adapters.forges.gitlab import GitlabForge
from fairway.adapters.forges.memory import MemoryForge

PATIENCE = Patience(attempts=3, first_pause=0.01, timeout=10.0, longest_wait=2.0)
SAME = {state: state for state in ("pending", "success", "failure", "error")}


def github_api(server: ForgeServer) -> Api:
    login = token_login({"Authorization": f"Bearer {server.token}"})
    return Api("GitHub", server.api, login, headers=github_headers(), patience=PATIENCE)


def gitlab_api(server: ForgeServer) -> Api:
    return Api("GitLab", server.api, token_login({"Authorization": f"Bearer {server.token}"}), patience=PATIENCE)


def gitea_api(server: ForgeServer) -> Api:
    return Api("Gitea", server.api, token_login({"Authorization": f"token {server.token}"}), patience=PATIENCE)


def bitbucket_api(server: ForgeServer) -> Api:
    return Api("Bitbucket", server.api, token_login({"Authorization": f"Bearer {server.token}"}), patience=PATIENCE)


@pytest.fixture(params=["memory", "github", "github-app", "gitlab", "gitea", "bitbucket"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """An empty repository with the branch main."""
    if request.param == "memory":
        known = {"main": "1" * 40}
        yield MemoryPlace(MemoryForge(branches=known), known, World())
        return
    if request.param in ("github", "github-app"):
        is_app = request.param == "github-app"
        with serving(GithubServer(token_is_app=is_app)) as server:
            api = github_api(server)
            forge = GithubForge(api, server.world.path, server.url, check_runs=is_app)
            states = {"pending": "pending", "success": "success", "failure": "failure"} if is_app else SAME
            yield ServedPlace(forge, server.world, states)
            await api.aclose()
    if request.param == "gitlab":
        with serving(GitlabServer()) as server:
            api = gitlab_api(server)
            forge = GitlabForge(api, server.world.path, server.url, pause=0.001)
            states = {"pending": "pending", "success": "success", "failed": "failure"}
            yield ServedPlace(forge, server.world, states)
            await api.aclose()
    if request.param == "gitea":
        with serving(GiteaServer()) as server:
            api = gitea_api(server)
            yield ServedPlace(GiteaForge(api, server.world.path, server.url), server.world, SAME)
            await api.aclose()
    if request.param == "bitbucket":
        with serving(BitbucketServer()) as server:
            api = bitbucket_api(server)
            forge = BitbucketForge(api, server.world.path, server.url)
            states = {"INPROGRESS": "pending", "SUCCESSFUL": "success", "FAILED": "failure"}
            yield ServedPlace(forge, server.world, states, has_labels=False, has_auto_merge=False)
            await api.aclose()
