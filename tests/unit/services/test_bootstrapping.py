"""What is read from this machine for the agent, where it lies meanwhile, and which namespaces are made."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.bootstrapping.chart import Image, Rights
from fairway.domain.bootstrapping.configuration import Access
from fairway.domain.configuration.secrets import SecretSource
from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.repository.models import Cluster, Environment, Provider
from fairway.domain.yaml import load
from fairway.services.bootstrapping import Wanted, agent_release, make_namespaces
from fairway.services.configuring import load_configuration

HERE = Position("environments.yaml")
PROD = Environment("prod", Cluster("eu", Provider("inCluster"), HERE), "shop", HERE)


def wanted(**more: Any) -> Wanted:
    known: dict[str, Any] = {
        "environments": (PROD,),
        "environments_file": "deploy/environments.yaml",
        "image": Image("r/fairway", "1"),
        "access": Access("https://git.example/d.git", token=SecretSource(env="TOKEN", file=None)),
        "namespace": "fairway-system",
        "rights": Rights(),
    }
    return Wanted(**(known | more))


def values_of(tmp_path: Path, env: dict[str, str], **more: Any) -> dict[str, Any]:
    configured = load_configuration(tmp_path / "environments.yaml")
    with agent_release(wanted(**more), configured, tmp_path / "chart", env) as environment:
        [release] = environment.releases
        assert release.values_file is not None
        file = Path(release.values_file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        found = load(file.read_text(), str(file))
    assert not file.exists()
    assert isinstance(found, dict)
    return found


def test_the_release_has_what_the_agent_needs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "fairway.yaml").write_text(
        "git: {verify: {allowedSigners: signers}}\n"
        "notifications: {channels: [{name: team, slack: {token: {file: slack}, channel: '#d'}}]}\n"
    )
    (tmp_path / "signers").write_text("anna ssh-ed25519 AAAA\n")
    (tmp_path / "slack").write_text("xoxb-1\n")
    values = values_of(tmp_path, {"TOKEN": "t0ken"})
    assert values["secrets"] == {"git": "t0ken", "slack": "xoxb-1"}
    assert values["files"] == {"signers": "anna ssh-ed25519 AAAA\n"}
    assert values["agent"] == {
        "cluster": "eu",
        "environments": ["prod"],
        "environmentsFile": "deploy/environments.yaml",
    }
    assert load(values["configuration"], "fairway.yaml")["agent"] == {"environments": ["prod"]}  # type: ignore[index]


def test_values_of_ones_own_go_before(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("image: {tag: '2'}\nreplicas: 2\n")
    values = values_of(tmp_path, {"TOKEN": "t"}, values=tmp_path / "own.yaml")
    assert values["image"] == {"repository": "r/fairway", "tag": "2", "digest": ""}
    assert values["replicas"] == 2


def test_a_secret_that_somebody_else_makes_is_not_even_read(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("existingSecret: mine\n")
    assert values_of(tmp_path, {}, values=tmp_path / "own.yaml")["secrets"] == {}


@pytest.mark.parametrize(
    ("files", "env", "says"),
    [
        ({}, {}, "TOKEN is not set"),
        ({"fairway.yaml": "git: {verify: {gpgKeys: none}}"}, {"TOKEN": "t"}, "none cannot be read"),
        ({"own.yaml": "[]"}, {"TOKEN": "t"}, "holds no map of values"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, files: dict[str, str], env: dict[str, str], says: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    own = tmp_path / "own.yaml"
    with pytest.raises(UserError, match=says) as caught:
        values_of(tmp_path, env, values=own if own.exists() else None)
    assert caught.value.fix


async def test_only_namespaces_that_are_missing_are_made() -> None:
    cluster = MemoryKube()
    assert await make_namespaces(cluster, ["a", "b", "a"]) == ["a", "b"]
    assert await make_namespaces(cluster, ["b", "c"]) == ["c"]
    assert await cluster.get(ObjectRef("v1", "Namespace", "", "c")) is not None
