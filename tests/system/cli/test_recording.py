"""What the ledger and the looking verbs tell after each kind of ending."""

import json
import signal
from collections.abc import Callable
from itertools import count

import pytest
from tests.support.cli import Shop, failing, release
from tests.support.clusters import Cluster

pytestmark = pytest.mark.cluster


def test_refused_and_not_started_releases_are_in_the_log(shop: Shop, cluster: Cluster, namespace: str) -> None:
    cluster.client.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "web"}})
    shop.write([release("web"), release("after", needs=["web"]), release("good")])
    assert "⛔" in shop.run("plan", "one", "-o", "markdown").out
    done = shop.run("apply", "one", code=3)
    assert "belongs to no release" in done.err
    assert "not started: needs web" in done.err
    text = shop.run("log", "one").out
    assert "ConfigMap web exists and belongs to no release" in text
    assert "needs web" in text
    told = shop.run("log", "one", "-o", "json").json["deployments"]
    assert {story["release"] for story in told} == {"web", "after", "good"}


def test_each_verb_that_changes_something_is_in_the_log_and_can_be_shown(shop: Shop) -> None:
    shop.write([release("web")])
    shop.run("apply", "one")
    shop.write([release("web", "1.1")])
    shop.run("apply", "one")
    back = shop.run("rollback", "one", "web")
    assert "content of revision 1" in back.err
    shop.run("uninstall", "one", "web", "--yes", "--keep-history")
    lines = shop.run("log", "one").out
    for verb in ("install", "upgrade", "rollback", "uninstall"):
        assert f"web  {verb}" in lines
    shown = back.err.partition("more: ")[2].split()[2]
    assert "rollback" in shop.run("show", shown).out
    again = shop.run("uninstall", "one", "web", "--yes", code=2)
    assert "there are: none" in again.err


def test_a_plan_names_who_changed_what_it_puts_back(shop: Shop, cluster: Cluster, namespace: str) -> None:
    shop.write([release("web")])
    shop.run("apply", "one")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "evil:1"}]}}}}
    cluster.client.request("PATCH", f"{path}?fieldManager=kubectl-set", patch, "application/strategic-merge-patch+json")
    for verb in ("plan", "drift"):
        out = shop.run(verb, "one").out
        assert "Deployment web   changed by kubectl-set" in out
        assert "evil:1 → shop/app:1.0" in out
    assert "1 object changed in the cluster" in shop.run("status", "one").out
    cluster.client.delete(f"/api/v1/namespaces/{namespace}/configmaps/web")
    assert "ConfigMap web   was deleted" in shop.run("plan", "one").out
    assert "1 corrected" in shop.run("apply", "one").err
    assert shop.run("drift", "one", "--exit-code").code == 0


def test_a_plan_warns_of_what_an_apply_would_refuse(shop: Shop) -> None:
    shop.write([release(name) for name in ("a", "b", "c", "d")])
    shop.run("apply", "one")
    shop.write([release("a")])
    assert "an apply would refuse this: 3 of 4 releases" in shop.run("plan", "one").out
    refused = shop.run("apply", "one", "-o", "json", code=3)
    assert refused.json["environments"][0]["error"]["fix"].endswith("--allow-deletions")
    assert "3 uninstalled" in shop.run("apply", "one", "--allow-deletions").err


def test_status_watches_until_it_is_interrupted(shop: Shop) -> None:
    shop.write([failing("bad", kind="never-ready", log="…")])
    shop.run("apply", "one", "--no-wait")
    done = shop.stopped("status", "one", "--watch", "-o", "json", when=_after_a_while())
    assert done.code == 130
    looks = [json.loads(line) for line in done.out.splitlines()]
    assert looks
    assert looks[0]["kind"] == "Status"
    assert looks[0]["environments"][0]["releases"][0]["health"] == "progressing"


def test_a_rollback_that_is_interrupted_says_so(shop: Shop) -> None:
    slow = {"devcluster.fairway.dev/ready-after": "60s"}
    shop.write([release("web", annotations=slow)])
    shop.run("apply", "one", "--no-wait")
    shop.write([release("web", "1.1")])
    shop.run("apply", "one")
    done = shop.stopped("rollback", "one", "web", when=lambda text: "rolling back" in text, by=signal.SIGTERM)
    assert done.code == 130
    assert "1 cut short" in done.err
    assert "fairway status one -r web" in done.err


def _after_a_while() -> Callable[[str], bool]:
    """True when it was asked a hundred times: long enough for a first look."""
    asked = count()
    return lambda text: next(asked) >= 100
