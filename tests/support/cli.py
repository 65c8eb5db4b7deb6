"""The command line as a process of its own: a deployments repository to run it in, and what came out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PROGRAM = "from fairway.entrypoints.cli.main import main; main()"

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "values.yaml": "image: {repository: shop/app, tag: '1.0'}\nreplicas: 1\nannotations: {}\nsettings: {}\n",
    "templates/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations: {{- toYaml .Values.annotations | nindent 8 }}
    spec:
      containers:
        - name: app
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
""",
    "templates/config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data: {{- toYaml .Values.settings | nindent 2 }}
""",
}


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shop:
    """A deployments repository in a folder, whose environments are namespaces of one real cluster."""

    folder: Path
    kubeconfig: Path
    namespaces: list[str]
    env: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder.parent / "data"

    def write(self, releases: list[dict[str, Any]], **more: Any) -> None:
        """`releases` in every environment (`one`, `two`, …); `more` are other keys of environments.yaml."""
        for path, text in CHART.items():
            self.put(f"charts/app/{path}", text)
        self.put("releases.yaml", yaml.safe_dump({"releases": releases}))
        provider = {"kubeconfig": {"path": str(self.kubeconfig)}}
        environments = [
            {"name": name, "clusterName": "real", "kubeNamespace": namespace, "releasesFiles": ["releases.yaml"]}
            for name, namespace in zip(("one", "two", "three"), self.namespaces, strict=False)
        ]
        document = {"clusters": [{"name": "real", "provider": provider}], "environments": environments, **more}
        self.put("environments.yaml", yaml.safe_dump(document))

    def put(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self, subject: str) -> None:
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", subject]):
            subprocess.run(
                ["git", "-c", "user.name=qa", "-c", "user.email=qa@shop.example", *words],
                cwd=self.folder,
                check=True,
                capture_output=True,
            )

    def run(self, *arguments: str, code: int | None = 0, env: dict[str, str] | None = None, stdin: str = "") -> Done:
        """One call; `code` None takes any exit code."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment(env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    def stopped(self, *arguments: str, when: Callable[[str], bool], by: signal.Signals = signal.SIGINT) -> Done:
        """A call that gets a signal as soon as its progress on stderr is as `when` says."""
        errors = self.folder.parent / "stderr.txt"
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                # Under nohup or in a shell's background SIGINT is ignored, and children inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
            try:
                deadline = time.monotonic() + 60
                while not when(errors.read_text()):
                    assert process.poll() is None, errors.read_text()
                    assert time.monotonic() < deadline, errors.read_text()
                    time.sleep(0.05)
                process.send_signal(by)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
        return Done(process.returncode, out, errors.read_text())

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """Nothing of the developer's own settings; an empty value in `more` takes a variable away."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "LANG", "HOME", "XDG_CACHE_HOME")}
        base = {
            **kept,
            "PYTHONIOENCODING": "utf-8",
            "FAIRWAY_DATA_DIR": str(self.data),
            "FAIRWAY_CONFIG_DIR": str(self.folder.parent / "config"),
            "FAIRWAY_USER": "anna",
        }
        return {k: v for k, v in {**base, **self.env, **(more or {})}.items() if v}


def release(name: str, tag: str = "1.0", *, annotations: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A release of the test chart."""
    values: list[dict[str, Any]] = [{"key": "image.tag", "value": tag}]
    if annotations:
        values.append({"key": "annotations", "value": annotations})
    return {"name": name, "chart": {"dir": "charts/app"}, "values": [*values, *more.pop("values", [])], **more}


def failing(name: str, kind: str = "crash-loop", **annotations: str) -> dict[str, Any]:
    """A release whose pods never become ready, as the simulated nodes have it."""
    marks = {"devcluster.fairway.dev/fail": kind}
    return release(name, annotations={**marks, **{f"devcluster.fairway.dev/{k}": v for k, v in annotations.items()}})
