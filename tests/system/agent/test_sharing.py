"""Several agents, and the reasons to keep still: a lease, a suspension, a freeze, a signature that is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.agent import AgentProcess, GitShop
from tests.support.cli import release
from tests.support.clusters import Cluster
from tests.system.agent.test_commits import image_of
from tests.system.agent.test_troubles import statuses

pytestmark = pytest.mark.cluster

StartAgent = Callable[..., AgentProcess]
SLOW = {"devcluster.fairway.dev/ready-after": "120s"}


def test_of_two_agents_one_acts_and_the_other_takes_over_when_it_is_killed(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.configure(agent={"lease": f"{namespace}/fairway-agent"})
    shop.write([release("web")])
    shop.push("The shop opens")
    way = {"KUBECONFIG": str(cluster.kubeconfig)}
    one = agent_of(**way)
    one.until("release=web outcome=installed", "state=Current")
    other = agent_of(**way)
    other.until("state=Standby")
    shop.write([release("web", annotations=SLOW)])
    shop.push("web becomes slow")
    one.until_true(lambda: statuses(cluster, namespace, "web")[-1] == "pending-upgrade", "it is not upgraded")
    assert "agent.pass" not in other.text
    one.kill()

    shop.write([release("web", "1.1")])
    shop.push("web 1.1")
    other.until("agent.leadership leads=True", "release=web outcome=upgraded", "state=Current")
    assert image_of(cluster, namespace, "web") == "shop/app:1.1"
    assert statuses(cluster, namespace, "web")[-1] == "deployed"


def test_what_was_changed_in_the_cluster_is_put_back_long_before_the_resync(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.configure(agent={"watch": True})
    shop.write([release("web", values=[{"key": "settings.greeting", "value": "hello"}])])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")
    path = f"/api/v1/namespaces/{namespace}/configmaps/web"
    cluster.client.delete(path)
    agent.until("state=Drifted", "release=web outcome=corrected")
    assert cluster.client.get(path)["data"] == {"greeting": "hello"}


def test_a_suspended_environment_is_left_alone_until_it_is_resumed(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")
    shop.run("suspend", "one", "--reason", "database move")
    shop.write([release("web", "1.1")])
    shop.push("web 1.1")
    agent.until("state=Suspended", "database move")
    assert image_of(cluster, namespace, "web") == "shop/app:1.0"
    shop.run("resume", "one")
    agent.until("release=web outcome=upgraded")
    assert image_of(cluster, namespace, "web") == "shop/app:1.1"


def test_in_a_freeze_nothing_is_applied(shop: GitShop, agent_of: StartAgent) -> None:
    shop.configure(agent={"freezes": [{"reason": "Christmas", "from": "2020-01-01T00:00:00Z"}]})
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Frozen", "Christmas")
    assert "agent.pass" not in agent.text


def test_a_commit_without_a_known_signature_is_not_applied(shop: GitShop, agent_of: StartAgent, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text()
    (shop.folder / "signers").write_text(f"qa@shop.example {public}")
    shop.configure(git={"verify": {"allowedSigners": "signers"}})
    sign = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"]

    def signed(subject: str) -> None:
        shop.git("add", "-A")
        shop.git(*sign, "commit", "-q", "-S", "-m", subject)
        shop.git("push", "-q", str(shop.remote), "HEAD:main")

    shop.write([release("web")])
    signed("Signed")
    agent = agent_of()
    agent.until("release=web outcome=installed", "state=Current")
    shop.write([release("web", "1.1")])
    shop.push("Not signed")
    agent.until("agent.commit_refused", "state=Untrusted")
    assert "outcome=upgraded" not in agent.text
    shop.write([release("web", "1.2")])
    signed("Signed again")
    agent.until("release=web outcome=upgraded")
