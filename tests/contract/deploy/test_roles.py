"""hookd and deployd in the agent's chart: they render to what Kubernetes takes, and grant no more than is said."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from tests.support.agent_chart import linted

from fairway.entrypoints.cli.main import cli
from fairway.wiring.bootstrapping import agent_chart

Objects = list[dict[str, Any]]

BOTH = ("hookd", "deployd")
KEY = {"name": "hookd", "key": "secret"}
INGRESS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
HOOKD = {
    "enabled": True,
    "options": {"kafka-brokers": ["a:9092", "b:9092"], "github-app-id": 1234567, "github-enabled": True},
    "secretFiles": {
        "github-webhook-secret": [{"name": "hookd", "key": "new"}, {"name": "hookd", "key": "old"}],
        "github-key-file": {"name": "hookd", "key": "app.pem"},
        "secret-key-file": {"name": "hookd", "key": "own"},
    },
    "ledger": {"name": "database", "key": "url"},
}
DEPLOYD = {"enabled": True, "cluster": "prod-fss", "secretFiles": {"kafka-hmac-key": KEY}}
REST = {
    "logLevel": "debug",
    "extraArgs": ["--check"],
    "extraEnv": [{"name": "A", "value": "b"}],
    "extraEnvFrom": [{"secretRef": {"name": "more"}}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/own"}],
    "serviceAccount": {"annotations": {"iam": "role"}},
    "service": {"annotations": {"a": "b"}},
    "networkPolicy": {"enabled": True, "from": [INGRESS]},
    "podDisruptionBudget": {"enabled": True},
    "persistence": {"enabled": True, "storageClass": "fast"},
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "platform"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "high",
}

SHAPES: dict[str, dict[str, Any]] = {
    "hookd alone": {"agent": {"enabled": False}, "hookd": {**HOOKD, "ledger": {}, "replicas": 1}},
    "deployd alone": {"agent": {"enabled": False}, "deployd": DEPLOYD},
    "both beside the agent": {"hookd": HOOKD, "deployd": DEPLOYD},
    "everything": {
        "image": {"repository": "r.example/fairway", "digest": "sha256:" + "a" * 64, "pullSecrets": [{"name": "pull"}]},
        "hookd": {
            **HOOKD,
            **REST,
            "ingress": {"enabled": True, "className": "nginx", "host": "deploy.example.com", "tlsSecret": "tls"},
        },
        "deployd": {
            **DEPLOYD,
            **REST,
            "rbac": {"watch": [{"apiGroups": ["example.com"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]},
        },
    },
    "token": {"agent": {"enabled": False}, "deployd": {**DEPLOYD, "teams": {"identity": "token"}}},
    "named teams": {"agent": {"enabled": False}, "deployd": {**DEPLOYD, "teams": {"names": ["aura", "navi"]}}},
    "named teams in their namespaces": {
        "agent": {"enabled": False},
        "deployd": {**DEPLOYD, "teams": {"names": ["aura", "navi"], "namespaces": True}},
    },
    "teams in their namespaces": {
        "agent": {"enabled": False},
        "deployd": {**DEPLOYD, "teams": {"namespaces": True, "createServiceAccounts": False}},
    },
    "without rights or account": {
        "agent": {"enabled": False},
        "hookd": {**HOOKD, "serviceAccount": {"create": False, "name": "given"}},
        "deployd": {**DEPLOYD, "rbac": {"create": False}, "serviceAccount": {"create": False, "name": "given"}},
    },
}


class Rendered:
    def __init__(self, helm: Path, folder: Path) -> None:
        self._helm = helm
        self._folder = folder

    def text(self, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        file = self._folder / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        command = [self._helm, "template", "fairway", agent_chart(), "--namespace", "fairway-system", "-f", file]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def __call__(self, shape: str) -> Objects:
        done = self.text(SHAPES[shape])
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]


@pytest.fixture
def rendered(helm: Path, tmp_path: Path) -> Rendered:
    return Rendered(helm, tmp_path)


def of(objects: Objects, kind: str, role: str = "") -> Objects:
    name = f"fairway-{role}"
    return [
        one
        for one in objects
        if one["kind"] == kind and (not role or one["metadata"]["labels"]["app.kubernetes.io/name"] == name)
    ]


def arguments(objects: Objects, role: str) -> list[str]:
    [deployment] = of(objects, "Deployment", role)
    words: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return words


def rules(objects: Objects, kind: str) -> list[tuple[str, dict[str, Any]]]:
    found = [one for one in of(objects, kind, "deployd") if not one["metadata"]["name"].endswith("-watch")]
    return [(one["metadata"].get("namespace", ""), rule) for one in found for rule in one["rules"]]


@pytest.mark.parametrize("shape", list(SHAPES))
def test_pods_are_allowed_under_the_restricted_standard(shape: str, rendered: Rendered) -> None:
    for deployment in of(rendered(shape), "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {probe: container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} == {
            "livenessProbe": "/healthz",
            "readinessProbe": "/readyz",
        }


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("role", BOTH)
def test_names_refer_to_things_of_the_same_role(shape: str, role: str, rendered: Rendered) -> None:
    objects = rendered(shape)
    for deployment in of(objects, "Deployment", role):
        template = deployment["spec"]["template"]
        labels = template["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            for one in of(objects, kind, role):
                selector = one["spec"].get("podSelector", one["spec"].get("selector"))
                assert selector.get("matchLabels", selector).items() <= labels.items()
        accounts = {one["metadata"]["name"] for one in of(objects, "ServiceAccount", role)} or {"given"}
        assert template["spec"]["serviceAccountName"] in accounts
        for binding in [*of(objects, "ClusterRoleBinding", role), *of(objects, "RoleBinding", role)]:
            place = binding["metadata"].get("namespace")
            known = {
                one["metadata"]["name"]
                for one in of(objects, binding["roleRef"]["kind"], role)
                if one["metadata"].get("namespace") == place
            }
            assert binding["roleRef"]["name"] in known
            assert {one["name"] for one in binding["subjects"]} == accounts
        volumes = {one["name"] for one in template["spec"]["volumes"]}
        assert {one["name"] for one in template["spec"]["containers"][0]["volumeMounts"]} <= volumes
    for ingress in of(objects, "Ingress", role):
        backends = {
            path["backend"]["service"]["name"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]
        }
        assert backends == {one["metadata"]["name"] for one in of(objects, "Service", role)}


def test_neither_is_there_unless_it_is_wanted(rendered: Rendered) -> None:
    done = rendered.text({})
    names = {one["metadata"]["labels"]["app.kubernetes.io/name"] for one in yaml.safe_load_all(done.stdout) if one}
    assert names == {"fairway-agent"}


@pytest.mark.parametrize(("shape", "roles"), [("hookd alone", {"hookd"}), ("deployd alone", {"deployd"})])
def test_the_agent_is_not_there_when_it_is_not_wanted(shape: str, roles: set[str], rendered: Rendered) -> None:
    names = {one["metadata"]["labels"]["app.kubernetes.io/name"] for one in rendered(shape)}
    assert names == {f"fairway-{role}" for role in roles}


def test_options_become_flags_as_they_were_written(rendered: Rendered) -> None:
    words = arguments(rendered("everything"), "hookd")
    assert {
        "--kafka-brokers=a:9092,b:9092",
        "--github-app-id=1234567",
        "--github-enabled=true",
        "--base-url=https://deploy.example.com",
        "--listen-address=:8080",
    } <= set(words)


def test_secrets_are_files_that_are_mounted_where_the_flags_say(rendered: Rendered) -> None:
    objects = rendered("hookd alone")
    assert {
        "--github-webhook-secret-file=/etc/fairway/secrets/github-webhook-secret-0,/etc/fairway/secrets/github-webhook-secret-1",
        "--github-key-file=/etc/fairway/secrets/github-key-file-0",
    } <= set(arguments(objects, "hookd"))
    [deployment] = of(objects, "Deployment", "hookd")
    [volume] = [one for one in deployment["spec"]["template"]["spec"]["volumes"] if one["name"] == "secrets"]
    items = {item["path"]: item["key"] for one in volume["projected"]["sources"] for item in one["secret"]["items"]}
    assert items["github-webhook-secret-0"] == "new"
    assert items["github-webhook-secret-1"] == "old"
    assert items["github-key-file-0"] == "app.pem"
    assert not of(objects, "Secret")


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("role", BOTH)
def test_the_arguments_are_flags_that_the_command_knows(shape: str, role: str, rendered: Rendered) -> None:
    objects = rendered(shape)
    if not of(objects, "Deployment", role):
        return
    verb, *words = arguments(objects, role)
    assert verb == role
    command = cli.get_command(click.Context(cli), role)
    assert command is not None
    with command.make_context(role, words) as context:
        assert context.params["flag_cluster" if role == "deployd" else "flag_listen_address"]


def test_hookd_has_no_rights_in_its_cluster(rendered: Rendered) -> None:
    objects = rendered("hookd alone")
    assert not [one for one in objects if "Role" in one["kind"]]
    [deployment] = of(objects, "Deployment")
    assert deployment["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


@pytest.mark.parametrize("shape", [name for name, values in SHAPES.items() if "deployd" in values])
def test_deployd_itself_may_change_nothing_but_make_accounts(shape: str, rendered: Rendered) -> None:
    for kind in ("ClusterRole", "Role"):
        for one in of(rendered(shape), kind, "deployd"):
            for rule in one["rules"]:
                changing = set(rule["verbs"]) - {"get", "list", "watch"}
                assert changing <= {"impersonate", "create"}
                if changing:
                    assert rule["resources"] in (["serviceaccounts"], ["serviceaccounts/token"])
                assert "secrets" not in rule["resources"]


def test_the_accounts_of_teams_are_in_one_namespace_unless_said_otherwise(rendered: Rendered) -> None:
    objects = rendered("deployd alone")
    assert not rules(objects, "ClusterRole")
    assert [(place, rule["verbs"], rule.get("resourceNames")) for place, rule in rules(objects, "Role")] == [
        ("default", ["impersonate"], None),
        ("default", ["get"], None),
        ("default", ["create"], None),
    ]


def test_named_teams_are_the_only_ones_that_it_may_be(rendered: Rendered) -> None:
    found = rules(rendered("named teams"), "Role")
    may = [rule for _, rule in found if rule["verbs"] == ["impersonate"]]
    assert [rule["resourceNames"] for rule in may] == [["serviceuser-aura", "serviceuser-navi"]]


def test_a_named_team_with_a_namespace_of_its_own_is_itself_only_there(rendered: Rendered) -> None:
    found = rules(rendered("named teams in their namespaces"), "Role")
    assert [(place, rule["resourceNames"]) for place, rule in found if rule["verbs"] == ["impersonate"]] == [
        ("aura", ["serviceuser-aura"]),
        ("navi", ["serviceuser-navi"]),
    ]


def test_teams_that_nobody_named_may_be_in_any_namespace(rendered: Rendered) -> None:
    objects = rendered("teams in their namespaces")
    assert [rule["verbs"] for _, rule in rules(objects, "ClusterRole")] == [["impersonate"], ["get"]]
    assert not rules(objects, "Role")
    assert {"--team-namespaces=true", "--auto-create-service-account=false"} <= set(arguments(objects, "deployd"))


def test_with_tokens_it_may_not_impersonate(rendered: Rendered) -> None:
    found = rules(rendered("token"), "Role")
    assert [(rule["resources"], rule["verbs"]) for _, rule in found] == [
        (["serviceaccounts/token"], ["create"]),
        (["serviceaccounts"], ["get"]),
        (["serviceaccounts"], ["create"]),
    ]
    assert "--identity=token" in arguments(rendered("token"), "deployd")


@pytest.mark.parametrize("shape", list(SHAPES))
def test_fairways_own_lint_finds_nothing(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = linted(tmp_path, "fairway", SHAPES[shape])
    out, err = capsys.readouterr()
    assert code == 0, out + err


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"hookd": {**HOOKD, "ledger": {}}}, "several share one database"),
        ({"hookd": {**HOOKD, "secretFiles": {}}}, "several share one key"),
        ({"hookd": {**HOOKD, "ingress": {"enabled": True}}}, "the name that GitHub and people reach it by"),
        ({"deployd": {"enabled": True}}, "deployd.cluster"),
        ({"hookd": {**HOOKD, "options": {"github-client-secret": "x"}}}, "schema"),
        ({"hookd": {**HOOKD, "options": {"kafka-sasl-password": "x"}}}, "schema"),
        ({"hookd": {**HOOKD, "secretFiles": {"github-key-file": "plain"}}}, "schema"),
        ({"deployd": {**DEPLOYD, "teams": {"identity": "root"}}}, "schema"),
        ({"deployd": {**DEPLOYD, "teams": {"names": ["Not A Team"]}}}, "schema"),
        ({"hookd": {**HOOKD, "option": {}}}, "schema"),
        ({"deployd": {**DEPLOYD, "replica": 1}}, "schema"),
        ({"deployd": {**DEPLOYD, "replicas": 2}}, "schema"),
        ({"deployd": {**DEPLOYD, "rbac": {"watch": [{"verbs": ["delete"]}]}}}, "schema"),
    ],
)
def test_wrong_values_are_refused_with_the_reason(wrong: dict[str, Any], told: str, rendered: Rendered) -> None:
    done = rendered.text(wrong)
    assert done.returncode != 0
    assert told in done.stderr
