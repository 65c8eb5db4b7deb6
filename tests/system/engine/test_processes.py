"""Real `fairway apply` processes that are killed, interrupted, started twice, or cut off from their cluster."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.charts import write_chart
from tests.support.cluster_state import record
from tests.support.clusters import Cluster
from tests.support.helm import Helm

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

RELEASES = [f"r{i}" for i in range(10)]
TEMPLATE = """\
{{- range $i, $name := list "a" "b" .Values.third }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ $.Release.Name }}-{{ $name }}}
data: {text: {{ $.Values.text | quote }}}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-slow
  annotations: {helm.sh/hook: "post-upgrade"}
spec:
  template:
    metadata: {annotations: {devcluster.fairway.dev/runs-for: {{ .Values.slow | quote }}}}
    spec: {restartPolicy: Never, containers: [{name: a, image: a}]}
"""


@dataclass
class Place:
    """A deployments repository on disk and its namespace."""

    folder: Path
    cluster: Cluster
    namespace: str
    env: dict[str, str] = field(default_factory=dict)

    def declare(self, text: str, *, slow: str = "0s", releases: list[str] = RELEASES) -> None:
        values = [{"key": "text", "value": text}, {"key": "third", "value": f"c{text}"}, {"key": "slow", "value": slow}]
        rows = [{"name": name, "chart": {"dir": "../chart"}, "values": values} for name in releases]
        (self.folder / "releases").mkdir(exist_ok=True)
        (self.folder / "releases/all.yaml").write_text(yaml.safe_dump({"releases": rows}))
        environment = {
            "name": "test",
            "clusterName": "here",
            "kubeNamespace": self.namespace,
            "releasesFiles": ["releases/all.yaml"],
        }
        provider = {"existingContext": {"contextName": self.cluster.context}}
        clusters = [{"name": "here", "provider": provider}]
        document = {"kubeConfig": str(self.cluster.kubeconfig), "clusters": clusters, "environments": [environment]}
        (self.folder / "environments.yaml").write_text(yaml.safe_dump(document))

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "fairway", "apply", "test", *words],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Under nohup or in a shell's background SIGINT is ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def apply(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        out, _ = process.communicate(timeout=120)
        return process.returncode, out

    def records(self) -> dict[str, list[tuple[int, str]]]:
        """Release → revisions with their status, as stored."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets?labelSelector=owner%3Dhelm"
        found: dict[str, list[tuple[int, str]]] = {}
        for item in self.cluster.client.get(path)["items"]:
            labels = item["metadata"]["labels"]
            assert record(item)["info"]["status"] == labels["status"]
            found.setdefault(labels["name"], []).append((int(labels["version"]), labels["status"]))
        return {name: sorted(rows) for name, rows in found.items()}

    def objects(self) -> dict[str, str]:
        """ConfigMaps of releases → their text."""
        items = self.cluster.client.get(f"/api/v1/namespaces/{self.namespace}/configmaps")["items"]
        named = {i["metadata"]["name"]: (i.get("data") or {}).get("text", "") for i in items}
        return {n: text for n, text in named.items() if n.split("-")[0] in RELEASES and not n.endswith("-hook")}

    def check(self, text: str) -> None:
        """All is as the declaration says, and nothing of an earlier one is left."""
        assert self.objects() == {f"{name}-{part}": text for name in RELEASES for part in ("a", "b", f"c{text}")}
        for name, rows in self.records().items():
            statuses = [status for _, status in rows]
            assert statuses.count("deployed") == 1, (name, rows)
            assert statuses[-1] == "deployed", (name, rows)
            assert not [s for s in statuses if s.startswith("pending")], (name, rows)


@pytest.fixture
def place(cluster: Cluster, namespace: str, tmp_path: Path) -> Place:
    about = "apiVersion: v2\nname: chart\nversion: 1.0.0\n"
    write_chart(tmp_path / "repository/chart", {"Chart.yaml": about, "templates/all.yaml": TEMPLATE})
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "FAIRWAY_DATA_DIR": str(tmp_path / "data"),
        "FAIRWAY_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return Place(tmp_path / "repository", cluster, namespace, env)


def expect(place: Place, text: str) -> None:
    code, out = place.apply()
    assert code == 0, out
    place.check(text)


async def test_killed_at_random_moments_the_next_apply_always_converges(
    place: Place, helm: Path, tmp_path: Path
) -> None:
    place.declare("0")
    expect(place, "0")
    began = time.monotonic()
    place.declare("1")
    expect(place, "1")
    whole = time.monotonic() - began
    dice = random.Random(20261121)
    cut = 0
    for round_ in range(2, 12):
        place.declare(str(round_))
        process = place.start("-j", "4")
        # Most of the time goes to starting up; the upper part is where things are written.
        time.sleep(whole * dice.uniform(0.3, 1.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        states = [status for rows in place.records().values() for _, status in rows]
        cut += any(status.startswith("pending") for status in states)
        if round_ % 2:
            # Every other time the declaration moves on before somebody comes back.
            place.declare(f"{round_}x")
            expect(place, f"{round_}x")
        else:
            expect(place, str(round_))
    assert cut, "no kill hit the middle of an upgrade: the test proves nothing"
    there = Helm(helm, place.cluster.kubeconfig, place.namespace, tmp_path)
    assert await there.json("list", "--pending") == []
    assert {r["status"] for r in await there.json("list")} == {"deployed"}
    code, out = place.apply("--output", "json")
    assert (code, '"outcome": "unchanged"' in out) == (0, True)


def test_an_interruption_leaves_failed_records_and_the_next_apply_goes_on(place: Place) -> None:
    place.declare("1")
    expect(place, "1")
    place.declare("2", slow="60s")
    process = place.start()
    wait_for(lambda: all(rows[-1][1] == "pending-upgrade" for rows in place.records().values()))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    assert "interrupted" in out
    assert {rows[-1] for rows in place.records().values()} == {(2, "failed")}
    path = f"/api/v1/namespaces/{place.namespace}/secrets/sh.helm.release.v1.r0.v2"
    assert "Interrupted while" in record(place.cluster.client.get(path))["info"]["description"]
    place.declare("2")
    expect(place, "2")


def test_of_two_applies_at_once_one_wins_each_release_and_nothing_is_torn(place: Place) -> None:
    place.declare("0")
    expect(place, "0")
    for text in ("1", "2"):
        place.declare(text)
        both = [place.start(), place.start()]
        said = [process.communicate(timeout=120)[0] for process in both]
        codes = sorted(process.returncode for process in both)
        assert set(codes) <= {0, 3}, "\n".join(said)
        place.check(text)
        assert place.apply()[0] == 0
    assert {len(rows) for rows in place.records().values()} == {3}


def test_an_api_server_that_goes_away_is_an_error_and_the_next_apply_converges(place: Place, tmp_path: Path) -> None:
    place.declare("1")
    expect(place, "1")
    with Gate(place.cluster, tmp_path) as gate:
        place.declare("2", slow="3s")
        document = yaml.safe_load((place.folder / "environments.yaml").read_text())
        (place.folder / "environments.yaml").write_text(
            yaml.safe_dump({**document, "kubeConfig": str(gate.kubeconfig)})
        )
        process = place.start()
        wait_for(lambda: any(rows[-1][1] == "pending-upgrade" for rows in place.records().values()))
        gate.close()
        out, _ = process.communicate(timeout=100)
    assert process.returncode in (1, 4), out
    place.declare("2")
    expect(place, "2")


def test_an_api_server_that_comes_back_in_time_costs_nothing_but_the_wait(place: Place, tmp_path: Path) -> None:
    place.declare("1")
    expect(place, "1")
    with Gate(place.cluster, tmp_path) as gate:
        place.declare("2", slow="4s")
        document = yaml.safe_load((place.folder / "environments.yaml").read_text())
        (place.folder / "environments.yaml").write_text(
            yaml.safe_dump({**document, "kubeConfig": str(gate.kubeconfig)})
        )
        process = place.start()
        wait_for(lambda: all(rows[-1][1] == "pending-upgrade" for rows in place.records().values()))
        wait_for(lambda: len(place.objects()) == 3 * len(RELEASES) and set(place.objects().values()) == {"2"})
        gate.close()
        time.sleep(0.7)
        gate.open()
        out, _ = process.communicate(timeout=100)
    assert process.returncode == 0, out
    place.check("2")


class Gate:
    """A relay to the API server that can be shut, with a kubeconfig that leads through it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        document: dict[str, Any] = yaml.safe_load(cluster.kubeconfig.read_text())
        context = next(c for c in document["contexts"] if c["name"] == cluster.context)["context"]
        server = next(c for c in document["clusters"] if c["name"] == context["cluster"])["cluster"]
        host, _, port = server["server"].removeprefix("https://").rpartition(":")
        script = folder / "relay.py"
        script.write_text(RELAY)
        self._command = [sys.executable, str(script), host, port]
        self._port = "0"
        self.open()
        server["server"] = f"https://{host}:{self._port}"
        self.kubeconfig = folder / f"gate-{uuid.uuid4().hex[:6]}.kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(document))

    def __enter__(self) -> Gate:
        return self

    def open(self) -> None:
        """Let everybody through, always at the same port."""
        self._process = subprocess.Popen([*self._command, self._port], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        self.close()


RELAY = """\
import asyncio, sys

async def main(host, port, own):
    async def pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def relay(reader, writer):
        there = await asyncio.open_connection(host, port)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    server = await asyncio.start_server(relay, "127.0.0.1", own)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def wait_for(holds: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)
