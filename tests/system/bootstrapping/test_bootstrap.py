"""`fairway bootstrap` on a real cluster: what stands there afterwards, twice, and what the agent's account may do."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.cli import Done, Shop, release
from tests.support.clusters import Cluster
from tests.support.kube import KubeError

pytestmark = pytest.mark.cluster

IMAGE = "registry.shop.example:5000/fairway:0.1.0"
TOKEN = "gittokenSECRET4711"


class Agent:
    """A deployments repository with a remote, and the namespace that its agent goes to."""

    def __init__(self, shop: Shop, cluster: Cluster, namespace: str) -> None:
        self.shop = shop
        self.cluster = cluster
        self.namespace = namespace
        self.remote = shop.folder.parent / "remote.git"

    def publish(self) -> None:
        """Commit everything, and push it to a bare repository beside."""
        self.shop.commit("as it is")
        subprocess.run(["git", "init", "-q", "--bare", self.remote], check=True)
        subprocess.run(
            ["git", "push", "-q", str(self.remote), "HEAD:refs/heads/main"], cwd=self.shop.folder, check=True
        )
        subprocess.run(["git", "symbolic-ref", "HEAD", "refs/heads/main"], cwd=self.remote, check=True)

    def bootstrap(self, *more: str, code: int = 0) -> Done:
        given = (
            "--image",
            IMAGE,
            "--git-url",
            f"file://{self.remote}",
            "--branch",
            "main",
            "--namespace",
            self.namespace,
        )
        env = {"GIT_TOKEN": TOKEN, "SLACK_TOKEN": "xoxb-1-slackSECRET"}
        return self.shop.run("bootstrap", "one", *given, *more, code=code, env=env)

    def get(self, path: str, namespace: str = "") -> Any:
        *api, kind, name = path.split("/")
        base = f"/apis/{'/'.join(api)}" if api else "/api/v1"
        return self.cluster.client.get(f"{base}/namespaces/{namespace or self.namespace}/{kind}/{name}")

    def kubeconfig(self) -> Path:
        """One that logs in as the agent's service account does in its pod."""
        account = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/fairway-agent/token"
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        token = self.cluster.client.create(account, request)["status"]["token"]
        document = yaml.safe_load(self.cluster.kubeconfig.read_text())
        document["users"] = [{"name": user["name"], "user": {"token": token}} for user in document["users"]]
        path = self.shop.folder.parent / "agent.kubeconfig"
        path.write_text(yaml.safe_dump(document))
        return path

    def run(self, *, code: int = 0) -> Done:
        """The command of its pod, once: in a folder without the repository, with the rights of its account."""
        arguments = self.get("apps/v1/deployments/fairway-agent")["spec"]["template"]["spec"]["containers"][0]["args"]
        configuration = self.shop.folder.parent / "agent.yaml"
        text = self.get("configmaps/fairway-agent")["data"]["fairway.yaml"]
        configuration.write_text(text.replace(":8080", "127.0.0.1:0"))
        empty = self.shop.folder.parent / "pod"
        empty.mkdir(exist_ok=True)
        words = [one for one in arguments if not one.startswith("--config=")]
        return replace(self.shop, folder=empty).run(*words, f"--config={configuration}", "--once", code=code)


@pytest.fixture
def agent(shop: Shop, cluster: Cluster, namespace: str) -> Iterator[Agent]:
    found = Agent(shop, cluster, f"{namespace}-agent")
    yield found
    for path in (f"/api/v1/namespaces/{found.namespace}", *(_cluster_wide(found.namespace))):
        with suppress(KubeError):
            cluster.client.delete(path)


def _cluster_wide(namespace: str) -> list[str]:
    base = "/apis/rbac.authorization.k8s.io/v1"
    return [f"{base}/clusterroles/{namespace}-fairway-agent", f"{base}/clusterrolebindings/{namespace}-fairway-agent"]


def as_agent(agent: Agent) -> None:
    """From here on the repository's cluster is reached as the agent's service account."""
    text = (agent.shop.folder / "environments.yaml").read_text()
    agent.shop.put("environments.yaml", text.replace(str(agent.cluster.kubeconfig), str(agent.kubeconfig())))
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=agent.shop.folder, capture_output=True, check=True)
    if changed.stdout:
        agent.shop.commit("log in as the agent")
    subprocess.run(["git", "push", "-q", str(agent.remote), "HEAD:refs/heads/main"], cwd=agent.shop.folder, check=True)


def test_everything_that_an_agent_needs_is_there_and_the_second_time_changes_nothing(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.publish()
    done = agent.bootstrap("--token-env", "GIT_TOKEN")
    assert "fairway-agent  installed" in done.err or "1 installed" in done.err
    assert "kubectl -n" in done.err
    assert TOKEN not in done.err + done.out
    pod = agent.get("apps/v1/deployments/fairway-agent")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == IMAGE
    assert container["command"] + container["args"] == [
        "fairway",
        "agent",
        "one",
        "--environments-file=environments.yaml",
        "--config=/etc/fairway/config/fairway.yaml",
    ]
    assert {"name": "FAIRWAY_IN_CLUSTER", "value": "real"} in container["env"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
    configuration = yaml.safe_load(agent.get("configmaps/fairway-agent")["data"]["fairway.yaml"])
    assert configuration["git"] == {
        "url": f"file://{agent.remote}",
        "branch": "main",
        "credentials": {"token": {"file": "/etc/fairway/secrets/git"}},
    }
    assert configuration["server"]["listen"] == ":8080"
    assert base64.b64decode(agent.get("secrets/fairway-agent")["data"]["git"]).decode() == TOKEN
    before = agent.get("apps/v1/deployments/fairway-agent")["metadata"]["resourceVersion"]
    again = agent.bootstrap("--token-env", "GIT_TOKEN")
    assert "unchanged" in again.err
    assert agent.get("apps/v1/deployments/fairway-agent")["metadata"]["resourceVersion"] == before
    assert TOKEN not in agent.shop.run("log", "-o", "json").out


def test_what_the_configuration_names_comes_along(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.shop.put("fairway.yaml", yaml.safe_dump({
        "upgrades": {"message": "Upgrade {release} for $5 {{really}}"},
        "notifications": {
            "window": "3s",
            "channels": [
                {"name": "team", "slack": {"token": {"env": "SLACK_TOKEN"}, "channel": "#d"}},
                {"name": "mail", "email": {
                    "host": "smtp.example.com", "from": "a@b.example", "to": ["c@d.example"],
                    "password": {"file": "secret/smtp"}, "username": "u", "caFile": "ca.pem",
                }},
            ],
        },
    }))  # fmt: skip
    agent.shop.put("secret/smtp", "smtpSECRET\n")
    agent.shop.put("ca.pem", "a certificate\n")
    agent.publish()
    agent.bootstrap()
    files = agent.get("configmaps/fairway-agent")["data"]
    configuration = yaml.safe_load(files["fairway.yaml"])
    assert configuration["upgrades"]["message"] == "Upgrade {release} for $5 {{really}}"
    team, mail = configuration["notifications"]["channels"]
    assert team["slack"]["token"] == {"file": "/etc/fairway/secrets/SLACK_TOKEN"}
    assert mail["email"]["password"] == {"file": "/etc/fairway/secrets/smtp"}
    assert mail["email"]["caFile"] == "/etc/fairway/config/ca.pem"
    assert files["ca.pem"] == "a certificate\n"
    secrets = {k: base64.b64decode(v).decode() for k, v in agent.get("secrets/fairway-agent")["data"].items()}
    assert secrets == {"SLACK_TOKEN": "xoxb-1-slackSECRET", "smtp": "smtpSECRET"}


def test_a_dry_run_shows_it_and_changes_nothing(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.publish()
    done = agent.bootstrap("--token-env", "GIT_TOKEN", "-n")
    assert "Deployment fairway-agent" in done.out
    assert TOKEN not in done.out + done.err
    assert base64.b64encode(TOKEN.encode()).decode() not in done.out
    with pytest.raises(KubeError):
        agent.get("apps/v1/deployments/fairway-agent")


def test_the_agents_account_can_apply_and_a_wiped_cluster_is_rebuilt(agent: Agent) -> None:
    agent.shop.write([release("web"), release("db")])
    agent.publish()
    agent.bootstrap()
    as_agent(agent)
    agent.run()
    [one] = agent.shop.namespaces[:1]
    assert agent.get("apps/v1/deployments/web", one)
    for path in (f"/api/v1/namespaces/{one}", f"/api/v1/namespaces/{agent.namespace}", *_cluster_wide(agent.namespace)):
        agent.cluster.client.delete(path)
        wait_until_gone(agent, path)
    text = (agent.shop.folder / "environments.yaml").read_text()
    agent.shop.put(
        "environments.yaml",
        text.replace(str(agent.shop.folder.parent / "agent.kubeconfig"), str(agent.cluster.kubeconfig)),
    )
    agent.bootstrap()
    as_agent(agent)
    agent.run()
    assert agent.get("apps/v1/deployments/web", one)
    assert agent.get("apps/v1/deployments/db", one)


def wait_until_gone(agent: Agent, path: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            agent.cluster.client.get(path)
        except KubeError:
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} is still there")


def test_with_rights_in_its_namespaces_it_can_do_its_work_and_nothing_outside(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.publish()
    agent.bootstrap("--namespaced")
    as_agent(agent)
    agent.run()
    [one, two] = agent.shop.namespaces[:2]
    assert agent.get("apps/v1/deployments/web", one)
    allowed = lambda verb, resource, namespace="", group="": may(agent, verb, resource, namespace, group)  # noqa: E731
    assert allowed("create", "deployments", one, "apps")
    assert allowed("list", "customresourcedefinitions", "", "apiextensions.k8s.io")
    assert allowed("update", "leases", agent.namespace, "coordination.k8s.io")
    assert not allowed("get", "secrets", "default")
    assert not allowed("get", "secrets", agent.namespace)
    assert not allowed("create", "deployments", two, "apps")
    assert not allowed("create", "namespaces")
    assert not allowed("create", "clusterroles", "", "rbac.authorization.k8s.io")
    assert not allowed("get", "nodes")


def may(agent: Agent, verb: str, resource: str, namespace: str, group: str) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": f"system:serviceaccount:{agent.namespace}:fairway-agent",
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{agent.namespace}", "system:authenticated"],
            "resourceAttributes": {"verb": verb, "resource": resource, "namespace": namespace, "group": group},
        },
    }
    answer = agent.cluster.client.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--token-env", "NOT_THERE"), "NOT_THERE is not set"),
        (("--ssh-key", "no-key"), "no-key cannot be read"),
        (("--ssh-key", "k", "--token-env", "T"), "exclude each other"),
        (("--known-hosts", "h"), "for SSH"),
        (("--values", "none.yaml"), "none.yaml cannot be read"),
        (("--image", "fairway"), "neither tag nor digest"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_touched(agent: Agent, more: tuple[str, ...], says: str) -> None:
    agent.shop.write([release("web")])
    agent.publish()
    assert says in agent.bootstrap(*more, code=2).err
    with pytest.raises(KubeError):
        agent.cluster.client.get(f"/api/v1/namespaces/{agent.namespace}")


def test_values_of_ones_own_go_before(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.shop.put("agent-values.yaml", "replicas: 2\npodDisruptionBudget: {enabled: true}\nagent: {logLevel: debug}\n")
    agent.publish()
    agent.bootstrap("--values", "agent-values.yaml")
    deployment = agent.get("apps/v1/deployments/fairway-agent")
    assert deployment["spec"]["replicas"] == 2
    assert {"name": "FAIRWAY_LOG_LEVEL", "value": "debug"} in deployment["spec"]["template"]["spec"]["containers"][0][
        "env"
    ]
    assert agent.get("policy/v1/poddisruptionbudgets/fairway-agent")


def test_a_secret_of_ones_own_keeps_it_out_of_the_releases_record(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.shop.put("agent-values.yaml", "existingSecret: mine\n")
    agent.publish()
    agent.bootstrap("--token-env", "NOT_EVEN_SET", "--values", "agent-values.yaml")
    volumes = agent.get("apps/v1/deployments/fairway-agent")["spec"]["template"]["spec"]["volumes"]
    assert next(one for one in volumes if one["name"] == "secrets")["secret"]["secretName"] == "mine"
    with pytest.raises(KubeError):
        agent.get("secrets/fairway-agent")


def test_namespaces_that_are_missing_are_made_where_the_agent_may_not(agent: Agent) -> None:
    agent.shop.write([release("web")])
    agent.publish()
    two = agent.shop.namespaces[1]
    planned = agent.bootstrap("two", "--namespaced", "-n")
    assert planned.out.count(f"+ Role {agent.namespace}-fairway-agent") == 2
    with pytest.raises(KubeError):
        agent.cluster.client.get(f"/api/v1/namespaces/{two}")
    agent.bootstrap("two", "--namespaced")
    as_agent(agent)
    agent.run()
    assert agent.get("apps/v1/deployments/web", two)
