"""`fairway.lock.yaml`: what fits wins, what fits nothing is told with its place."""

import pytest

from fairway.domain.errors import Severity
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import Release
from fairway.domain.repository.resolving import Resolution, resolve_repository
from fairway.domain.repository.sites import Document
from fairway.domain.yaml import compose

ENVIRONMENTS = """\
helmRepos: [{name: stable, url: "https://charts.example"}]
clusters: [{name: c, provider: {minikube: {}}}]
environments:
  - {name: prod, clusterName: c, kubeNamespace: prod, releasesFiles: [apps/releases.yaml]}
  - {name: test, clusterName: c, kubeNamespace: test, releasesFiles: [apps/releases.yaml]}
"""
OLD_DIALECT = """\
environments:
  - {name: prod, provider: {minikube: {}}, kubeNamespace: prod, releases: [apps/releases.yaml]}
  - {name: test, provider: {minikube: {}}, kubeNamespace: test, releases: [apps/releases.yaml]}
"""
RELEASES = """\
releases:
  - name: web
    chart: {dir: web}
    values: [{key: image.tag, value: "1.0"}]
  - name: redis
    chart: {reference: stable/redis, version: 1.0.0}
  - {name: plain, resourceFiles: [plain.yaml]}
"""


def document(path: str, text: str) -> Document:
    value, positions, problems = compose(text, path)
    return Document(f"/repo/{path}", path, value, positions, tuple(problems))


def resolved(lock: str, environments: str = ENVIRONMENTS, releases: str = RELEASES) -> Resolution:
    files = {"/repo/apps/releases.yaml": document("apps/releases.yaml", releases)}
    locks = {"/repo/apps": document("apps/fairway.lock.yaml", lock)}
    return resolve_repository(document("environments.yaml", environments), files, Findings(), locks)


def release(found: Resolution, environment: str, name: str) -> Release:
    one = found.repository.environment(environment)
    assert one is not None
    release = one.release(name)
    assert release is not None
    return release


def told(found: Resolution) -> list[tuple[str, Severity, str]]:
    return [(item.rule, item.severity, str(item.position)) for item in found.diagnostics]


@pytest.mark.parametrize("environments", [ENVIRONMENTS, OLD_DIALECT], ids=["current", "old"])
def test_an_entry_is_for_a_release_everywhere_or_in_one_environment(environments: str) -> None:
    releases = RELEASES.replace("{reference: stable/redis, version: 1.0.0}", "{dir: redis}")
    found = resolved('web: {image.tag: "1.1", log.tag: "3"}\nprod/web: {image.tag: "1.2"}\n', environments, releases)
    one, other = (release(found, name, "web").locked for name in ("prod", "test"))
    assert [(item.key, item.value, item.entry) for item in one] == [
        ("image.tag", "1.2", "prod/web"),
        ("log.tag", "3", "web"),
    ]
    assert [(item.key, item.value) for item in other] == [("image.tag", "1.1"), ("log.tag", "3")]
    assert str(one[0].position) == "apps/fairway.lock.yaml:2:23"
    assert release(found, "prod", "redis").locked == ()


def test_a_locked_chart_version_is_the_chart_s_version() -> None:
    chart = release(resolved('prod/redis: {chart.version: "1.4.2"}\n'), "prod", "redis").chart
    assert chart is not None
    assert (chart.version, str(chart.position)) == ("1.4.2", "apps/fairway.lock.yaml:1:29")


def test_the_lock_file_is_one_of_the_files_of_the_repository() -> None:
    assert "/repo/apps/fairway.lock.yaml" in resolved('web: {image.tag: "1.1"}').repository.files


@pytest.mark.parametrize(
    ("lock", "rule", "severity", "place"),
    [
        ('wep: {image.tag: "1"}', "unknown-lock", Severity.WARNING, "1:1"),
        ('dev/web: {image.tag: "1"}', "unknown-lock", Severity.WARNING, "1:1"),
        ("web:\n  image.tag: 1.1\n", "wrong-type", Severity.ERROR, "2:14"),
        ("web:\n  image.tag: [a]\n", "wrong-type", Severity.ERROR, "2:14"),
        ("web: 1.1", "wrong-type", Severity.ERROR, "1:6"),
        ("- web", "wrong-type", Severity.ERROR, "1:1"),
        ('web: {"image..tag": "1"}', "bad-value-key", Severity.ERROR, "1:7"),
        ('web: {image.tag: "1.0"}', "needless-lock", Severity.WARNING, "1:18"),
        ("prod/redis: {chart.version: 1.0.0}", "needless-lock", Severity.WARNING, "1:29"),
        ('plain: {image.tag: "1"}', "bad-value", Severity.ERROR, "1:20"),
        ('web: {image.tag: "1.1"}\nweb: {image.tag: "1.2"}', "duplicate-key", Severity.ERROR, "2:1"),
    ],
)
def test_every_mistake_has_its_place(lock: str, rule: str, severity: Severity, place: str) -> None:
    assert told(resolved(lock)) == [(rule, severity, f"apps/fairway.lock.yaml:{place}")]


def test_an_empty_lock_file_locks_nothing() -> None:
    assert told(resolved("# nothing yet\n")) == []
