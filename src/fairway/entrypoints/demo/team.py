"""What the deployments demo writes: a team's rights in two clusters, and the resources that the team wants there."""

from __future__ import annotations

from pathlib import Path

ENVIRONMENTS = """\
clusters:
  - name: dev
    provider: {{devcluster: {{name: {dev}}}}}
  - name: prod
    provider: {{devcluster: {{name: {prod}}}}}
environments:
  - {{name: dev, clusterName: dev, kubeNamespace: shop, releasesFiles: [teams.yaml]}}
  - {{name: prod, clusterName: prod, kubeNamespace: shop, releasesFiles: [teams.yaml]}}
"""
TEAMS = """\
releases:
  - name: team-shop
    resourceFiles: [shop.yaml]
"""
RIGHTS = """\
# The team's account may edit what is in the namespace shop, and nothing anywhere else.
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: team-shop, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: serviceuser-shop, namespace: default}]
"""
WEB = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: web, namespace: shop, labels: {{app: web, team: shop}}}}
data: {{greeting: hello}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, labels: {{app: web, team: shop}}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata:
      labels: {{app: web}}
      annotations: {annotations}
    spec:
      containers: [{{name: web, image: "shop/web:{tag}"}}]
"""
ELSEWHERE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop, labels: {app: web, team: shop}}
data: {greeting: hello again}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: kube-system}
data: {greeting: we should not be here}
"""
CRASHES = {
    "devcluster.fairway.dev/fail": "crash-loop",
    "devcluster.fairway.dev/exit-code": "2",
    "devcluster.fairway.dev/log": "web 1.1 starting\npanic: CART_URL is not set\n",
}


def write_platform(folder: Path, dev: str, prod: str) -> None:
    """A deployments repository of the platform's people; `dev` and `prod` are development clusters."""
    folder.mkdir(parents=True)
    (folder / "environments.yaml").write_text(ENVIRONMENTS.format(dev=dev, prod=prod), encoding="utf-8")
    (folder / "teams.yaml").write_text(TEAMS, encoding="utf-8")
    (folder / "shop.yaml").write_text(RIGHTS, encoding="utf-8")


def write_team(folder: Path) -> None:
    """What the team's CI would send: one that works, one that crashes, one that goes where it may not."""
    import json

    folder.mkdir(parents=True)
    (folder / "web.yaml").write_text(WEB.format(tag="1.0", annotations="{}"), encoding="utf-8")
    crashes = json.dumps(CRASHES)
    (folder / "web-broken.yaml").write_text(WEB.format(tag="1.1", annotations=crashes), encoding="utf-8")
    (folder / "elsewhere.yaml").write_text(ELSEWHERE, encoding="utf-8")
