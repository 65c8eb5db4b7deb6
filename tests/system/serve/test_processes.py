"""hookd, deployd and serve as an operator meets them: rights, checks, wrong settings, and what is away at the start."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml
from tests.support.agent import GitShop
from tests.support.chart_account import deployd_account
from tests.support.cli import PROGRAM, release
from tests.support.dispatch import SECRET
from tests.support.dispatch_processes import Daemon, until
from tests.system.serve.conftest import Place

from fairway.adapters.devcluster.ports import choose

pytestmark = pytest.mark.cluster

NOBODY = "postgresql://fairway@127.0.0.1:1/fairway"


def called(place: Place, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=place.house.folder,
        env={**os.environ, **place.house.env, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("identity", ["impersonate", "token"])
def test_deployd_needs_no_more_rights_than_the_chart_grants(
    identity: str, place: Place, helm: Path, tmp_path: Path
) -> None:
    teams = {"identity": identity, "names": [place.team]} if identity == "impersonate" else {"identity": identity}
    with deployd_account(place.cluster, helm, place.namespace, tmp_path, teams=teams) as kubeconfig:
        place.house.kubeconfig = kubeconfig
        place.house.token = place.github.token
        hookd = place.house.hookd(clusters=["east"])
        deployd = place.house.deployd("east", f"--identity={identity}")
        checked = called(place, *deployd.words, "--check")
        assert checked.returncode == 0, checked.stdout
        for daemon in (hookd, deployd):
            daemon.start()
        for daemon in (hookd, deployd):
            daemon.until_ready()
        place.github.hooks.url, place.github.hooks.secret = f"{hookd.url}/events", SECRET
        number = place.create("east", place.config(), place.deployment(ready_after="1s"))
        assert place.until_told(number, "success")[-1] == "success"
        crashing = place.create("east", place.deployment(fail="crash-loop", exit_code="3", log="no CART_URL"))
        place.until_told(crashing, "failure")
        assert "exit code 3" in place.said(crashing)
        assert deployd.end() == 0
        assert hookd.end() == 0


def test_an_account_without_rights_is_told_what_it_lacks(place: Place, tmp_path: Path) -> None:
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    path = f"/api/v1/namespaces/{place.namespace}/serviceaccounts/default/token"
    document = yaml.safe_load(place.cluster.kubeconfig.read_text())
    for user in document["users"]:
        user["user"] = {"token": place.cluster.client.create(path, asked)["status"]["token"]}
    weak = tmp_path / "weak.kubeconfig"
    weak.write_text(yaml.safe_dump(document))
    done = called(place, "deployd", "--cluster=east", f"--kubeconfig={weak}", "--check")
    assert done.returncode == 2
    assert "✓ cluster" in done.stdout
    assert "may not list pods; get pods/log" in done.stdout


def test_a_check_tells_what_does_not_answer_and_what_is_wrong(place: Place) -> None:
    away = called(place, "hookd", "--github-enabled=false", "--check", FAIRWAY_LEDGER_URL=NOBODY)
    assert away.returncode == 4, away.stdout + away.stderr
    assert "✗ database" in away.stdout
    assert "✓ GitHub" in away.stdout
    wrong = called(
        place, "hookd", "--github-token=wrong", f"--github-api-url={place.github.api}", "--check",
        FAIRWAY_GITHUB_WEBHOOK_SECRET=SECRET,
    )  # fmt: skip
    assert wrong.returncode == 2, wrong.stdout
    assert "✓ database" in wrong.stdout
    assert "✗ GitHub" in wrong.stdout
    assert "wrong" not in wrong.stdout.replace("✗", "")
    assert "--github-token" in wrong.stderr
    assert "visible" in wrong.stderr


def test_what_is_away_at_the_start_is_waited_for_and_named(place: Place) -> None:
    (port,) = choose(1)
    words = ["hookd", f"--listen-address=127.0.0.1:{port}", "--github-enabled=false"]
    env = {**place.house.env, "FAIRWAY_LEDGER_URL": NOBODY}
    daemon = Daemon("waiting", words, env, port, place.house.folder)
    place.house.daemons.append(daemon)
    daemon.start()
    until(lambda: "hookd" in daemon.why() and "127.0.0.1" in daemon.why(), lambda: daemon.why() + daemon.text)
    with urllib.request.urlopen(f"{daemon.url}/healthz", timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{daemon.url}/events", data=b"{}"), timeout=5)
    assert refused.value.code == 503
    assert daemon.end() == 0
    assert daemon.text.count("part.away") == 1


@pytest.mark.parametrize(
    ("words", "env", "told"),
    [
        (["deployd"], {}, "--cluster (FAIRWAY_DEPLOYD_CLUSTER) is not set"),
        (["hookd"], {}, "--github-webhook-secret (FAIRWAY_GITHUB_WEBHOOK_SECRET) is not set"),
        (
            ["hookd", "--github-enabled=false"],
            {"KAFKA_TLS_ENABLED": "maybe"},
            "--kafka-tls-enabled (KAFKA_TLS_ENABLED)",
        ),
        (["hookd", "--github-enabled=false", "--listen-address=here"], {}, '"here" is no address'),
        (["serve", "--github-enabled=false", "--cluster=east=devcluster:none-of-that-name"], {}, "none-of-that-name"),
        (["hookd", "--github-enabled=false", "--deadline=0s"], {}, '"0s" is no time at all'),
        (
            ["serve", "--github-enabled=false", "--cluster=east", "--finish-within=2m"],
            {},
            "--finish-within (FAIRWAY_FINISH_WITHIN) is not longer than --timeout (FAIRWAY_TIMEOUT)",
        ),
        (["serve", "--github-enabled=false", "--cluster=east", "--agent"], {}, "there is no environments.yaml"),
    ],
)
def test_what_somebody_has_to_set_right_ends_it_at_once(
    words: list[str], env: dict[str, str], told: str, place: Place
) -> None:
    done = called(place, *words, **env)
    assert done.returncode == 2
    assert told in done.stderr


def test_an_address_that_is_taken_ends_it_with_the_reason(place: Place) -> None:
    first = place.serve()
    done = called(place, "hookd", "--github-enabled=false", f"--listen-address=127.0.0.1:{first.port}")
    assert done.returncode == 2
    assert f"127.0.0.1:{first.port}" in done.stderr


def test_an_agent_may_live_in_the_same_process(place: Place, tmp_path: Path) -> None:
    shop = GitShop.create(tmp_path, place.cluster.kubeconfig, [place.namespace])
    shop.write([release("catalog")])
    shop.push("The shop opens")
    serve = place.serve("--agent", f"--environments-file={shop.folder / 'environments.yaml'}")
    until(lambda: "release=catalog outcome=installed" in serve.text, lambda: serve.text)
    number = place.create("east", place.config())
    assert place.until_told(number, "success")[-1] == "success"
    assert serve.get("/readyz")["checks"]["agent"] == "ok"
    assert serve.end() == 0
    assert "agent.ended" in serve.text
