"""The agent's own fairway.yaml: what moves into the cluster, under which key, and what gives way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.bootstrapping.chart import Image, Rights, agent_environment, chart_values, parse_image
from fairway.domain.bootstrapping.configuration import Access, agent_configuration
from fairway.domain.configuration.checking import check_configuration
from fairway.domain.configuration.secrets import SecretSource
from fairway.domain.errors import Position, UserError
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import Cluster, Provider
from fairway.domain.repository.sites import Document
from fairway.domain.values.secrets import secret_leaves
from fairway.domain.yaml import compose, dump

ACCESS = Access("https://git.example/deployments.git")


def env(name: str) -> SecretSource:
    return SecretSource(env=name, file=None)


def file(name: str) -> SecretSource:
    return SecretSource(env=None, file=name)


def mistakes(document: dict[str, Any]) -> list[str]:
    findings = Findings()
    value, positions, problems = compose(dump(document), "fairway.yaml")
    check_configuration(Document("/fairway.yaml", "fairway.yaml", value, positions, tuple(problems)), findings)
    return [one.message for one in findings.in_order()]


def test_without_a_file_it_has_what_an_agent_needs() -> None:
    made = agent_configuration({}, Access("https://git.example/d.git", "main", token=env("T")), ["prod"])
    assert made.document == {
        "git": {
            "url": "https://git.example/d.git",
            "branch": "main",
            "credentials": {"token": {"file": "/etc/fairway/secrets/git"}},
        },
        "agent": {"environments": ["prod"]},
        "server": {"listen": ":8080"},
    }
    assert made.secrets == {"git": env("T")}
    assert mistakes(made.document) == []


def test_what_was_written_stays_and_access_goes_before_it() -> None:
    git = {"url": "git@old:d.git", "branch": "old", "credentials": {"token": {"env": "OLD"}}}
    written = {
        "x-anchors": {"a": 1},
        "git": {**git, "author": {"name": "Bot"}},
        "agent": {"every": "5m", "environments": ["*"]},
        "server": {"listen": "127.0.0.1:1", "webhooks": {"github": [{"env": "HOOK"}, {"env": "HOOK_OLD"}]}},
    }  # fmt: skip
    made = agent_configuration(
        written, Access("ssh://git@new/d.git", ssh_key=file("/k/id"), known_hosts="/k/hosts"), ["a"]
    )
    assert made.document["git"] == {
        "url": "ssh://git@new/d.git",
        "author": {"name": "Bot"},
        "credentials": {"knownHosts": "/etc/fairway/config/hosts", "sshKey": {"file": "/etc/fairway/secrets/git"}},
    }
    assert made.document["agent"] == {"every": "5m", "environments": ["a"]}
    assert made.document["server"]["webhooks"]["github"] == [
        {"file": "/etc/fairway/secrets/HOOK"},
        {"file": "/etc/fairway/secrets/HOOK_OLD"},
    ]
    assert made.secrets == {"git": file("/k/id"), "HOOK": env("HOOK"), "HOOK_OLD": env("HOOK_OLD")}
    assert made.files == {"hosts": "/k/hosts"}
    assert mistakes(made.document) == []
    assert written["agent"] == {"every": "5m", "environments": ["*"]}


def test_a_login_that_fairway_yaml_has_is_kept() -> None:
    written = {"git": {"credentials": {"username": "bot", "password": {"env": "PW"}}}}
    made = agent_configuration(written, ACCESS, ["prod"])
    assert made.document["git"]["credentials"] == {
        "username": "bot",
        "password": {"file": "/etc/fairway/secrets/git"},
    }
    assert made.secrets == {"git": env("PW")}


def test_the_same_secret_moves_once_and_those_of_one_name_get_their_own_key() -> None:
    hooks = [{"file": "a/token"}, {"file": "b/token"}, {"file": "a/token"}, {"env": "token"}]
    made = agent_configuration({"server": {"webhooks": {"registry": hooks}}}, ACCESS, [])
    keys = [one["file"].rpartition("/")[2] for one in made.document["server"]["webhooks"]["registry"]]
    assert keys == ["token", "token-2", "token", "token-3"]


def test_names_that_kubernetes_does_not_take_are_changed() -> None:
    made = agent_configuration(
        {"git": {"verify": {"allowedSigners": "keys/größe & mehr", "gpgKeys": "..."}}}, ACCESS, []
    )
    assert list(made.files.values()) == ["keys/größe & mehr", "..."]
    assert made.document["git"]["verify"] == {
        "allowedSigners": "/etc/fairway/config/gr-e-mehr",
        "gpgKeys": "/etc/fairway/config/file",
    }


def test_a_file_never_takes_the_configurations_own_name() -> None:
    made = agent_configuration({"git": {"verify": {"gpgKeys": "other/fairway.yaml"}}}, ACCESS, [])
    assert list(made.files) == ["fairway.yaml-2"]


sources = st.one_of(
    st.builds(lambda name: {"env": name}, st.text("ABC_", min_size=1, max_size=4)),
    st.builds(lambda name: {"file": name}, st.text("ab/.", min_size=1, max_size=6)),
)
trees = st.recursive(
    st.one_of(sources, st.text(max_size=3), st.integers(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("pqr"), inner, max_size=3)),
    max_leaves=12,
)


def sources_of(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list):
        return [one for item in value for one in sources_of(item)]
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("env", "file"):
            return [value]
        return [one for item in value.values() for one in sources_of(item)]
    return []


@given(trees)
def test_every_secret_is_moved_to_a_key_that_leads_back_to_where_it_is_read_from(tree: Any) -> None:
    made = agent_configuration({"git": {"extra": tree}}, ACCESS, [])
    before, after = sources_of(tree), sources_of(made.document["git"].get("extra"))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        key = other["file"].removeprefix("/etc/fairway/secrets/")
        assert made.secrets[key] == SecretSource(env=one.get("env"), file=one.get("file"))


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("fairway:0.1.0", Image("fairway", "0.1.0")),
        ("registry.example:5000/team/fairway:0.1.0", Image("registry.example:5000/team/fairway", "0.1.0")),
        ("r/fairway@sha256:" + "a" * 64, Image("r/fairway", "", "sha256:" + "a" * 64)),
        ("r:5/f:1@sha256:" + "a" * 64, Image("r:5/f", "1", "sha256:" + "a" * 64)),
    ],
)
def test_images(text: str, image: Image) -> None:
    assert parse_image(text) == image


@pytest.mark.parametrize("text", ["", "fairway", "registry.example:5000/fairway", ":1", "a b:1", "@sha256:0"])
def test_what_is_no_certain_image(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_image(text)
    assert caught.value.fix


def test_secrets_in_the_charts_values_are_masked_wherever_values_are_shown() -> None:
    values = chart_values(
        Image("f", "1"), "eu", ["p"], "e.yaml", "", Rights(), files={}, secrets={"git": "abc", "x": "d"}
    )
    assert sorted(value for path, value in secret_leaves(values) if path[0] == "secrets") == ["abc", "d"]


def test_rights() -> None:
    def rbac(rights: Rights) -> Any:
        return chart_values(Image("f", "1"), "eu", ["p"], "e.yaml", "", rights, files={}, secrets={})["rbac"]

    assert rbac(Rights()) == {"scope": "cluster", "namespaces": []}
    assert rbac(Rights(("shop",))) == {"scope": "namespaces", "namespaces": ["shop"]}


def test_the_agents_own_environment() -> None:
    cluster = Cluster("eu", Provider("inCluster"), Position("environments.yaml"))
    found = agent_environment(cluster, "fairway-system", "/charts/agent", "/tmp/values.yaml")
    [release] = found.releases
    assert (found.namespace, release.name, release.values_file) == (
        "fairway-system",
        "fairway-agent",
        "/tmp/values.yaml",
    )
    assert release.chart is not None
    assert release.chart.location == "/charts/agent"
