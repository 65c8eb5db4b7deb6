"""fairway.yaml is read with all its mistakes, and secrets when they are used, never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairway.domain.configuration.secrets import SecretSource
from fairway.domain.errors import InvalidInput, UserError
from fairway.services.configuring import load_configuration


def written(folder: Path, text: str) -> Path:
    (folder / "fairway.yaml").write_text(text)
    return folder / "environments.yaml"


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    configured = load_configuration(tmp_path / "environments.yaml")
    assert configured.file is None
    assert not configured.configuration.upgrades.trust_events


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no .*other\.yaml"):
        load_configuration(tmp_path / "environments.yaml", tmp_path / "other.yaml")


def test_all_mistakes_come_at_once_with_their_places(tmp_path: Path) -> None:
    environments = written(tmp_path, "git:\n  urll: x\nupgrades:\n  write: sometimes\n")
    with pytest.raises(InvalidInput) as caught:
        load_configuration(environments)
    assert [(d.position.line, d.rule) for d in caught.value.diagnostics if d.position] == [
        (2, "unknown-key"),
        (4, "bad-value"),
    ]


def test_the_command_line_can_trust_events_for_once(tmp_path: Path) -> None:
    environments = written(tmp_path, "git: {branch: main}\nupgrades: {every: 7m}\n")
    before = load_configuration(environments)
    after = before.trusting_events()
    assert after.configuration.upgrades.trust_events
    assert (after.configuration.git, after.configuration.upgrades.every) == (
        before.configuration.git,
        before.configuration.upgrades.every,
    )
    assert not before.configuration.upgrades.trust_events


def test_a_secret_comes_from_where_it_is_named(tmp_path: Path) -> None:
    configured = load_configuration(written(tmp_path, "git: {}\n"))
    (tmp_path / "token").write_text("s3cret\n")
    assert configured.secret(SecretSource(file="token"), {}) == "s3cret"
    assert configured.secret(SecretSource(env="TOKEN"), {"TOKEN": "other"}) == "other"


@pytest.mark.parametrize(
    "source", [SecretSource(env="TOKEN"), SecretSource(file="missing"), SecretSource(file="empty")]
)
def test_a_secret_that_is_missing_is_named(source: SecretSource, tmp_path: Path) -> None:
    configured = load_configuration(written(tmp_path, "git: {}\n"))
    (tmp_path / "empty").write_text("")
    with pytest.raises(UserError, match=f"{source.env or source.file}") as caught:
        configured.secret(source, {})
    assert caught.value.fix
