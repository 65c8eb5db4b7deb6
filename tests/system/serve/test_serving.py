"""`fairway serve` end to end: from a deployment at GitHub to the cluster and back, over restarts."""

from __future__ import annotations

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.dispatch_processes import until
from tests.system.serve.conftest import FINAL, Place

pytestmark = pytest.mark.cluster


def finals(states: list[str]) -> list[str]:
    return [state for state in states if state in FINAL]


def test_a_deployment_at_github_is_applied_as_the_team_and_github_is_told_each_step(place: Place) -> None:
    serve = place.serve()
    number = place.create("east", place.config(), place.deployment(ready_after="2s"))
    assert place.until_told(number, "success") == ["queued", "in_progress", "success"]
    assert place.stored() == {"a": "1"}
    live = place.cluster.client.get(f"/api/v1/namespaces/{place.namespace}/configmaps/settings")
    assert {one["manager"] for one in live["metadata"]["managedFields"]} == {"fairway-deployd"}
    account = f"/api/v1/namespaces/default/serviceaccounts/serviceuser-{place.team}"
    assert place.cluster.client.get(account)["metadata"]["labels"]["team"] == place.team

    with place.github.lock:
        log_url = place.github.deployments[number].statuses[-1]["log_url"]
    with urllib.request.urlopen(log_url, timeout=10) as page:
        text = page.read().decode()
    assert page.url.startswith(f"{serve.url}/deployments/")
    assert "shop/web" in text
    assert serve.end() == 0


def test_what_is_wrong_is_told_as_an_error_and_what_is_refused_there_as_a_failure(place: Place) -> None:
    place.serve()
    strangers = place.create("east", place.config(), team="strangers")
    nowhere = place.create("nowhere", place.config())
    elsewhere = place.create("east", place.config("first"), place.config("second", namespace="kube-system"))
    crashing = place.create("east", place.deployment(fail="crash-loop", exit_code="3"))

    assert place.until_told(strangers, "error") == ["error"]
    assert "does not have access to deploy as team 'strangers'" in place.said(strangers)
    assert place.until_told(nowhere, "error") == ["error"]
    assert "environment 'nowhere' is not known; known: east" in place.said(nowhere)
    assert finals(place.until_told(elsewhere, "failure")) == ["failure"]
    assert "is forbidden" in place.said(elsewhere)
    assert finals(place.until_told(crashing, "failure")) == ["failure"]
    assert "exit code 3" in place.said(crashing)
    found = place.cluster.client.get(f"/api/v1/namespaces/{place.namespace}/configmaps")["items"]
    assert "first" not in {one["metadata"]["name"] for one in found}


def test_a_rollout_that_a_restart_falls_into_is_watched_to_its_end_by_the_next_process(place: Place) -> None:
    serve = place.serve()
    number = place.create("east", place.deployment(ready_after="8s"))
    place.until_told(number, "in_progress")
    assert serve.end() == 0
    assert place.told(number) == ["queued", "in_progress"]
    serve.start()
    assert place.until_told(number, "success") == ["queued", "in_progress", "success"]
    assert serve.text.count("process.ended") == 1


def test_a_request_that_was_accepted_before_a_kill_is_carried_out_after_it(place: Place) -> None:
    serve = place.serve()
    numbers = [place.create("east", place.config(f"settings-{n}", n=str(n))) for n in range(5)]
    place.github.hooks.settle()
    serve.kill()
    serve.start()
    serve.until_ready()
    for delivery in place.github.hooks.deliveries:
        # GitHub itself does not try again; whoever presses "Redeliver" does no harm.
        assert place.github.hooks.redeliver(delivery)[0] in (200, 201)
    for n, number in enumerate(numbers):
        states = place.until_told(number, "success")
        assert finals(states) == ["success"]
        assert place.stored(f"settings-{n}") == {"n": str(n)}


def test_each_of_several_clusters_gets_its_own_and_its_health_is_told_by_name(place: Place) -> None:
    serve = place.serve(clusters=("east", "west"))
    names = ["store", "queue", "east: queue", "east: cluster", "west: queue", "west: cluster"]
    until(lambda: serve.get("/readyz")["checks"] == dict.fromkeys(names, "ok"), serve.why)
    east, west = place.create("east", place.config("e")), place.create("west", place.config("w"))
    place.until_told(east, "success")
    place.until_told(west, "success")
    metrics = serve.get("/metrics")
    for cluster in ("east", "west"):
        assert f'deployment_deployd_deploy_successful{{cluster="{cluster}"}} 1.0' in metrics
    assert 'deployment_hookd_webhook_requests{status_code="201"} 2.0' in metrics


def test_a_newer_deployment_makes_the_older_one_inactive(place: Place) -> None:
    place.serve()
    older = place.create("east", place.config(version="1"))
    place.until_told(older, "success")
    newer = place.create("east", place.config(version="2"))
    place.until_told(newer, "success")
    until(lambda: place.told(older)[-1] == "inactive", lambda: str(place.told(older)))
    assert place.stored() == {"version": "2"}


def test_a_cluster_that_is_away_keeps_nobody_from_deploying_to_the_others(place: Place, tmp_path: Path) -> None:
    document = yaml.safe_load(place.cluster.kubeconfig.read_text())
    here = next(one for one in document["contexts"] if one["name"] == place.cluster.context)
    gone = {"name": "gone", "cluster": {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": True}}
    document["clusters"].append(gone)
    document["contexts"].append({"name": "gone", "context": {"cluster": "gone", "user": here["context"]["user"]}})
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(document))
    serve = place.serve(f"--kubeconfig={tmp_path / 'kubeconfig'}", "--cluster=gone=gone")
    number = place.create("east", place.config())
    assert place.until_told(number, "success")[-1] == "success"
    until(lambda: "127.0.0.1:1" in serve.get("/readyz")["checks"]["gone: cluster"], serve.why)
    assert serve.get("/readyz")["ok"] is True
    assert serve.get("/?output=json")["parts"]["east: cluster"] == "ok"
    assert serve.end() == 0


def test_people_are_told_by_the_channels_of_a_fairway_yaml(place: Place, tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    channel = {"name": "hook", "webhook": {"url": f"http://127.0.0.1:{server.server_port}/hook"}}
    (tmp_path / "fairway.yaml").write_text(yaml.safe_dump({"notifications": {"channels": [channel]}}))
    try:
        serve = place.serve(f"--notifications-config={tmp_path / 'fairway.yaml'}")
        number = place.create("east", place.config(namespace="kube-system"))
        place.until_told(number, "failure")
        until(lambda: "could not be deployed in east" in json.dumps(heard), lambda: f"{heard}\n{serve.text}")
        assert serve.end() == 0
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
