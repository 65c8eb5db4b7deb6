"""Both dialects, and a mix of them, come out as the same repository."""

from dataclasses import replace

from fairway.domain.errors import Severity
from fairway.domain.repository.models import ChartKind, Repository

OLD = """\
environments:
  - name: reports
    provider:
      gke: {project: shop-prod, clusterName: data, zone: europe-west1-b}
    kubeNamespace: default
    releases: [./base/releases.yaml, ./reports/releases.yaml]
    defaultValues:
      - {key: ingress.domain, value: shop.example}
  - name: jobs
    provider:
      gke: {project: shop-prod, clusterName: data, zone: europe-west1-b}
    kubeNamespace: jobs
    releases: [./reports/jobs.yaml]
"""
CURRENT = """\
clusters:
  - name: data
    provider:
      gke: {project: shop-prod, clusterName: data, zone: europe-west1-b}
environments:
  - name: reports
    clusterName: data
    kubeNamespace: default
    releasesFiles: [./base/releases.yaml, ./reports/releases.yaml]
    defaultValues:
      - {key: ingress.domain, value: shop.example}
  - name: jobs
    clusterName: data
    kubeNamespace: jobs
    releasesFiles: [./reports/jobs.yaml]
"""
BASE = """\
resourceFiles:
  - storage.yaml
releases:
  - name: store
    chart: {dir: ./charts/store}
    values:
      - {key: image.tag, value: "1.1"}
"""
REPORTS = """\
resourceFiles: [roles.yaml]
releases:
  - name: queue
    chart: {dir: ../charts/queue}
    valuesFile: ./queue/values-prod.yaml
    values:
      - {key: image.tag, value: "4.0"}
    triggers:
      - image: {tagValue: image.tag, repoValue: image.repository, track: PatchLevel}
      - image: {tagValue: keeper.image.tag, repoValue: keeper.image.repository, track: PatchLevel}
  - name: newest
    chart: {dir: ./charts/newest}
    trigger:
      image: {track: Newest}
"""
JOBS = "releases: [{name: cron, resourceFiles: [../cron.yaml]}]\n"


def read(resolve, environments: str) -> Repository:
    resolution = resolve(environments, **{"base/releases": BASE, "reports/releases": REPORTS, "reports/jobs": JOBS})
    assert not [one for one in resolution.diagnostics if one.severity is not Severity.INFO]
    return resolution.repository


def test_the_old_dialect_is_read(resolve) -> None:
    repository = read(resolve, OLD)
    reports, jobs = repository.environments
    assert [release.name for release in reports.releases] == [
        "resources-base-releases",
        "store",
        "resources-reports-releases",
        "queue",
        "newest",
    ]
    assert reports.cluster is jobs.cluster
    assert (reports.cluster.name, reports.cluster.implicit, reports.cluster.provider.kind) == ("data", True, "gke")
    assert reports.cluster.provider.settings["zone"] == "europe-west1-b"
    assert reports.default_values[0].key == "ingress.domain"
    store, queue, newest = (reports.release(name) for name in ("store", "queue", "newest"))
    assert store is not None
    assert store.chart is not None
    assert (store.chart.kind, store.chart.location) == (ChartKind.DIRECTORY, "/repo/base/charts/store")
    assert queue is not None
    assert queue.values_file == "/repo/reports/queue/values-prod.yaml"
    assert queue.values[0].value == "4.0"
    assert [trigger.tag_value for trigger in queue.image_triggers] == ["image.tag", "keeper.image.tag"]
    assert newest is not None
    assert (newest.image_triggers[0].repo_value, newest.image_triggers[0].prefix_value) == (
        "image.repository",
        "image.prefix",
    )
    assert newest.from_file == "/repo/reports/releases.yaml"
    assert str(newest.position) == "reports/releases.yaml:11:11"


def test_both_dialects_come_out_alike(resolve) -> None:
    old, current = read(resolve, OLD), read(resolve, CURRENT)
    assert not current.clusters[0].implicit
    for one, other in zip(old.environments, current.environments, strict=True):
        cluster = replace(other.cluster, implicit=True, position=one.cluster.position)
        assert replace(other, cluster=cluster, position=one.position, default_values=one.default_values) == one


def test_dialects_can_be_mixed(resolve) -> None:
    mixed = CURRENT.replace(
        "    clusterName: data\n    kubeNamespace: jobs", "    provider: {minikube: {}}\n    kubeNamespace: jobs"
    )
    repository = read(resolve, mixed)
    assert [(cluster.name, cluster.implicit) for cluster in repository.clusters] == [
        ("data", False),
        ("minikube", True),
    ]


def test_implicit_clusters_of_one_name_are_told_apart(resolve) -> None:
    old = OLD.replace("project: shop-prod", "project: shop-test", 1)
    names = [cluster.name for cluster in read(resolve, old).clusters]
    assert names == ["data", "data-shop-prod"]


def test_an_implicit_cluster_does_not_take_a_declared_name(resolve) -> None:
    text = OLD + "clusters: [{name: data, provider: {minikube: {}}}]\n"
    assert [one.name for one in read(resolve, text).clusters] == ["data", "data-shop-prod"]


def test_files_of_different_stems_name_their_resources_by_it(resolve) -> None:
    text = CURRENT.replace("./base/releases.yaml, ./reports/releases.yaml", "./base/releases.yaml, ./reports/jobs.yaml")
    assert [one.name for one in read(resolve, text).environments[0].releases] == ["resources-releases", "store", "cron"]


def test_every_file_is_listed_in_reading_order(resolve) -> None:
    repository = read(resolve, OLD)
    assert repository.files == (
        "/repo/environments.yaml",
        "/repo/base/releases.yaml",
        "/repo/reports/releases.yaml",
        "/repo/reports/jobs.yaml",
    )
    assert repository.root == "/repo"
