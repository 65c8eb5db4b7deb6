"""What is particular to suspensions that a cluster keeps."""

from __future__ import annotations

import pytest

from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.suspensions import NAME, KubeSuspensions
from fairway.domain.kube_errors import ApiRefusal
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.suspensions.suspension import Suspension

REF = ObjectRef("v1", "ConfigMap", "team", NAME)


async def test_it_asks_the_cluster_once_to_read() -> None:
    kube = MemoryKube(namespaces=("team",))
    await KubeSuspensions(kube, "team").list("prod")
    assert sum(kube.requests.values()) == 1


async def test_what_somebody_wrote_by_hand_is_passed_over_and_left_there() -> None:
    kube = MemoryKube(namespaces=("team",))
    data = {"note": "written by hand", "list": "[]", "bad-time": '{"environment": "prod", "until": "tomorrow"}'}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": "team"}, "data": data}
    await kube.create(body, REF)
    suspensions = KubeSuspensions(kube, "team")
    await suspensions.add([Suspension("prod", "web")])
    assert await suspensions.list("prod") == (Suspension("prod", "web"),)
    stored = await kube.get(REF)
    assert stored is not None
    assert data.items() <= stored["data"].items()


async def test_where_the_namespace_is_missing_the_servers_words_are_told() -> None:
    with pytest.raises(ApiRefusal, match='namespaces "team" not found'):
        await KubeSuspensions(MemoryKube(), "team").add([Suspension("prod", "web")])
