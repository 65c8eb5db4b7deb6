"""What pipelines say of themselves."""

from __future__ import annotations

import pytest

from fairway.domain.forges.addresses import ForgeKind
from fairway.domain.forges.pipelines import detect_pipeline

ACTIONS = {
    "GITHUB_REPOSITORY": "shop/d",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": "b" * 40,
    "GITHUB_RUN_ID": "77",
    "GITHUB_TOKEN": "ghs_1",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_SERVER_URL": "https://gitlab.example",
    "CI_PROJECT_PATH": "a/b/c",
    "CI_COMMIT_SHA": "b" * 40,
    "CI_JOB_URL": "https://gitlab.example/j/1",
    "CI_JOB_TOKEN": "may not comment",
}
BITBUCKET = {"BITBUCKET_REPO_FULL_NAME": "w/r", "BITBUCKET_COMMIT": "b" * 40, "BITBUCKET_BUILD_NUMBER": "5"}


def test_the_pull_requests_own_commit_is_meant_and_not_the_merge() -> None:
    found = detect_pipeline(ACTIONS, {"pull_request": {"number": 12, "head": {"sha": "a" * 40}}})
    assert found is not None
    assert (found.number, found.commit, found.token) == (12, "a" * 40, "ghs_1")
    assert found.run_url == "https://github.com/shop/d/actions/runs/77"


@pytest.mark.parametrize(
    ("event", "ref", "number"),
    [
        ({}, "refs/pull/7/merge", 7),
        ({"issue": {"number": 8, "pull_request": {}}}, "refs/heads/main", None),
        ({"issue": {"number": 8, "pull_request": {"url": "x"}}}, "refs/heads/main", 8),
        ({"issue": {"number": 8}}, "refs/heads/main", None),
        ({}, "refs/heads/main", None),
    ],
)
def test_other_events_may_have_a_pull_request_too(event: dict[str, object], ref: str, number: int | None) -> None:
    found = detect_pipeline({**ACTIONS, "GITHUB_REF": ref}, event)
    assert found is not None
    assert (found.number, found.commit) == (number, "b" * 40)


@pytest.mark.parametrize(
    "more", [{"GITEA_ACTIONS": "true"}, {"FORGEJO_ACTIONS": "true"}, {"GITHUB_API_URL": "https://code.example/api/v1"}]
)
def test_gitea_and_forgejo_speak_like_github(more: dict[str, str]) -> None:
    found = detect_pipeline({**ACTIONS, **more})
    assert found is not None
    assert found.address.kind is ForgeKind.GITEA


@pytest.mark.parametrize(
    ("more", "number", "commit"),
    [
        ({"CI_MERGE_REQUEST_IID": "4"}, 4, "b"),
        ({"CI_MERGE_REQUEST_IID": "4", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "a" * 40}, 4, "a"),
        ({"CI_OPEN_MERGE_REQUESTS": "a/b/c!33,a/b/c!34"}, 33, "b"),
        ({}, None, "b"),
    ],
)
def test_gitlab_is_known(more: dict[str, str], number: int | None, commit: str) -> None:
    found = detect_pipeline({**GITLAB, **more, "GITLAB_TOKEN": "glpat-1"})
    assert found is not None
    assert (found.address.repository, found.address.kind) == ("a/b/c", ForgeKind.GITLAB)
    assert (found.number, found.commit, found.token) == (number, commit * 40, "glpat-1")


def test_the_token_of_a_gitlab_job_is_not_taken_for_one_that_may_comment() -> None:
    found = detect_pipeline(GITLAB)
    assert found is not None
    assert found.token == ""
    assert "GITLAB_TOKEN" in found.tokens


def test_bitbucket_is_known() -> None:
    found = detect_pipeline({**BITBUCKET, "BITBUCKET_PR_ID": "3", "BITBUCKET_TOKEN": "x"})
    assert found is not None
    assert (found.number, found.address.repository, found.token) == (3, "w/r", "x")
    assert found.run_url == "https://bitbucket.org/w/r/pipelines/results/5"


def test_an_own_token_goes_first_and_is_in_no_text() -> None:
    found = detect_pipeline({**ACTIONS, "FAIRWAY_FORGE_TOKEN": "mine-alone"})
    assert found is not None
    assert found.token == "mine-alone"
    assert "mine-alone" not in f"{found}"


def test_elsewhere_there_is_no_pipeline() -> None:
    assert detect_pipeline({"HOME": "/root", "CI": "true"}) is None
