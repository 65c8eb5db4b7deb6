"""Who deploys from the same repository says so in the same words, however it was reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairway.adapters.git.facts import GitFacts
from fairway.domain.repository.models import Repository
from fairway.wiring import repository_source

ORIGIN = "git@git.example:shop/deploy.git"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(str(tmp_path), str(tmp_path / "environments.yaml"), (), ())


def configure(repository: Repository, text: str) -> None:
    (Path(repository.root) / "fairway.yaml").write_text(text)


def test_origin_and_the_file_in_it(repository: Repository) -> None:
    assert repository_source(repository, GitFacts(remote=ORIGIN, prefix="eu/")) == (
        "git.example/shop/deploy//eu/environments.yaml"
    )


def test_without_a_remote_it_is_the_file_on_this_machine(repository: Repository) -> None:
    assert repository_source(repository, GitFacts()) == repository.environments_file


@pytest.mark.parametrize("remote", ["", ORIGIN, "/srv/mirror.git"])
def test_the_url_that_an_agent_follows_goes_before_origin(repository: Repository, remote: str) -> None:
    configure(repository, "git: {url: https://git.example/shop/deploy}\n")
    assert repository_source(repository, GitFacts(remote=remote)) == "git.example/shop/deploy//environments.yaml"


def test_a_relative_url_counts_from_the_file_that_it_is_written_in(repository: Repository) -> None:
    configure(repository, "git: {url: ../deploy.git}\n")
    assert repository_source(repository, GitFacts()) == f"{repository.root}/../deploy//environments.yaml"


def test_a_configuration_with_mistakes_keeps_nobody_from_deploying(repository: Repository) -> None:
    configure(repository, "git: {urll: https://git.example/shop/deploy}\n")
    assert repository_source(repository, GitFacts(remote=ORIGIN)) == "git.example/shop/deploy//environments.yaml"
