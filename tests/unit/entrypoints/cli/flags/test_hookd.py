"""The flags of hookd and of its portal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.github import GITHUB
from fairway.entrypoints.cli.flags.tables.hookd import PORTAL, WORK, hookd_options, portal_options
from fairway.services.hookd.options import HookdOptions
from fairway.services.portal.options import PortalOptions

HERE = "http://127.0.0.1:8080"
given = Trial(GITHUB, WORK, PORTAL)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


def test_a_secret_is_enough() -> None:
    asked = given("--github-webhook-secret=new,old")
    assert hookd_options(asked, base_url=HERE) == HookdOptions(webhook_secrets=("new", "old"), base_url=HERE)
    assert portal_options(asked, base_url=HERE) is None


def test_without_a_secret_it_does_not_start_while_github_is_meant() -> None:
    with pytest.raises(UserError, match=r"--github-webhook-secret \(FAIRWAY_GITHUB_WEBHOOK_SECRET\) is not set"):
        hookd_options(given(), base_url=HERE)
    assert hookd_options(given("--github-enabled=false"), base_url="").webhook_secrets == ()


def test_all_of_them_reach_their_fields() -> None:
    asked = given(
        "--github-webhook-secret=s", "--clusters=dev,prod", "--deadline=5s", "--deadline-grace=1s",
        "--finish-within=20m", "--settle=2s", "--github-give-up=1h", "--github-concurrency=3",
        "--github-timeout=9s",
    )  # fmt: skip
    assert hookd_options(asked, base_url=HERE, group="g") == HookdOptions(
        webhook_secrets=("s",),
        base_url=HERE,
        clusters=("dev", "prod"),
        deadline=timedelta(seconds=5),
        grace=timedelta(seconds=1),
        finish_within=timedelta(minutes=20),
        settle=timedelta(seconds=2),
        group="g",
        post_concurrency=3,
        post_within=timedelta(hours=1),
        post_answer=timedelta(seconds=9),
    )


def test_a_client_makes_a_portal() -> None:
    asked = given(
        "--github-client-id=c", "--github-client-secret=s", "--github-web-url=https://ghe.example.com",
        "--github-api-url=https://ghe.example.com/api/v3", "--github-scopes=repo read:org", "--session-idle=10m",
        "--session-longest=1h", "--github-organizations=shop,bank",
    )  # fmt: skip
    web, api = "https://ghe.example.com", "https://ghe.example.com/api/v3"
    assert portal_options(asked, base_url=HERE) == PortalOptions(
        HERE, "c", "s", web, api, "repo read:org", ("shop", "bank"), 600.0, 3600.0
    )


@pytest.mark.parametrize(
    ("words", "base_url", "told"),
    [
        (["--github-client-id=c"], HERE, "no secret that belongs to it"),
        (["--github-client-id=c", "--github-client-secret=s"], "", "the portal cannot be at"),
        (["--pages-for-members"], HERE, "--pages-for-members (FAIRWAY_PAGES_FOR_MEMBERS) is set, but"),
    ],
)
def test_what_no_portal_can_be_run_with_is_refused(words: list[str], base_url: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        portal_options(given(*words), base_url=base_url)
    assert told in str(caught.value)
