"""What does not go as it should: stuck waits, killed agents, an API server that is away, refusals."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.support.agent import AgentProcess, GitShop
from tests.support.cli import failing, release
from tests.support.clusters import Cluster
from tests.support.loopback import Proxy

pytestmark = pytest.mark.cluster

StartAgent = Callable[..., AgentProcess]
SLOW = {"devcluster.fairway.dev/ready-after": "120s"}


def statuses(cluster: Cluster, namespace: str, name: str) -> list[str]:
    selector = f"labelSelector=owner%3Dhelm%2Cname%3D{name}"
    found = cluster.client.get(f"/api/v1/namespaces/{namespace}/secrets?{selector}")["items"]
    found.sort(key=lambda one: int(one["metadata"]["labels"]["version"]))
    return [str(one["metadata"]["labels"]["status"]) for one in found]


def test_a_fix_abandons_the_stuck_wait_and_another_release_need_not_wait_for_it(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("web"), release("orders")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")

    shop.write([release("web", annotations=SLOW), release("orders")])
    shop.push("web becomes slow")
    agent.until_true(lambda: statuses(cluster, namespace, "web")[-1] == "pending-upgrade", "web is not upgraded")
    seen = len(agent.text)
    shop.write([release("web", annotations=SLOW), release("orders", "1.1")])
    shop.push("orders 1.1")
    agent.until("release=orders outcome=upgraded", after=seen)
    assert statuses(cluster, namespace, "web")[-1] == "pending-upgrade"

    shop.write([release("web", "1.2"), release("orders", "1.1")])
    shop.push("web 1.2, quick again")
    agent.until("agent.abandoned", "release=web outcome=upgraded", "state=Current", after=seen)
    assert statuses(cluster, namespace, "web") == ["superseded", "failed", "deployed"]
    assert agent.end() == 0


def test_an_agent_that_is_killed_half_way_converges_after_its_restart(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("web", annotations=SLOW), release("orders")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("release=orders outcome=installed")
    assert statuses(cluster, namespace, "web") == ["pending-install"]
    agent.kill()

    shop.write([release("web"), release("orders")])
    shop.push("web is quick")
    again = agent_of()
    again.until("release=web", "state=Current")
    assert statuses(cluster, namespace, "web")[-1] == "deployed"
    assert statuses(cluster, namespace, "orders") == ["deployed"]


def test_an_end_by_signal_leaves_nothing_pending(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("web", annotations=SLOW)])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until_true(lambda: statuses(cluster, namespace, "web") == ["pending-install"], "web is not installed")
    agent.end(signal.SIGTERM)
    assert statuses(cluster, namespace, "web") == ["failed"]


def through_proxy(shop: GitShop, cluster: Cluster, folder: Path) -> Proxy:
    """The shop's agent reaches the cluster through a proxy that can be stopped."""
    document = yaml.safe_load(cluster.kubeconfig.read_text())
    place = document["clusters"][0]["cluster"]
    host, _, port = place["server"].removeprefix("https://").partition(":")
    proxy = Proxy(host, int(port))
    place["server"] = f"https://127.0.0.1:{proxy.port}"
    shop.kubeconfig = folder / "through-proxy"
    shop.kubeconfig.write_text(yaml.safe_dump(document))
    return proxy


def test_a_cluster_that_is_away_is_told_once_and_caught_up_with(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    proxy = through_proxy(shop, cluster, tmp_path)
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")

    proxy.stop()
    shop.write([release("web", "1.1")])
    shop.push("web 1.1")
    agent.until("source.failed")
    proxy.start()
    agent.until("source.recovered", "release=web outcome=upgraded")
    assert agent.text.count("warning source.failed what=") == 1
    proxy.stop()


def test_a_cluster_that_goes_away_is_noticed_although_nothing_is_committed(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, tmp_path: Path
) -> None:
    proxy = through_proxy(shop, cluster, tmp_path)
    shop.configure(agent={"watch": True})
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")
    proxy.stop()
    agent.until("source.failed", "state=Away")
    seen = len(agent.text)
    proxy.start()
    agent.until("source.recovered", "state=Current", after=seen)
    proxy.stop()


def test_a_cluster_that_moves_to_another_address_is_followed(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, tmp_path: Path
) -> None:
    proxy = through_proxy(shop, cluster, tmp_path)
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")

    proxy.stop()
    shop.kubeconfig.write_text(cluster.kubeconfig.read_text())
    shop.write([release("web", "1.1")])
    shop.push("web 1.1")
    agent.until("release=web outcome=upgraded")
    assert "source.failed" not in agent.text


def test_a_git_server_that_is_away_is_told_once_and_caught_up_with(shop: GitShop, agent_of: StartAgent) -> None:
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")
    away = shop.remote.rename(shop.remote.with_suffix(".away"))
    agent.until("source.failed")
    away.rename(shop.remote)
    agent.until("source.recovered")
    shop.write([release("web", "1.1")])
    shop.push("web 1.1")
    agent.until("outcome=upgraded")
    assert agent.text.count("warning source.failed what=") == 1


def test_removed_releases_go_within_the_blast_radius_and_a_refusal_is_told_once(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("a"), release("b"), release("c"), release("d")])
    shop.push("Four")
    agent = agent_of()
    agent.until("state=Current")
    shop.write([release("a"), release("b"), release("c")])
    shop.push("Three")
    agent.until("release=d outcome=uninstalled")
    shop.write([release("a", "1.1")])
    shop.push("One")
    agent.until("agent.refused", "state=Refused")
    seen = len(agent.text)
    agent.until("agent.refused")
    assert statuses(cluster, namespace, "b") == ["deployed"]
    shop.write([release("a", "1.1"), release("b"), release("c")])
    shop.push("Three again")
    agent.until("release=a outcome=upgraded", "state=Current", after=seen)
    assert agent.text.count("warning agent.refused") == 1


def test_a_release_that_fails_is_rolled_back_and_keeps_nobody_else(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("web"), release("orders")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")
    shop.write([failing("web"), release("orders", "1.1")])
    shop.push("web breaks")
    agent.until("release=web outcome=failed", "release=orders outcome=upgraded", "state=Failing")
    seen = len(agent.text)
    shop.write([release("web", "1.2"), release("orders", "1.1")])
    shop.push("web is repaired")
    agent.until("release=web outcome=upgraded", "state=Current", after=seen)


def test_mistakes_in_a_commit_are_told_once_and_nothing_of_it_is_applied(shop: GitShop, agent_of: StartAgent) -> None:
    shop.write([release("web")])
    shop.push("The shop opens")
    agent = agent_of()
    agent.until("state=Current")
    shop.write([release("web", "1.1"), {"name": "odd"}])
    shop.push("A mistake")
    agent.until("agent.commit_refused", "state=Untrusted")
    seen = len(agent.text)
    shop.write([release("web", "1.1")])
    shop.push("No mistake")
    agent.until("release=web outcome=upgraded", after=seen)
    assert "release=odd" not in agent.text
    assert agent.text.count("agent.commit_refused") == 1
