"""From a pipeline to the cluster and back, with nothing in memory: hookd, deployd, a control plane, a webhook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.clusters import Cluster
from tests.support.dispatch_cluster import permit
from tests.support.dispatch_processes import House, housed
from tests.support.forges.github_deployments import DeploymentsServer
from tests.support.forges.serving import serving
from tests.support.pipeline import Job

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("asking")]

RESOURCE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: %s, labels: {team: shop, app: web}}
data: {greeting: "{{greeting}}"}
"""


@dataclass
class Company:
    """A hookd that GitHub and pipelines can reach, with a deployd for `prod`; the cluster `attic` has none."""

    house: House
    github: DeploymentsServer
    url: str
    cluster: Cluster


@pytest.fixture(scope="module")
def company(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("house")
    with serving(DeploymentsServer()) as github:
        assert isinstance(github, DeploymentsServer)
        ledger = f"sqlite:///{folder}/ledger.db"
        house = House(
            folder, ledger, cluster.kubeconfig, cluster.context, github=github.api, token=github.token, secret="hush"
        )
        with housed(house):
            house.register("shop/web", "shop")
            hookd = house.hookd(
                "hookd", "--deadline=3s", "--deadline-grace=1s", "--settle=1s", clusters=["prod", "attic"]
            )
            deployd = house.deployd("prod")
            for daemon in (hookd, deployd):
                daemon.start()
            for daemon in (hookd, deployd):
                daemon.until_ready()
            github.hooks.url = f"{hookd.url}/events"
            github.hooks.secret = "hush"
            yield Company(house, github, hookd.url, cluster)


@pytest.fixture
def ready(company: Company, namespace: str, tmp_path: Path) -> Job:
    permit(company.cluster.client, namespace, ["shop"])
    job = Job(tmp_path)
    job.put("app.yaml", RESOURCE % namespace)
    return job


def applied(company: Company, namespace: str) -> str:
    found = company.cluster.client.get(f"/api/v1/namespaces/{namespace}/configmaps/settings")
    return str(found["data"]["greeting"])


def pipeline(job: Job, company: Company, *more: str) -> tuple[int, str]:
    job.env |= {"GITHUB_API_URL": company.github.api, "GITHUB_TOKEN": company.github.token, "WAIT": "true"}
    words = ("deploy", "--resource", "app.yaml", "--var", "greeting=hello", "--repository", "shop/web", "--ref", "main")
    done = job.run(*words, *more, timeout=120)
    return done.code, done.err + company.house.logs(1500)


def test_a_deployment_through_github_arrives_and_is_told(ready: Job, company: Company, namespace: str) -> None:
    code, shown = pipeline(ready, company, "--cluster", "prod")
    assert code == 0, shown
    assert applied(company, namespace) == "hello"
    kept = list(company.github.deployments.values())[-1]
    assert kept.states in (["queued", "in_progress", "success"], ["queued", "success"], ["success"])
    assert "success" in shown


def test_what_the_team_may_not_do_fails_with_kubernetes_own_words(ready: Job, company: Company) -> None:
    ready.put("app.yaml", RESOURCE % "kube-system")
    code, shown = pipeline(ready, company, "--cluster", "prod")
    assert code == 1, shown
    assert "forbidden" in shown


def test_a_cluster_without_a_deployd_fails_at_the_deadline(ready: Job, company: Company) -> None:
    code, shown = pipeline(ready, company, "--cluster", "attic")
    assert code == 1, shown
    assert "no deployd for cluster attic answered" in shown


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--cluster", "mars"), "environment 'mars' is not known; known: attic, prod"),
        (("--cluster", "prod", "--team", "bank"), "does not have access to deploy as team 'bank'"),
    ],
)
def test_a_wrong_request_is_an_error_with_its_reason(
    words: tuple[str, ...], text: str, ready: Job, company: Company
) -> None:
    code, shown = pipeline(ready, company, *words)
    assert code == 2, shown
    assert text in shown


def test_a_deployment_with_the_teams_key_arrives(ready: Job, company: Company, namespace: str) -> None:
    key = next(word for word in company.house.run("keys", "rotate", "shop").split() if len(word) == 64)
    ready.env["APIKEY"] = key
    code, shown = pipeline(ready, company, "--cluster", "prod", "--deploy-server", company.url)
    assert code == 0, shown
    assert applied(company, namespace) == "hello"
    assert key not in shown


def test_without_github_mkdeploy_brings_it_there(ready: Job, company: Company, namespace: str) -> None:
    ready.env |= {"HMAC": "hush", "FAIRWAY_HOOKD_URL": company.url, "WAIT": "true"}
    words = ("mkdeploy", "--resource", "app.yaml", "--repository", "shop/web", "--var", "greeting=hello")
    done = ready.run(*words, "--environment", "prod", "-o", "json", timeout=120)
    assert done.code == 0, done.err + company.house.logs(1500)
    assert done.json["statuses"][-1]["state"] == "success"
    assert applied(company, namespace) == "hello"
    assert ready.run(*words, "--environment", "attic", timeout=120).code == 1
    assert ready.run(*words, "--environment", "mars", timeout=120).code == 2
