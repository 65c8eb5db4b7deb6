"""The intake that fairway.yaml asks for."""

from pathlib import Path

import pytest
from tests.contract.webhooks.payloads import delivery

from fairway.domain.errors import UserError
from fairway.services.configuring import Configured, load_configuration
from fairway.services.intake import PendingWakes
from fairway.services.intake.intake import Heard, NoSuchEndpoint
from fairway.wiring.web import prometheus_metrics, webhook_intake, webhook_secrets


def configured(folder: Path, webhooks: str) -> Configured:
    (folder / "fairway.yaml").write_text(f"server: {{webhooks: {{{webhooks}}}}}\n")
    return load_configuration(folder / "environments.yaml")


def test_without_secrets_there_is_no_intake(tmp_path: Path) -> None:
    assert webhook_intake(load_configuration(tmp_path / "environments.yaml"), PendingWakes()) is None
    assert webhook_intake(configured(tmp_path, "github: []"), PendingWakes()) is None


def test_a_secret_opens_its_own_endpoints(tmp_path: Path) -> None:
    metrics = prometheus_metrics()
    found = webhook_intake(
        configured(tmp_path, "registry: [{env: TOKEN}]"), PendingWakes(), metrics, env={"TOKEN": "s3cret"}
    )
    assert found is not None
    assert found.registry("docker-hub", delivery("docker-hub/push", query={"token": "s3cret"})) == Heard(1)
    with pytest.raises(NoSuchEndpoint):
        found.git("github", delivery("github/push"))
    assert b'fairway_webhooks_total{kind="docker-hub",result="accepted"} 1.0' in metrics.page()


def test_a_missing_secret_is_told_at_the_start(tmp_path: Path) -> None:
    both = configured(tmp_path, "registry: [{env: TOKEN}, {env: OLD}]")
    with pytest.raises(UserError, match="OLD is not set"):
        webhook_intake(both, PendingWakes(), env={"TOKEN": "s3cret"})


def test_later_a_missing_secret_does_not_take_the_others_down(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("first\n")
    (tmp_path / "two").write_text("second")
    read = webhook_secrets(configured(tmp_path, "gitea: [{file: one}, {file: two}]"), {})
    assert list(read("gitea")) == ["first", "second"]
    (tmp_path / "one").unlink()
    (tmp_path / "two").write_text("replaced\n")
    assert list(read("gitea")) == ["replaced"]
    (tmp_path / "two").unlink()
    with pytest.raises(UserError, match="cannot be read"):
        read("gitea")
    assert list(read("github")) == []


async def test_pubsub_needs_no_secret(tmp_path: Path) -> None:
    found = webhook_intake(configured(tmp_path, "pubsub: {audience: a, serviceAccount: b@c}"), PendingWakes(), env={})
    assert found is not None
    assert found.pubsub_account is not None
    with pytest.raises(NoSuchEndpoint):
        found.registry("gcr", delivery("gcr/tag-inserted"))
