"""The agent's chart: what it renders to is what Kubernetes takes, in every shape of its values."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.agent_chart import linted

from fairway.wiring.bootstrapping import agent_chart

SHAPES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {
        "image": {"repository": "r.example/fairway", "digest": "sha256:" + "a" * 64, "pullSecrets": [{"name": "pull"}]},
        "agent": {"environments": ["prod", "shop-*"], "cluster": "eu-1", "extraArgs": ["--all"]},
        "files": {"ca.pem": "multi\nline\n"},
        "secrets": {"git": "s3cr3t", "SLACK_TOKEN": "x: {y}\n"},
        "rbac": {"scope": "namespaces", "namespaces": ["a", "b", "a"]},
        "serviceAccount": {"annotations": {"iam": "role"}},
        "replicas": 2,
        "persistence": {"enabled": True, "storageClass": "fast"},
        "podDisruptionBudget": {"enabled": True},
        "podLabels": {"team": "shop"},
        "podAnnotations": {"a": "b"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "priorityClassName": "high",
        "extraEnv": [{"name": "FAIRWAY_LEDGER_URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}],
        "extraEnvFrom": [{"secretRef": {"name": "aws"}}],
        "extraVolumes": [{"name": "docker", "secret": {"secretName": "docker"}}],
        "extraVolumeMounts": [{"name": "docker", "mountPath": "/var/lib/fairway/.docker"}],
        "service": {"annotations": {"a": "b"}},
    },
    "without rights or account": {
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "given"},
        "existingSecret": "given",
        "secrets": {"ignored": "x"},
    },
}


@pytest.fixture(params=list(SHAPES))
def objects(request: pytest.FixtureRequest, helm: Path, tmp_path: Path) -> list[dict[str, Any]]:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(SHAPES[request.param]))
    command = [helm, "template", "fairway-agent", agent_chart(), "--namespace", "fairway-system", "-f", values]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [one for one in yaml.safe_load_all(text) if one]


def of(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] == kind]


def test_the_pod_is_allowed_under_the_restricted_standard(objects: list[dict[str, Any]]) -> None:
    [deployment] = of(objects, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    written = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert {"/var/lib/fairway", "/tmp"} <= written
    assert {probe: container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} == {
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }


def test_names_refer_to_things_that_are_there(objects: list[dict[str, Any]]) -> None:
    [deployment] = of(objects, "Deployment")
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for one in [*of(objects, "Service"), *of(objects, "PodDisruptionBudget")]:
        selector = one["spec"]["selector"].get("matchLabels", one["spec"]["selector"])
        assert selector.items() <= labels.items()
    accounts = {one["metadata"]["name"] for one in of(objects, "ServiceAccount")} or {"given"}
    assert {template["spec"]["serviceAccountName"]} == accounts
    for binding in [*of(objects, "ClusterRoleBinding"), *of(objects, "RoleBinding")]:
        kind = binding["roleRef"]["kind"]
        namespace = binding["metadata"].get("namespace")
        assert binding["roleRef"]["name"] in {
            role["metadata"]["name"] for role in of(objects, kind) if role["metadata"].get("namespace") == namespace
        }
        assert {one["name"] for one in binding["subjects"]} == accounts


def test_with_rights_in_namespaces_nothing_may_be_changed_elsewhere(objects: list[dict[str, Any]]) -> None:
    for role in of(objects, "ClusterRole"):
        if not any(one["metadata"]["namespace"] == "a" for one in of(objects, "Role")):
            continue
        assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
        assert {one["metadata"]["namespace"] for one in of(objects, "Role")} == {"a", "b", "fairway-system"}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_fairways_own_lint_finds_nothing(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = linted(tmp_path, "fairway-agent", SHAPES[shape])
    out, err = capsys.readouterr()
    assert code == 0, out + err


def test_helm_lints_it(helm: Path) -> None:
    subprocess.run([helm, "lint", "--strict", agent_chart()], capture_output=True, check=True)


@pytest.mark.parametrize("wrong", [{"rbac": {"scope": "all"}}, {"image": {"repository": ""}}, {"secrets": {"a": 1}}])
def test_wrong_values_are_refused(helm: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(wrong))
    done = subprocess.run([helm, "template", "x", agent_chart(), "-f", values], capture_output=True, text=True)
    assert done.returncode != 0
    assert "don't meet the specifications of the schema" in done.stderr
