"""From a provider to a kubeconfig and a context; nothing is run."""

from pathlib import Path

import pytest

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import Cluster, Provider, Repository
from fairway.services.contexts import ClusterAccess, resolve_context

HERE = Position("environments.yaml", 3, 5)
KNOWN = [
    "gke_shop-prod_europe-west1-b_data",
    "gke_shop-prod_europe-west1_data",
    "aks-shop",
    "arn:aws:eks:eu-west-1:123456789012:cluster/shop",
    "minikube",
    "docker-desktop",
    "mine",
    "env:ci",
]


def access(kind: str, *, known=KNOWN, environment=None, kube_config=None, **settings: object) -> ClusterAccess:
    cluster = Cluster("c", Provider(kind, settings), HERE)
    repository = Repository("/r", "/r/environments.yaml", (), (cluster,), kube_config=kube_config)
    asked: list[str | None] = []

    def names(kubeconfig: str | None) -> list[str]:
        asked.append(kubeconfig)
        return known

    result = resolve_context(
        cluster,
        repository,
        context_names=names,
        devcluster_kubeconfig=lambda name: Path(f"/data/{name}/kubeconfig"),
        environment=environment,
    )
    assert all(one == result.kubeconfig for one in asked)
    return result


@pytest.mark.parametrize(
    ("kind", "settings", "context"),
    [
        ("gke", {"project": "shop-prod", "clusterName": "data", "zone": "europe-west1-b"}, KNOWN[0]),
        ("gke", {"project": "shop-prod", "clusterName": "data", "region": "europe-west1"}, KNOWN[1]),
        ("aks", {"resourceGroup": "g", "clusterName": "aks-shop"}, "aks-shop"),
        ("eks", {"region": "eu-west-1", "clusterName": "shop"}, KNOWN[3]),
        ("minikube", {}, "minikube"),
        ("dockerForDesktop", {}, "docker-desktop"),
        ("existingContext", {"contextName": "mine"}, "mine"),
    ],
)
def test_each_provider_has_its_context(kind: str, settings: dict, context: str) -> None:
    assert access(kind, **settings) == ClusterAccess(None, context)
    assert access(kind, kube_config="/k", **settings) == ClusterAccess("/k", context)


def test_the_old_name_of_docker_desktop_is_known() -> None:
    assert access("dockerForDesktop", known=["docker-for-desktop"]).context == "docker-for-desktop"


@pytest.mark.parametrize(
    ("kind", "settings", "wanted"),
    [
        ("inCluster", {}, ClusterAccess(in_cluster=True)),
        ("kubeconfig", {"path": "/k"}, ClusterAccess("/k")),
        ("kubeconfig", {"path": "/k", "context": "x"}, ClusterAccess("/k", "x")),
        ("devcluster", {"name": "eu"}, ClusterAccess("/data/eu/kubeconfig")),
        ("devcluster", {}, ClusterAccess("/data/None/kubeconfig")),
    ],
)
def test_providers_that_bring_their_own_access_read_no_contexts(kind, settings, wanted) -> None:
    assert access(kind, known=[], kube_config="/other", **settings) == wanted


def test_the_home_folder_is_filled_in() -> None:
    assert access("kubeconfig", path="~/k").kubeconfig == str(Path("~/k").expanduser())


def test_the_context_of_the_environment_stands_in() -> None:
    assert access("existingContext", contextName="gone", environment="ci").context == "env:ci"
    assert access("existingContext", contextName="mine", environment="ci").context == "mine"


@pytest.mark.parametrize(
    ("kind", "settings", "fix"),
    [
        ("gke", {"project": "p", "clusterName": "x", "zone": "z"}, "fairway init --cluster c"),
        ("eks", {"region": "eu-west-2", "clusterName": "shop"}, "fairway init --cluster c"),
        ("existingContext", {"contextName": "mime"}, 'did you mean "mine"?'),
    ],
)
def test_a_missing_context_says_how_to_get_it(kind: str, settings: dict, fix: str) -> None:
    with pytest.raises(UserError, match="the kubeconfig has no context") as caught:
        access(kind, **settings)
    assert fix in (caught.value.fix or "")
    assert caught.value.where == HERE


def test_a_name_is_no_pattern() -> None:
    with pytest.raises(UserError):
        access("existingContext", contextName="m.ne")


@pytest.mark.parametrize(("kind", "fix"), [("minikube", "minikube start"), ("dockerForDesktop", "Docker Desktop")])
def test_local_clusters_that_are_off_say_how_to_start_them(kind: str, fix: str) -> None:
    with pytest.raises(UserError) as caught:
        access(kind, known=[])
    assert fix in (caught.value.fix or "")
