"""`fairway init`: the steps, and what they write."""

from collections.abc import Mapping, Sequence

import pytest

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.contexts import ContextEntry
from fairway.domain.repository.models import Cluster, Environment, Provider, Repository
from fairway.services.initialising import carry_out, plan_init

HERE = Position("environments.yaml", 3, 5)
GKE = Cluster("eu", Provider("gke", {"project": "p", "clusterName": "shop", "zone": "z"}), HERE)
REGIONAL = Cluster("eu", Provider("gke", {"project": "p", "clusterName": "shop", "region": "r"}), HERE)
AKS = Cluster("az", Provider("aks", {"resourceGroup": "g", "clusterName": "shop"}), HERE)
EKS = Cluster("us", Provider("eks", {"region": "r", "clusterName": "shop", "profile": "ops"}), HERE)
MINE = Cluster("mine", Provider("existingContext", {"contextName": "mine"}), HERE)
DEV = Cluster("dev", Provider("devcluster", {"name": "default"}), HERE)


def repository(kube_config: str | None = None) -> Repository:
    return Repository("/r", "/r/environments.yaml", (), (), kube_config=kube_config)


def environment(cluster: Cluster, name: str = "prod") -> Environment:
    return Environment(name, cluster, "shop", HERE)


class Files:
    """Kubeconfigs in memory."""

    def __init__(self, contexts: Mapping[str, ContextEntry], current: str | None = None) -> None:
        self.contexts = dict(contexts)
        self._current = current

    def names(self, kubeconfig: str | None) -> Sequence[str]:
        return list(self.contexts)

    def current(self, kubeconfig: str | None) -> str | None:
        return self._current

    def context(self, kubeconfig: str | None, name: str) -> ContextEntry | None:
        return self.contexts.get(name)

    def write(self, kubeconfig: str | None, name: str, entry: ContextEntry) -> None:
        self.contexts[name] = entry


class Clouds:
    """Programs that write the context which they are told to."""

    def __init__(self, files: Files, writes: str = "", present: bool = True) -> None:
        self.files, self.writes, self.present = files, writes, present
        self.ran: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def find(self, name: str) -> str | None:
        return f"/bin/{name}" if self.present else None

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        self.ran.append((tuple(command), dict(variables)))
        self.files.contexts[self.writes] = ContextEntry("cluster", "user")


@pytest.mark.parametrize(
    ("cluster", "command"),
    [
        (GKE, "gcloud container clusters get-credentials shop --project p --zone z"),
        (REGIONAL, "gcloud container clusters get-credentials shop --project p --region r"),
        (AKS, "az aks get-credentials --resource-group g --name shop --overwrite-existing"),
        (EKS, "aws eks update-kubeconfig --region r --name shop --profile ops"),
    ],
)
def test_each_cloud_fetches_credentials_with_its_own_program(cluster: Cluster, command: str) -> None:
    steps = [str(step) for step in plan_init(repository(), [environment(cluster)], [])]
    assert steps == [
        command,
        f"# write context env:prod: the context of cluster {cluster.name}, namespace shop",
    ]


def test_a_cluster_is_asked_once_for_all_its_environments() -> None:
    steps = plan_init(repository(), [environment(GKE, "a"), environment(GKE, "b")], [GKE])
    assert [str(step).split()[0] for step in steps] == ["gcloud", "#", "#"]


def test_contexts_only_asks_no_cloud_and_an_own_kubeconfig_is_named() -> None:
    (step,) = plan_init(repository(), [environment(GKE)], [], contexts_only=True)
    assert str(step).startswith("# write context env:prod")
    first, _ = plan_init(repository("/k u"), [environment(GKE)], [])
    assert str(first).startswith("KUBECONFIG='/k u' gcloud")


@pytest.mark.parametrize("cluster", [DEV, Cluster("in", Provider("inCluster"), HERE)])
def test_clusters_with_their_own_access_need_nothing(cluster: Cluster) -> None:
    assert plan_init(repository(), [environment(cluster)], [cluster]) == []


def test_credentials_come_first_and_the_context_takes_their_names() -> None:
    files = Files({})
    clouds = Clouds(files, writes="gke_p_z_shop")
    carry_out(plan_init(repository("/k"), [environment(GKE)], []), files, clouds, {})
    assert clouds.ran[0][1] == {"KUBECONFIG": "/k"}
    assert files.contexts["env:prod"] == ContextEntry("cluster", "user", "shop")


def test_a_missing_program_is_named() -> None:
    files = Files({})
    with pytest.raises(UserError, match="needs the program gcloud") as caught:
        carry_out(plan_init(repository(), [environment(GKE)], []), files, Clouds(files, present=False), {})
    assert caught.value.fix == "install the Google Cloud CLI"
    assert caught.value.where == HERE


def test_an_existing_context_is_used_without_a_program() -> None:
    files = Files({"mine": ContextEntry("c", "u", "other")})
    clouds = Clouds(files)
    carry_out(plan_init(repository(), [environment(MINE)], []), files, clouds, {})
    assert clouds.ran == []
    assert files.contexts["env:prod"] == ContextEntry("c", "u", "shop")


def test_a_context_that_is_not_there_is_an_error() -> None:
    files = Files({})
    with pytest.raises(UserError, match="has no context in the kubeconfig"):
        carry_out(plan_init(repository(), [environment(MINE)], []), files, Clouds(files), {})


def test_gitlab_gives_the_cluster_and_the_user() -> None:
    files = Files({"deploy": ContextEntry("gitlab", "agent")}, current="deploy")
    steps = plan_init(repository("/ignored"), [environment(GKE), environment(DEV, "dev")], [], gitlab=True)
    carry_out(steps, files, Clouds(files), {"KUBECONFIG": "/ci"})
    assert files.contexts["env:prod"] == ContextEntry("gitlab", "agent", "shop")
    assert files.contexts["env:dev"] == ContextEntry("gitlab", "agent", "shop")


def test_gitlab_agents_name_their_context_in_a_variable() -> None:
    files = Files({"group/repo:agent": ContextEntry("gitlab", "agent")})
    variables = {"KUBECONFIG": "/ci", "KUBE_CONTEXT": "group/repo:agent"}
    carry_out(plan_init(repository(), [environment(GKE)], [], gitlab=True), files, Clouds(files), variables)
    assert "env:prod" in files.contexts


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "KUBECONFIG is not set"),
        ({"KUBECONFIG": "/ci"}, "no current context"),
        ({"KUBECONFIG": "/ci", "KUBE_CONTEXT": "x"}, 'no context "x"'),
    ],
)
def test_gitlab_without_what_it_should_give_is_an_error(variables: dict[str, str], says: str) -> None:
    files = Files({"a": ContextEntry("c", "u")})
    with pytest.raises(UserError, match=says):
        carry_out(plan_init(repository(), [environment(GKE)], [], gitlab=True), files, Clouds(files), variables)
