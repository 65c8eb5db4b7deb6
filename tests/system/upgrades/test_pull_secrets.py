"""The login that a real cluster keeps for its nodes opens a private registry for `fairway poll` too."""

from __future__ import annotations

import base64
import json

from tests.support.clusters import Cluster
from tests.support.registries import Habits, basic, registry
from tests.system.upgrades.conftest import PROD, Shop

PRIVATE = Habits(challenge='Basic realm="private"', basic=basic("node", "hunter2"))


def environments(cluster: Cluster, namespace: str) -> str:
    return (
        f"clusters: [{{name: here, provider: {{kubeconfig: {{path: {cluster.kubeconfig}}}}}}}]\n"
        "environments:\n"
        f"  - {{name: prod, clusterName: here, kubeNamespace: {namespace}, releasesFiles: [releases/prod.yaml]}}\n"
    )


def write_releases(shop: Shop, host: str, fields: str) -> None:
    text = PROD[: PROD.index("  - name: web")].replace("track: PatchLevel", f"track: PatchLevel{fields}")
    shop.write("releases/prod.yaml", text.replace("REGISTRY", f"{host}/shop"))


def test_a_secret_of_the_cluster_opens_a_private_registry(shop: Shop, cluster: Cluster, namespace: str) -> None:
    with registry(PRIVATE) as place:
        place.tags = {"shop/orders": ["1.4.1", "1.4.2"]}
        login = {"auths": {place.host: {"auth": base64.b64encode(b"node:hunter2").decode()}}}
        data = {".dockerconfigjson": base64.b64encode(json.dumps(login).encode()).decode()}
        secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": data}
        cluster.client.create(f"/api/v1/namespaces/{namespace}/secrets", {**secret, "metadata": {"name": "registry"}})
        shop.write("environments.yaml", environments(cluster, namespace))

        write_releases(shop, place.host, "")
        refused = shop("poll")
        assert (refused.code, "it wants a login (401)" in refused.err) == (2, True)
        assert f"docker login {place.host}" in refused.err

        write_releases(shop, place.host, ", imagePullSecrets: [registry]")
        opened = shop("poll")
        assert (opened.code, "1.4.2" in opened.out) == (0, True), opened.err

        write_releases(shop, place.host, "")
        shop.write("fairway.yaml", "upgrades: {imagePullSecrets: [registry]}\n")
        assert "1.4.2" in shop("poll").out

        write_releases(shop, place.host, ", imagePullSecrets: [gone]")
        missing = shop("poll")
        assert missing.code == 2
        assert f"there is no Secret {namespace}/gone in the cluster of prod" in missing.err
        for answer in (refused, opened, missing):
            assert "hunter2" not in answer.out + answer.err
