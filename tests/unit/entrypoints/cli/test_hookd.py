"""What `fairway hookd` makes of its flags as a whole, and what it says of mistakes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click
import pytest

from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.option import FlagOption
from fairway.entrypoints.cli.hookd import asked_hookd, hookd
from fairway.entrypoints.cli.main import run
from fairway.entrypoints.workers.hookd import HookdProcess


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for option in hookd.params:
        if isinstance(option, FlagOption):
            for variable in option.variables:
                monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("FAIRWAY_DATA_DIR", str(tmp_path / "data"))


def asked(*words: str) -> HookdProcess:
    with hookd.make_context("hookd", list(words)) as context:
        return asked_hookd(Given(context))


def test_the_environment_of_the_original_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "app.pem"
    key.write_text("-----BEGIN RSA PRIVATE " + "KEY-----\nAAAA\n")
    for name, value in {
        "LISTEN_ADDRESS": "0.0.0.0:8080",
        "BASE_URL": "https://deploy.example.com",
        "GITHUB_ENABLED": "true",
        "GITHUB_WEBHOOK_SECRET": "hush",
        "GITHUB_APP_ID": "4711",
        "GITHUB_INSTALL_ID": "0",
        "GITHUB_KEY_FILE": str(key),
        "GITHUB_CLIENT_ID": "client",
        "GITHUB_CLIENT_SECRET": "secret",
        "S3_ENDPOINT": "minio:9000",
        "S3_ACCESS_KEY": "accesskey",
        "S3_SECRET_KEY": "secretkey",
        "S3_BUCKET_NAME": "deployments.nais.io",
        "S3_SECURE": "false",
        "KAFKA_BROKERS": "kafka:9092",
        "KAFKA_GROUP_ID": "hookd-1",
        "KAFKA_HMAC_KEY": "shared",
        "KAFKA_TLS_ENABLED": "false",
        "LOG_LEVEL": "trace",
        "LOG_FORMAT": "json",
    }.items():
        monkeypatch.setenv(name, value)
    found = asked()
    assert str(found.listen) == "0.0.0.0:8080"
    assert found.options.webhook_secrets == ("hush",)
    assert found.options.base_url == found.api.audience == "https://deploy.example.com"
    assert found.options.group == "hookd-1"
    assert found.login is not None
    assert (found.login.app_id, found.login.installation) == (4711, None)
    assert found.portal is not None
    assert found.portal.callback == "https://deploy.example.com/auth/callback"
    assert found.access.endpoint_url == "http://minio:9000"
    assert found.queue.brokers == ("kafka:9092",)
    assert found.queue.hmac_keys == (b"shared",)


def test_without_github_nothing_but_an_address_is_needed() -> None:
    found = asked("--github-enabled=false")
    assert found.login is None
    assert found.portal is None
    assert found.options.deadline == timedelta(minutes=1)
    assert found.options.base_url == "http://127.0.0.1:8080"
    assert found.queue.brokers == ()


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    found = asked(
        "--github-webhook-secret=hush-1", "--github-token=hush-2", "--github-client-id=c",
        "--github-client-secret=hush-3", "--s3-endpoint=e", "--s3-secret-key=hush-4", "--kafka-hmac-key=hush-5",
        f"--provision-key={'ab' * 16}", "--kafka-sasl-enabled", "--kafka-sasl-username=u",
        "--kafka-sasl-password=hush-6",
    )  # fmt: skip
    assert "hush" not in repr(found)
    assert "\\xab" not in repr(found)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hookd"], "--github-webhook-secret (FAIRWAY_GITHUB_WEBHOOK_SECRET) is not set"),
        (["hookd", "--github-webhook-secret=x"], "there is no login for GitHub"),
        (["hookd", "--deadline=soon"], '--deadline (FAIRWAY_DEADLINE): "soon" is no length of time'),
        (["hookd", "--no-such-flag"], "No such option"),
    ],
)
def test_a_mistake_is_one_line_and_what_to_do(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    assert told in capsys.readouterr().err


def test_every_flag_has_help_that_is_a_sentence() -> None:
    odd = [one.opts[0] for one in hookd.params if isinstance(one, FlagOption) and not one.flag.help.endswith(".")]
    assert odd == []
    assert isinstance(hookd, click.Command)
