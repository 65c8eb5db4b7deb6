"""Every field that people write arrives in the resolved model."""

from datetime import timedelta

from fairway.domain.health import HealthRule
from fairway.domain.repository.models import (
    ChartKind,
    CrdPolicy,
    DriftMode,
    FailurePolicy,
    GateKind,
    IgnoreRule,
    ImmutablePolicy,
    ListMerge,
    ListMergeRule,
    Owner,
    PatchKind,
    Policy,
)

MAIN = """\
kubeConfig: ./kubeconfig
helmRepos:
  - name: private
    url: https://charts.example.com/
    caFile: tls/ca.pem
    certFile: tls/cert.pem
    keyFile: tls/key.pem
    username: {env: REPO_USER}
    password: {env: {name: REPO_PASSWORD, sensitive: true}}
    token: {file: ./token}
clusters:
  - name: eu
    provider: {eks: {region: eu-west-1, clusterName: shop, profile: ops}}
    parameters: [{name: ip, value: shop-ip}]
environments:
  - name: prod
    clusterName: eu
    kubeNamespace: shop
    releasesFiles: [releases.yaml]
    defaultValuesFile: defaults.yaml
    protected: true
    labels: {stage: prod}
    owner: {team: shop, slack: "#shop", links: {runbook: https://example.com/r}}
    policy:
      drift: {mode: report, ignore: [{pointers: [/spec/replicas], kind: Deployment}]}
      retries: 1
      prune: {maxReleases: 10%}
    health: [{kind: "*Claim", path: status.ready, equals: true}]
"""
RELEASES = """\
releases:
  - name: api
    chart: {dir: api}
  - name: web
    chart: {reference: private/web, version: ">=1.2 <2"}
    skipDefaultValues: true
    values:
      - {key: a.b, value: {c: [1, x]}}
      - {key: ip, valueFrom: {gceResource: {address: {nameFrom: {clusterParam: ip}, isGlobal: true}}}}
      - {key: ip2, valueFrom: {gceResource: {address: {name: shop}}}}
      - {key: e, valueFrom: {env: {name: X, default: none, sensitive: true}}}
      - {key: f, valueFrom: {file: {path: ../x.json, key: a.b}}}
      - {key: m, valueFrom: {configMap: {name: c, key: k, namespace: other}}}
      - {key: s, valueFrom: {secret: {name: c, key: k, optional: true}}}
      - {key: o, valueFrom: {output: {release: db, kind: Service, name: db, path: "{.spec.clusterIP}"}}}
    needs: [{release: api, minVersion: 2.1.0}, db]
    strategy: rolling
    gates: [readiness, {kind: helmTest, timeout: 90s}]
    health:
      - {kind: Certificate, group: cert-manager.io, path: status.phase, equals: Ready, failed: Refused}
      - {kind: Ship, path: "{.status.masts}", in: [2, 3], failed: [0, none]}
    wait: false
    timeout: 1h30m
    policy:
      drift: {ignore: [{pointers: [/data], name: web-*, namespace: shop}]}
      crds: upgrade
      immutable: replace
      adopt: true
      onFailure: keep
      retries: 3
      history: 5
      prune: {enabled: false, maxObjects: 0.25}
    owner: {squad: front, links: {board: https://example.com/b}}
    listMerge: {env: append, tolerations: replace, hosts: {byKey: name}}
    patches:
      - target: {kind: Deployment, name: web-*, namespace: shop, labels: {app: web}}
        json6902: [{op: add, path: /spec/x, value: 1}]
      - strategicMerge: {kind: Service, metadata: {name: web}, spec: {type: NodePort}}
    labels: {tier: front}
    triggers:
      - chart: {track: MinorVersion, filter: "^1", range: ">=1 <2", preReleases: true}
      - image:
          track: PatchLevel
          filter: -alpine$
          extract: ^v(.*)-alpine$
          range: ~1.4
          preReleases: true
          digest: pin
          platform: linux/arm64
          imagePullSecrets: [registry]
  - name: db
    resourceFiles: [db.yaml, ../shared.yaml]
"""


def test_every_written_field_of_a_release_arrives(resolve) -> None:
    resolution = resolve(MAIN, releases=RELEASES)
    assert not resolution.diagnostics
    web = resolution.repository.environments[0].release("web")
    assert web is not None
    assert web.chart is not None
    assert (web.chart.kind, web.chart.location, web.chart.version) == (ChartKind.REPOSITORY, "private/web", ">=1.2 <2")
    assert web.skip_default_values
    assert web.values[0].value == {"c": [1, "x"]}
    sources = {value.key: value.value_from for value in web.values[1:]}
    assert {key: (one.kind, dict(one.settings)) for key, one in sources.items() if one} == {
        "ip": ("gceResource", {"nameFrom": "ip", "isGlobal": True}),
        "ip2": ("gceResource", {"name": "shop", "isGlobal": False}),
        "e": ("env", {"name": "X", "default": "none", "sensitive": True}),
        "f": ("file", {"path": "/x.json", "key": "a.b", "sensitive": False}),
        "m": ("configMap", {"name": "c", "key": "k", "namespace": "other", "optional": False}),
        "s": ("secret", {"name": "c", "key": "k", "optional": True}),
        "o": ("output", {"release": "db", "kind": "Service", "name": "db", "path": "{.spec.clusterIP}"}),
    }
    assert [key for key, one in sources.items() if one and one.is_secret] == ["e", "s"]
    assert [(need.release, need.min_version) for need in web.needs] == [("api", "2.1.0"), ("db", None)]
    assert [(gate.kind, gate.timeout) for gate in web.gates] == [
        (GateKind.READINESS, None),
        (GateKind.HELM_TEST, timedelta(seconds=90)),
    ]
    assert (web.strategy, web.wait, web.timeout) == ("rolling", False, timedelta(hours=1, minutes=30))
    assert web.policy == Policy(
        drift=DriftMode.REPORT,
        drift_ignore=(
            IgnoreRule(("/spec/replicas",), kind="Deployment"),
            IgnoreRule(("/data",), name="web-*", namespace="shop"),
        ),
        crds=CrdPolicy.UPGRADE,
        immutable=ImmutablePolicy.REPLACE,
        adopt=True,
        on_failure=FailurePolicy.KEEP,
        retries=3,
        history=5,
        prune_max_releases=0.1,
        prune_max_objects=0.25,
        prune=False,
    )
    claims = HealthRule("*Claim", "status.ready", ("true",))
    assert web.health == (
        HealthRule("Certificate", "status.phase", ("Ready",), ("Refused",), "cert-manager.io"),
        HealthRule("Ship", "{.status.masts}", ("2", "3"), ("0", "none")),
        claims,
    )
    links = {"runbook": "https://example.com/r", "board": "https://example.com/b"}
    assert web.owner == Owner(team="shop", squad="front", slack="#shop", links=links)
    assert web.list_merge == (
        ListMerge("env", ListMergeRule.APPEND),
        ListMerge("tolerations", ListMergeRule.REPLACE),
        ListMerge("hosts", ListMergeRule.BY_KEY, "name"),
    )
    json_patch, merge_patch = web.patches
    assert (json_patch.kind, json_patch.target_kind, json_patch.target_name) == (PatchKind.JSON, "Deployment", "web-*")
    assert (json_patch.target_namespace, dict(json_patch.target_labels)) == ("shop", {"app": "web"})
    assert (merge_patch.kind, merge_patch.target_kind, merge_patch.target_name) == (
        PatchKind.STRATEGIC,
        "Service",
        "web",
    )
    assert merge_patch.body["spec"] == {"type": "NodePort"}
    assert dict(web.labels) == {"tier": "front"}
    chart, image = web.chart_triggers[0], web.image_triggers[0]
    assert (chart.track, chart.filter, chart.range, chart.pre_releases) == ("MinorVersion", "^1", ">=1 <2", True)
    assert (image.filter, image.extract, image.range) == ("-alpine$", "^v(.*)-alpine$", "~1.4")
    assert (image.pre_releases, image.pin, image.platform) == (True, True, "linux/arm64")
    assert image.image_pull_secrets == ("registry",)


def test_every_written_field_of_the_environment_and_its_surroundings_arrives(resolve) -> None:
    repository = resolve(MAIN, releases=RELEASES).repository
    assert repository.kube_config == "/repo/kubeconfig"
    (repo,) = repository.helm_repos
    assert (repo.name, repo.url) == ("private", "https://charts.example.com")
    assert (repo.ca_file, repo.cert_file, repo.key_file) == (
        "/repo/tls/ca.pem",
        "/repo/tls/cert.pem",
        "/repo/tls/key.pem",
    )
    assert repo.username is not None
    assert (repo.username.kind, repo.username.settings["name"]) == ("env", "REPO_USER")
    assert repo.password is not None
    assert repo.password.is_secret
    assert repo.token is not None
    assert repo.token.settings["path"] == "/repo/token"
    (prod,) = repository.environments
    assert prod.cluster.provider.settings == {"region": "eu-west-1", "clusterName": "shop", "profile": "ops"}
    assert prod.cluster.parameters == {"ip": "shop-ip"}
    assert (prod.namespace, prod.protected, prod.default_values_file) == ("shop", True, "/repo/defaults.yaml")
    assert (prod.policy.retries, prod.policy.prune_max_releases) == (1, 0.1)
    assert dict(prod.labels) == {"stage": "prod"}
    plain = prod.release("api")
    assert plain is not None
    assert (plain.policy, plain.owner) == (prod.policy, prod.owner)
    assert plain.health == (HealthRule("*Claim", "status.ready", ("true",)),)
    assert (plain.timeout, plain.wait, plain.skip_default_values) == (timedelta(minutes=5), True, False)
    db = prod.release("db")
    assert db is not None
    assert db.resource_files == ("/repo/db.yaml", "/shared.yaml")


def test_every_file_that_must_exist_is_listed_with_its_place(resolve) -> None:
    references = resolve(MAIN, releases=RELEASES).references
    assert [(one.path, one.kind.value, str(one.position)) for one in references] == [
        ("/repo/tls/ca.pem", "file", "environments.yaml:5:13"),
        ("/repo/tls/cert.pem", "file", "environments.yaml:6:15"),
        ("/repo/tls/key.pem", "file", "environments.yaml:7:14"),
        ("/repo/token", "file", "environments.yaml:10:19"),
        ("/repo/defaults.yaml", "values file", "environments.yaml:20:24"),
        ("/repo/api", "chart", "releases.yaml:3:18"),
        ("/x.json", "file", "releases.yaml:12:43"),
        ("/repo/db.yaml", "file", "releases.yaml:52:21"),
        ("/shared.yaml", "file", "releases.yaml:52:30"),
    ]


def test_reading_the_output_of_a_release_means_needing_it(resolve) -> None:
    text = RELEASES.replace("    needs: [{release: api, minVersion: 2.1.0}, db]\n", "")
    web = resolve(MAIN, releases=text).repository.environments[0].release("web")
    assert web is not None
    assert [need.release for need in web.needs] == ["db"]


def test_switches_and_modes_can_be_written_alone(resolve) -> None:
    text = "releases: [{name: a, chart: {dir: c}, policy: {prune: false, drift: ignore}}]\n"
    policy = resolve(MAIN, releases=text).repository.environments[0].releases[0].policy
    assert (policy.prune, policy.drift, policy.prune_max_releases) == (False, DriftMode.IGNORE, 0.1)
