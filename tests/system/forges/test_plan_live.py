"""`fairway plan` in a pull request's job that has a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.cli import Shop, release
from tests.support.clusters import Cluster
from tests.support.forges.github import GithubServer
from tests.support.kube import KubeError
from tests.system.forges.conftest import Checkout, in_actions

pytestmark = pytest.mark.cluster

ASKING = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-asked}
data:
  known: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
  found: {{ if lookup "v1" "Namespace" "" "kube-system" }}"yes {{ .Values.image.tag }}"{{ else }}"no"{{ end }}
"""


@pytest.fixture
def live(tmp_path: Path, cluster: Cluster, namespace: str) -> Iterator[Checkout]:
    """The release web on `main`, and its next version in the checkout; nothing is deployed."""
    shop = Shop(tmp_path / "shop", cluster.kubeconfig, [namespace])
    shop.folder.mkdir()
    shop.write([release("web", "1.0")])
    shop.put("charts/app/templates/asking.yaml", ASKING)
    made = Checkout(shop.folder, shop.environment())
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("config", "user.name", "Anna")
    made.git("config", "user.email", "anna@example.com")
    made.commit("web 1.0")
    shop.write([release("web", "1.1")])
    yield made
    with suppress(KubeError):
        cluster.client.delete(f"/api/v1/namespaces/{namespace}-two")


def test_charts_see_the_cluster_while_two_versions_are_compared(live: Checkout) -> None:
    done = live.fairway("plan", "--base", "main")
    assert done.code == 0, done.err
    assert "shop/app:1.0 → shop/app:1.1" in done.out
    assert "yes 1.0 → yes 1.1" in done.out
    assert "ithout the cluster" not in done.err
    assert "+ " not in done.out, "nothing is deployed, and yet nothing is new"
    offline = live.fairway("plan", "--base", "main", "--offline")
    assert "shop/app:1.0 → shop/app:1.1" in offline.out
    assert "yes" not in offline.out


def test_a_plan_against_the_cluster_is_commented_on_too(live: Checkout, github: GithubServer) -> None:
    github.world.push("change")
    github.world.open("change", "main", "web 1.1", "")
    done = live.fairway("plan", "one", "--comment", "--status", **in_actions(live, github))
    assert done.code == 0, done.err
    (note,) = github.world.requests[1].notes
    assert note.body.startswith("<!-- fairway:plan one -->\n### Fairway plan: 1 release, 3 objects change\n")
    assert "| one | web | install" in note.body
    assert github.world.said[-1].description == "1 release, 3 objects change"
