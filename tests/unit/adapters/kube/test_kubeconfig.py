"""Which cluster and which identity a kubeconfig means, and what is said when it means none."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairway.adapters.kube.kubeconfig import load, paths_of
from fairway.adapters.kube.opening import choose, proxy_for
from fairway.adapters.kube.target import Target
from fairway.domain.errors import InvalidInput, UserError


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def document(user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "eu", "cluster": {"server": "https://eu.example.com:6443/", **(cluster or {})}}],
        "users": [{"name": "anna", "user": user or {}}],
        "contexts": [{"name": "prod", "context": {"cluster": "eu", "user": "anna", "namespace": "shop"}}],
    }


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def target(tmp_path: Path, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None) -> Target:
    return load([write(tmp_path / "config", document(user, cluster))]).target()


def test_the_current_context_names_server_and_namespace(tmp_path: Path) -> None:
    found = target(tmp_path)
    assert (found.name, found.server, found.namespace) == ("prod", "https://eu.example.com:6443", "shop")
    assert found.where is not None
    assert found.where.line > 1


def test_inline_data_goes_before_files(tmp_path: Path) -> None:
    write(tmp_path / "ca.pem", "from file")
    cluster = {"certificate-authority": "ca.pem"}
    assert target(tmp_path, cluster=cluster).ca == b"from file"
    assert target(tmp_path, cluster={**cluster, "certificate-authority-data": b64("inline")}).ca == b"inline"


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    write(tmp_path / "sub" / "tokens" / "anna", "x")
    config = load([write(tmp_path / "sub" / "config", document({"tokenFile": "tokens/anna"}))])
    assert config.target().user.token_file == tmp_path / "sub" / "tokens" / "anna"


def test_the_first_of_several_files_wins_whole(tmp_path: Path) -> None:
    first = write(tmp_path / "1", {"contexts": [{"name": "prod", "context": {"cluster": "eu"}}]})
    second = write(tmp_path / "2", {**document(cluster={"tls-server-name": "x"}), "current-context": "prod"})
    found = load([first, tmp_path / "missing", second]).target()
    assert (found.namespace, found.server_name) == ("", "x")


def test_a_context_may_be_named(tmp_path: Path) -> None:
    content = document()
    content["contexts"].append({"name": "stage", "context": {"cluster": "eu", "user": "anna", "namespace": "stage"}})
    assert load([write(tmp_path / "config", content)]).target("stage").namespace == "stage"


@pytest.mark.parametrize(
    ("change", "message", "fix"),
    [
        ({"current-context": "prd"}, "no context named prd", "did you mean prod?"),
        ({"current-context": "zzzz"}, "no context named zzzz", "there is: prod"),
        ({"current-context": ""}, "no current context is set", "name one: prod"),
        ({"clusters": []}, "no cluster named eu", "there is: none"),
        ({"users": []}, "no user named anna", "there is: none"),
        ({"clusters": [{"name": "eu", "cluster": {}}]}, "cluster eu has no server", "server: https://HOST:PORT"),
        (
            {"clusters": [{"name": "eu", "cluster": {"server": "eu:6443"}}]},
            "has the server 'eu:6443'",
            "server: https://",
        ),
        ({"clusters": [{"cluster": {}}]}, "an entry of clusters has no name", "give it a name"),
    ],
)
def test_what_is_missing_is_said_with_what_is_there(
    tmp_path: Path, change: dict[str, Any], message: str, fix: str
) -> None:
    path = write(tmp_path / "config", {**document(), **change})
    with pytest.raises(UserError) as caught:
        load([path]).target()
    assert message in caught.value.message
    assert fix in (caught.value.fix or "")


def test_a_mistake_is_said_with_its_line(tmp_path: Path) -> None:
    text = "clusters:\n- name: eu\n  cluster:\n    server: https://x\n    certificate-authority: nope.pem\n"
    text += "contexts:\n- name: c\n  context: {cluster: eu}\ncurrent-context: c\n"
    with pytest.raises(UserError) as caught:
        load([write(tmp_path / "config", text)]).target()
    assert str(caught.value.where) == f"{tmp_path / 'config'}:5:28"
    assert "nope.pem can't be read" in caught.value.message


def test_text_that_is_no_yaml_is_said_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load([write(tmp_path / "config", "a: b\n\tc: d\n")])
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_a_list_is_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a kubeconfig"):
        load([write(tmp_path / "config", "- a\n")])


def test_an_explicit_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no kubeconfig"):
        load([tmp_path / "nope"], must_exist=True)


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ({"client-certificate-data": b64("c")}, "has a client-certificate but no client-key"),
        ({"client-key-data": b64("k")}, "has a client-key but no client-certificate"),
        ({"client-key-data": "not base64"}, "client-key-data is not base64"),
        ({"token": 12}, "token must be a text"),
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "has no command"),
        ({"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}}, "v1alpha1"),
        (
            {"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Sometimes"}},
            "interactiveMode Sometimes is unknown",
        ),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider gcp of user anna was removed"),
        ({"auth-provider": {"name": "oidc", "config": {}}}, "needs idp-issuer-url and client-id"),
        ({"as-groups": ["a"]}, "as-groups needs as"),
    ],
)
def test_a_user_that_cannot_work_is_refused(tmp_path: Path, user: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        target(tmp_path, user)
    assert message in caught.value.message
    assert caught.value.where is not None


def test_an_authority_and_no_verification_contradict_each_other(tmp_path: Path) -> None:
    cluster = {"insecure-skip-tls-verify": True, "certificate-authority-data": b64("x")}
    with pytest.raises(UserError, match="insecure-skip-tls-verify"):
        target(tmp_path, cluster=cluster)


def test_an_exec_plugin_knows_its_folder_and_the_clusters_extension(tmp_path: Path) -> None:
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "bin/login",
            "args": ["a", 1],
            "env": [{"name": "A", "value": "B"}],
            "provideClusterInfo": True,
            "interactiveMode": "Never",
        }
    }
    extension = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}]
    plugin = target(tmp_path, user, {"extensions": extension}).user.exec
    assert plugin is not None
    assert (plugin.folder, plugin.args, plugin.env) == (tmp_path, ("a", "1"), {"A": "B"})
    assert plugin.cluster_config == {"audience": "x"}


def test_whom_to_act_as_is_read(tmp_path: Path) -> None:
    user = {"as": "bot", "as-groups": ["g"], "as-uid": "7", "as-user-extra": {"team": ["a", "b"]}}
    whom = target(tmp_path, user).user.impersonation
    assert whom is not None
    assert (whom.user, whom.groups, whom.uid, whom.extra) == ("bot", ("g",), "7", {"team": ("a", "b")})


def test_secrets_stay_out_of_repr(tmp_path: Path) -> None:
    assert "geheim" not in repr(target(tmp_path, {"token": "geheim", "password": "geheim", "username": "u"}))


def test_where_kubeconfigs_are_looked_for() -> None:
    assert paths_of("/a:/b", {}) == ([Path("/a"), Path("/b")], True)
    assert paths_of(None, {"KUBECONFIG": "/c::/d"}) == ([Path("/c"), Path("/d")], False)
    assert paths_of(None, {"HOME": "/home/anna"}) == ([Path("/home/anna/.kube/config")], False)


@pytest.fixture
def account(tmp_path: Path) -> Path:
    folder = tmp_path / "account"
    write(folder / "token", "t\n")
    write(folder / "ca.crt", "ca")
    write(folder / "namespace", "shop\n")
    return folder


def test_in_a_pod_the_service_account_is_taken(tmp_path: Path, account: Path) -> None:
    env = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}
    for in_cluster in (True, False):
        found = choose(None, None, in_cluster=in_cluster, env=env, service_account=account)
        assert (found.name, found.server) == ("in-cluster", "https://[fd00::1]:443")
        assert (found.namespace, found.ca, found.user.token_file) == ("shop", b"ca", account / "token")


def test_outside_of_a_pod_it_says_what_to_do(tmp_path: Path, account: Path) -> None:
    with pytest.raises(UserError) as caught:
        choose(None, None, in_cluster=False, env={"HOME": str(tmp_path)}, service_account=account)
    assert "fairway cluster up" in (caught.value.fix or "")
    with pytest.raises(UserError, match="not a pod"):
        choose(None, None, in_cluster=True, env={}, service_account=tmp_path / "none")
    with pytest.raises(UserError, match="KUBERNETES_SERVICE_HOST"):
        choose(None, None, in_cluster=True, env={}, service_account=account)


@pytest.mark.parametrize(
    ("proxy_url", "env", "expected"),
    [
        ("", {}, ""),
        ("http://p:3128", {"HTTPS_PROXY": "http://q:1"}, "http://p:3128"),
        ("", {"HTTPS_PROXY": "http://q:1"}, "http://q:1"),
        ("", {"https_proxy": "http://q:1", "NO_PROXY": ".example.com"}, ""),
        ("", {"HTTP_PROXY": "http://q:1"}, ""),
    ],
)
def test_the_kubeconfigs_proxy_goes_before_the_environments(
    tmp_path: Path, proxy_url: str, env: dict[str, str], expected: str
) -> None:
    assert proxy_for(target(tmp_path, cluster={"proxy-url": proxy_url}), env) == expected


def test_a_socks_proxy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="socks5") as caught:
        proxy_for(target(tmp_path, cluster={"proxy-url": "socks5://anna:geheim@p"}), {})
    assert "geheim" not in caught.value.message


def test_a_context_that_is_asked_for_without_any_kubeconfig_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no context prod, since there is no kubeconfig"):
        load([tmp_path / "gone"]).target("prod")


def test_a_folder_in_the_place_of_a_kubeconfig_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load([tmp_path])
    assert str(caught.value).count(str(tmp_path)) == 1
