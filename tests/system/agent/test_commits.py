"""From a commit to the cluster, on the real control plane."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from tests.support.agent import AgentProcess, GitShop
from tests.support.cli import release
from tests.support.clusters import Cluster

pytestmark = pytest.mark.cluster

StartAgent = Callable[..., AgentProcess]


def image_of(cluster: Cluster, namespace: str, name: str) -> str:
    found = cluster.client.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_commit_is_rolled_out_and_only_what_it_touches(
    shop: GitShop, agent_of: StartAgent, cluster: Cluster, namespace: str
) -> None:
    shop.write([release("web"), release("orders")])
    first = shop.push("The shop opens")
    agent = agent_of()
    agent.until("outcome=installed", "release=web", "release=orders", "state=Current")
    assert image_of(cluster, namespace, "web") == "shop/app:1.0"

    seen = len(agent.text)
    shop.write([release("web", "1.1"), release("orders")])
    second = shop.push("web 1.1")
    news = agent.until("outcome=upgraded", "state=Current", after=seen)
    assert "release=orders" not in news
    assert image_of(cluster, namespace, "web") == "shop/app:1.1"

    stories = shop.run("log", "one", "-o", "json").json["deployments"]
    assert {s["cause"]["commit"] for s in stories} == {first, second}
    assert {s["run"]["door"] for s in stories} == {"agent"}
    agent.until_true(lambda: f"agent: applied {second[:7]}" in shop.run("status", "one").out, "no report")
    (environment,) = shop.run("status", "one", "-o", "json").json["environments"]
    assert (environment["agent"]["state"], environment["agent"]["commit"]) == ("Current", second)
    assert agent.end(signal.SIGTERM) == 0


def test_once_carries_out_what_there_is_and_ends(shop: GitShop, cluster: Cluster, namespace: str) -> None:
    shop.write([release("web")])
    shop.push("The shop opens")
    shop.run("agent", "--once")
    assert image_of(cluster, namespace, "web") == "shop/app:1.0"
    assert "outcome=" not in shop.run("agent", "--once").err


def test_once_with_a_name_that_nothing_has_is_a_mistake(shop: GitShop) -> None:
    shop.write([release("web")])
    shop.push("The shop opens")
    ended = shop.run("agent", "--once", "prdo", code=2)
    assert "no environment matches prdo; known: one" in ended.err
