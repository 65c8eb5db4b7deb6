"""A fleet to deploy: one chart, N releases, written down for each tool that takes part.

The chart is a Deployment with 0 replicas, a ServiceAccount, a Service and an Ingress, so that what is measured is
the tool and the API server, not the scheduling of pods.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: '1'\n",
    "values.yaml": "image:\n  repository: shop/app\n  tag: v1\nhost: app.example.com\n",
    "templates/serviceaccount.yaml": (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {{ .Release.Name }}\n"
        "  labels:\n    app.kubernetes.io/name: {{ .Release.Name }}\n"
    ),
    "templates/service.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n"
        "  selector:\n    app.kubernetes.io/name: {{ .Release.Name }}\n  ports:\n    - name: http\n      port: 80\n"
        "      targetPort: http\n"
    ),
    "templates/deployment.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  replicas: 0\n"
        "  selector:\n    matchLabels:\n      app.kubernetes.io/name: {{ .Release.Name }}\n  template:\n"
        "    metadata:\n      labels:\n        app.kubernetes.io/name: {{ .Release.Name }}\n    spec:\n"
        "      serviceAccountName: {{ .Release.Name }}\n      containers:\n        - name: app\n"
        '          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n'
        "          ports:\n            - name: http\n              containerPort: 8080\n"
    ),
    "templates/ingress.yaml": (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  rules:\n"
        "    - host: {{ .Values.host }}\n      http:\n        paths:\n          - path: /\n"
        "            pathType: Prefix\n"
        "            backend:\n              service:\n                name: {{ .Release.Name }}\n"
        "                port:\n                  name: http\n"
    ),
}


@dataclass(frozen=True, slots=True)
class Fleet:
    """N releases of one chart in one namespace; `tags` overrides the image tag of single releases."""

    folder: Path
    namespace: str
    size: int
    context: str
    kubeconfig: Path

    @property
    def names(self) -> list[str]:
        return [f"app-{n:04}" for n in range(self.size)]

    def write(self, tag: str, tags: Mapping[str, str] | None = None) -> None:
        """Write the fleet for Fairway, helm loops, helmfile and helmsman; all want the same thing."""
        for name, text in CHART.items():
            path = self.folder / "chart" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        wanted = {name: (tags or {}).get(name, tag) for name in self.names}
        self._fairway(wanted)
        self._values(wanted)
        self._helmfile(wanted)
        self._helmsman(wanted)

    def _fairway(self, wanted: Mapping[str, str]) -> None:
        environments = {
            "clusters": [
                {
                    "name": "bench",
                    "provider": {"kubeconfig": {"path": str(self.kubeconfig), "context": self.context}},
                }
            ],
            "environments": [
                {
                    "name": "bench",
                    "clusterName": "bench",
                    "kubeNamespace": self.namespace,
                    "releasesFiles": ["releases.yaml"],
                }
            ],
        }
        (self.folder / "environments.yaml").write_text(json.dumps(environments, indent=1), encoding="utf-8")
        lines = ["releases:"]
        for name, tag in wanted.items():
            lines += [
                f"  - name: {name}",
                "    chart: {dir: ./chart}",
                "    values:",
                f'      - {{key: image.tag, value: "{tag}"}}',
                f"      - {{key: host, value: {name}.example.com}}",
            ]
        (self.folder / "releases.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _values(self, wanted: Mapping[str, str]) -> None:
        folder = self.folder / "values"
        folder.mkdir(exist_ok=True)
        for name, tag in wanted.items():
            text = f'image:\n  tag: "{tag}"\nhost: {name}.example.com\n'
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def _helmfile(self, wanted: Mapping[str, str]) -> None:
        lines = ["releases:"]
        for name in wanted:
            lines += [
                f"  - name: {name}",
                f"    namespace: {self.namespace}",
                "    chart: ./chart",
                f"    values: [./values/{name}.yaml]",
            ]
        (self.folder / "helmfile.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _helmsman(self, wanted: Mapping[str, str]) -> None:
        lines = [f"settings: {{kubeContext: {self.context}}}", f"namespaces: {{{self.namespace}: {{}}}}", "apps:"]
        for name in wanted:
            lines += [
                f"  {name}:",
                f"    namespace: {self.namespace}",
                "    enabled: true",
                "    chart: ./chart",
                '    version: "1.0.0"',
                f"    valuesFile: ./values/{name}.yaml",
            ]
        (self.folder / "helmsman.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
