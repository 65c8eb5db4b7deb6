"""Which environments and releases a command means."""

from pathlib import Path

import pytest

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import Cluster, Environment, Provider, Release, Repository
from fairway.services.choosing import choose_environments, choose_releases, default_environment, remember_environment

HERE = Position("environments.yaml", 1, 1)
EU, US = (Cluster(name, Provider("minikube"), HERE) for name in ("eu", "us"))
RELEASES = tuple(Release(name, HERE) for name in ("db", "api", "web"))
PROD, TEST, STAGE = (Environment(n, c, n, HERE, RELEASES) for n, c in (("prod", EU), ("test", US), ("stage", EU)))


def repository(*environments: Environment) -> Repository:
    return Repository("/r", "/r/environments.yaml", environments, (EU, US))


ALL = repository(PROD, TEST, STAGE)


@pytest.mark.parametrize(
    ("named", "cluster", "default", "every", "wanted"),
    [
        ("prod", None, None, False, ["prod"]),
        ("prod", "eu", None, False, ["prod"]),
        (None, "eu", "test", False, ["prod", "stage"]),
        (None, None, "test", False, ["test"]),
        (None, None, "test", True, ["prod", "test", "stage"]),
        ("prod", None, "test", False, ["prod"]),
    ],
)
def test_the_nearest_word_counts(named, cluster, default, every: bool, wanted: list[str]) -> None:
    chosen = choose_environments(ALL, named, cluster, default, every=every)
    assert [one.name for one in chosen] == wanted


def test_the_only_environment_needs_no_name() -> None:
    assert choose_environments(repository(TEST)) == (TEST,)


@pytest.mark.parametrize(
    ("named", "cluster", "default", "says"),
    [
        ("prd", None, None, 'no environment "prd"; did you mean "prod"?'),
        (None, "eu1", None, 'no cluster "eu1"'),
        ("prod", "us", None, 'is in cluster "eu", not "us"'),
        (None, None, None, "which environment?"),
        (None, None, "gone", "which environment?"),
    ],
)
def test_nothing_is_guessed(named, cluster, default, says: str) -> None:
    with pytest.raises(UserError) as caught:
        choose_environments(ALL, named, cluster, default)
    assert says in caught.value.message


def test_a_repository_without_environments_says_so() -> None:
    with pytest.raises(UserError, match="has no environments"):
        choose_environments(repository())


def test_releases_come_in_declared_order_and_once() -> None:
    assert [one.name for one in choose_releases(PROD, ["web", "db", "web"])] == ["db", "web"]
    assert choose_releases(PROD, []) == RELEASES


def test_every_unknown_release_is_named() -> None:
    with pytest.raises(UserError) as caught:
        choose_releases(PROD, ["wep", "db", "zzzzz"])
    assert 'no release "wep" in prod; did you mean "web"?' in caught.value.message
    assert '"zzzzz"' in caught.value.message


def test_the_default_environment_is_remembered_for_each_file(tmp_path: Path) -> None:
    one, other = tmp_path / "a/environments.yaml", tmp_path / "b/environments.yaml"
    folder = tmp_path / "config"
    assert default_environment(folder, one) is None
    remember_environment(folder, one, "prod")
    remember_environment(folder, other, "test")
    assert (default_environment(folder, one), default_environment(folder, other)) == ("prod", "test")
    remember_environment(folder, one, None)
    assert (default_environment(folder, one), default_environment(folder, other)) == (None, "test")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_broken_memory_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "environments.json").write_text(content)
    assert default_environment(tmp_path, tmp_path / "environments.yaml") is None


def test_a_memory_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(UserError, match="cannot write") as caught:
        remember_environment(tmp_path / "config", tmp_path / "environments.yaml", "prod")
    assert "FAIRWAY_CONFIG_DIR" in (caught.value.fix or "")
