"""From an image push to the cluster and, when it was a bad one, back again: a real registry, Git, a control plane."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.support.agent import AgentProcess, GitShop
from tests.support.cli import CHART, release
from tests.support.clusters import Cluster
from tests.support.images import push_image
from tests.support.registry import OciRegistry
from tests.system.agent.test_commits import image_of
from tests.system.agent.test_troubles import statuses

pytestmark = pytest.mark.cluster

MAY = datetime(2026, 5, 1, tzinfo=UTC)
BAD = "1.0.2"
TEMPLATE = CHART["templates/deployment.yaml"].replace(
    "      annotations: {{- toYaml .Values.annotations | nindent 8 }}\n",
    "      annotations:\n        shop.example/tag: {{ .Values.image.tag | quote }}\n"
    '        {{- if eq .Values.image.tag "' + BAD + '" }}\n'
    "        devcluster.fairway.dev/fail: crash-loop\n        {{- end }}\n",
)


@pytest.fixture
def image(oci_registry: OciRegistry) -> str:
    """A repository of its own, with the tag 1.0.0."""
    name = f"{uuid.uuid4().hex[:8]}/web"
    push_image(oci_registry.host, name, "1.0.0", MAY)
    return f"{oci_registry.host}/{name}"


def shop_with(shop: GitShop, image: str) -> None:
    values = [{"key": "image.repository", "value": image}]
    trigger = {"image": {"track": "PatchLevel"}}
    shop.write([release("web", "1.0.0", values=values, triggers=[trigger])])
    shop.put("charts/app/templates/deployment.yaml", TEMPLATE)
    shop.configure(
        upgrades={"every": "1h", "window": "1s"},
        server={"webhooks": {"registry": [{"env": "REGISTRY_TOKEN"}]}},
    )
    shop.push("The shop opens")


def push_and_tell(agent: AgentProcess, image: str, tag: str) -> None:
    host, _, name = image.partition("/")
    push_image(host, name, tag, MAY)
    address = agent.text.partition("agent.listening address=")[2].split()[0]
    event = {"image": f"{image}:{tag}"}
    request = urllib.request.Request(
        f"http://{address}/hooks/registry/generic",
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/json", "Authorization": "Bearer let-me-in"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status in (200, 202)


def test_a_pushed_image_is_committed_and_rolled_out_and_a_bad_one_is_taken_back_and_held(
    shop: GitShop, agent_of: Callable[..., AgentProcess], image: str, cluster: Cluster, namespace: str
) -> None:
    shop_with(shop, image)
    agent = agent_of(REGISTRY_TOKEN="let-me-in")
    agent.until("agent.listening", "state=Current")

    push_and_tell(agent, image, "1.0.1")
    agent.until("agent.written", "release=web outcome=upgraded", "state=Current")
    assert image_of(cluster, namespace, "web") == f"{image}:1.0.1"
    shop.git("pull", "-q", "--ff-only", str(shop.remote), "main")
    assert "1.0.1" in (shop.folder / "releases.yaml").read_text()

    seen = len(agent.text)
    push_and_tell(agent, image, BAD)
    agent.until("release=web outcome=failed", "agent.answer", after=seen)
    agent.until("is held", "state=Current", after=seen)
    assert image_of(cluster, namespace, "web") == f"{image}:1.0.1"
    assert statuses(cluster, namespace, "web")[-1] == "deployed"
    shop.git("pull", "-q", "--ff-only", str(shop.remote), "main")
    assert BAD not in (shop.folder / "releases.yaml").read_text()
    assert BAD in (shop.folder / "fairway.holds.yaml").read_text()
    assert "Fairway-Revert" in shop.git("log", "-1", "--format=%B")

    seen = len(agent.text)
    push_and_tell(agent, image, "1.0.3")
    agent.until("release=web outcome=upgraded", after=seen)
    assert image_of(cluster, namespace, "web") == f"{image}:1.0.3"


def test_what_a_human_broke_is_left_to_humans(shop: GitShop, agent_of: Callable[..., AgentProcess], image: str) -> None:
    shop_with(shop, image)
    agent = agent_of(REGISTRY_TOKEN="let-me-in")
    agent.until("state=Current")
    text = (shop.folder / "releases.yaml").read_text()
    shop.put("releases.yaml", text.replace("1.0.0", BAD))
    theirs = shop.push("A human tries it")
    agent.until("release=web outcome=failed", "state=Failing")
    seen = len(agent.text)
    shop.push("Another commit")
    agent.until("agent.commit", after=seen)
    assert "agent.answer" not in agent.text
    assert shop.git("--git-dir", str(shop.remote), "log", "-1", "--format=%P", "main") == theirs
