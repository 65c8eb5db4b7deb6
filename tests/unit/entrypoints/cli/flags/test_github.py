"""The flags of GitHub: a way to tell it, or the clear wish not to."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.github import GITHUB, github_login, webhook_secrets
from fairway.wiring.github_deployments import GithubLogin

PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nAAAA\n"
ORIGINALS = {
    "github-enabled", "github-webhook-secret", "github-app-id", "github-install-id", "github-key-file",
    "github-client-id", "github-client-secret",
}  # fmt: skip
given = Trial(GITHUB)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "app.pem"
    file.write_text(PEM)
    return file


def test_every_flag_of_the_originals_is_there() -> None:
    assert {flag.name for flag in GITHUB.flags} >= ORIGINALS


def test_an_app_with_its_key(key: Path) -> None:
    words = ("--github-app-id=47", f"--github-key-file={key}", "--github-install-id=11")
    assert github_login(given(*words)) == GithubLogin(app_id=47, private_key=PEM, installation=11)


def test_a_token_will_do_for_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_GITHUB_TOKEN", "t")
    assert github_login(given("--github-api-url=http://127.0.0.1:1")) == GithubLogin("http://127.0.0.1:1", "t")


def test_the_token_of_a_pipeline_is_not_taken_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "of somebody else")
    with pytest.raises(UserError, match="no login for GitHub"):
        github_login(given())


def test_nobody_is_told_when_that_is_wished() -> None:
    assert github_login(given("--github-enabled=false", "--github-app-id=47")) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "neither --github-app-id (FAIRWAY_GITHUB_APP_ID) nor --github-token"),
        (["--github-app-id=47"], "--github-key-file (FAIRWAY_GITHUB_KEY_FILE) is not"),
        (["--github-app-id=47", "--github-key-file=/nowhere.pem"], "/nowhere.pem can't be read: No such file"),
        (["--github-app-id=47", f"--github-key-file={__file__}"], "holds no private key"),
        (["--github-app-id=47", "--github-token=t"], "both --github-app-id"),
    ],
)
def test_what_is_missing_is_named_with_its_flag(words: list[str], told: str) -> None:
    with pytest.raises(UserError) as caught:
        github_login(given(*words))
    assert told in str(caught.value)
    assert caught.value.fix


def test_several_webhook_secrets_are_good_at_once(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("new\nold\n")
    assert webhook_secrets(given(f"--github-webhook-secret-file={tmp_path / 'secrets'}")) == ("new", "old")
    assert webhook_secrets(given()) == ()
