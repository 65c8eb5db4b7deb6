"""What a pipeline says of itself: its pull request, commit, repository and login, from the variables of each system.

Pure. The rule not to break: the commit is the pull request's own newest one, never the merge that a pipeline may have
checked out: a status on that one is seen by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.domain.forges.addresses import ForgeAddress, ForgeKind

TOKEN = "FAIRWAY_FORGE_TOKEN"
"""Goes before the system's own variables."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`number` is None outside of a pull request; `token` empty when there is none. `tokens` are where one may be."""

    address: ForgeAddress
    number: int | None
    commit: str
    run_url: str
    tokens: tuple[str, ...]
    fork: bool = False
    """The pull request comes from another repository: then the login of the job may only read."""
    token: str = field(default="", repr=False)


def event_file(env: Mapping[str, str]) -> str:
    """Where GitHub's, Gitea's and Forgejo's Actions wrote what happened; empty elsewhere."""
    return env.get("GITHUB_EVENT_PATH", "")


def detect_pipeline(env: Mapping[str, str], event: Mapping[str, Any] | None = None) -> Pipeline | None:
    """The pipeline that runs here; `event` is the content of `event_file`. None where there is none that is known."""
    if env.get("GITHUB_REPOSITORY") and env.get("GITHUB_API_URL"):
        return _actions(env, event or {})
    if env.get("GITLAB_CI") and env.get("CI_API_V4_URL") and env.get("CI_PROJECT_PATH"):
        return _gitlab(env)
    if env.get("BITBUCKET_REPO_FULL_NAME"):
        return _bitbucket(env)
    return None


def _actions(env: Mapping[str, str], event: Mapping[str, Any]) -> Pipeline:
    api, web = env["GITHUB_API_URL"].rstrip("/"), env.get("GITHUB_SERVER_URL", "").rstrip("/")
    gitea = bool(env.get("GITEA_ACTIONS") or env.get("FORGEJO_ACTIONS")) or api.endswith("/api/v1")
    kind = ForgeKind.GITEA if gitea else ForgeKind.GITHUB
    tokens = (TOKEN, *(("GITEA_TOKEN", "FORGEJO_TOKEN") if gitea else ()), "GITHUB_TOKEN", "GH_TOKEN")
    repository = env["GITHUB_REPOSITORY"]
    request = event.get("pull_request") or {}
    issue = event.get("issue") or {}
    number = request.get("number") or (issue.get("number") if issue.get("pull_request") else None)
    if number is None:
        number = _between(env.get("GITHUB_REF", ""), "refs/pull/", "/")
    commit = str((request.get("head") or {}).get("sha") or env.get("GITHUB_SHA", ""))
    run = env.get("GITHUB_RUN_ID", "")
    url = f"{web}/{repository}/actions/runs/{run}" if run and web else ""
    address = ForgeAddress(kind, api, web, repository)
    origin = str(((request.get("head") or {}).get("repo") or {}).get("full_name") or repository)
    fork = origin.lower() != repository.lower()
    return Pipeline(address, _number(number), commit, url, tokens, fork, _token(env, tokens))


def _gitlab(env: Mapping[str, str]) -> Pipeline:
    project = env.get("CI_MERGE_REQUEST_PROJECT_PATH") or env["CI_PROJECT_PATH"]
    # In pipelines of branches GitLab lists the requests of the branch instead: "group/project!33,…".
    first = env.get("CI_OPEN_MERGE_REQUESTS", "").partition(",")[0]
    number = env.get("CI_MERGE_REQUEST_IID") or first.rpartition("!")[2]
    commit = env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA", "")
    address = ForgeAddress(
        ForgeKind.GITLAB, env["CI_API_V4_URL"].rstrip("/"), env.get("CI_SERVER_URL", "").rstrip("/"), project
    )
    tokens = (TOKEN, "GITLAB_TOKEN")
    return Pipeline(address, _number(number), commit, env.get("CI_JOB_URL", ""), tokens, token=_token(env, tokens))


def _bitbucket(env: Mapping[str, str]) -> Pipeline:
    repository = env["BITBUCKET_REPO_FULL_NAME"]
    web = "https://bitbucket.org"
    build = env.get("BITBUCKET_BUILD_NUMBER", "")
    url = f"{web}/{repository}/pipelines/results/{build}" if build else ""
    address = ForgeAddress(ForgeKind.BITBUCKET, "https://api.bitbucket.org/2.0", web, repository)
    tokens = (TOKEN, "BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN")
    number = _number(env.get("BITBUCKET_PR_ID"))
    return Pipeline(address, number, env.get("BITBUCKET_COMMIT", ""), url, tokens, token=_token(env, tokens))


def _token(env: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((env[name] for name in names if env.get(name)), "")


def _between(text: str, before: str, after: str) -> str:
    return text.removeprefix(before).partition(after)[0] if text.startswith(before) else ""


def _number(text: Any) -> int | None:
    return int(text) if str(text or "").isdigit() else None
