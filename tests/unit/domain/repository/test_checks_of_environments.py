"""Every rule about environments.yaml, in both dialects."""

import pytest

from fairway.domain.repository.rules import RULES

CLUSTERS = "clusters: [{name: eu, provider: {minikube: {}}}]\n"

CASES = {
    "no environments": ("«clusters: []\n", [("missing-key", '"environments" is missing')]),
    "unknown top-level key": (
        CLUSTERS + "environments: []\n«enviroments: []\n",
        [("unknown-key", 'unknown key "enviroments"; did you mean "environments"?')],
    ),
    "a kubeConfig that is no path": (
        "environments: []\nkubeConfig: «[a]\n",
        [("wrong-type", "kubeConfig must be a path")],
    ),
    "an unknown cluster": (
        CLUSTERS + "environments:\n  - {name: prod, clusterName: «eu1, kubeNamespace: shop}\n",
        [("unknown-cluster", 'no cluster "eu1"; did you mean "eu"?')],
    ),
    "no cluster": (
        CLUSTERS + "environments:\n  - «{name: prod, kubeNamespace: shop}\n",
        [("missing-key", "has no clusterName")],
    ),
    "a cluster and a provider": (
        CLUSTERS + "environments:\n  - «{name: prod, clusterName: eu, provider: {minikube: {}}, kubeNamespace: shop}\n",
        [("one-provider", "both clusterName and provider")],
    ),
    "no namespace, and everything else still checked": (
        CLUSTERS + "environments:\n  - «{name: «Prod, clusterName: eu}\n",
        [("missing-key", '"kubeNamespace" is missing'), ("bad-name", 'environment "Prod"')],
    ),
    "a bad namespace": (
        CLUSTERS + "environments:\n  - {name: prod, clusterName: eu, kubeNamespace: «shop.prod}\n",
        [("bad-name", 'namespace "shop.prod"')],
    ),
    "an environment twice": (
        CLUSTERS
        + "environments:\n  - {name: prod, clusterName: eu, kubeNamespace: a}\n"
        + "  - {name: «prod, clusterName: eu, kubeNamespace: b}\n",
        [("duplicate-name", 'environment "prod" is declared twice; first in environments.yaml:3:12')],
    ),
    "a cluster twice": (
        "clusters:\n  - {name: eu, provider: {minikube: {}}}\n"
        "  - {name: «eu, provider: {minikube: {}}}\nenvironments: []\n",
        [("duplicate-name", 'cluster "eu" is declared twice')],
    ),
    "a helm repository twice": (
        "helmRepos:\n  - {name: a, url: 'https://x'}\n  - {name: «a, url: 'https://y'}\nenvironments: []\n",
        [("duplicate-name", 'helmRepo "a" is declared twice')],
    ),
    "a repository without url": (
        "helmRepos: [«{name: a}]\nenvironments: []\n",
        [("missing-key", 'helmRepo "a": "url" is missing')],
    ),
    "a repository that is no URL": (
        "helmRepos: [{name: a, url: «charts.example.com}]\nenvironments: []\n",
        [("bad-value", "is no URL")],
    ),
    "a slash in a repository's name": (
        "helmRepos: [{name: «a/b, url: 'https://x'}]\nenvironments: []\n",
        [("bad-name", "no spaces and no slashes")],
    ),
    "a password in the file": (
        "helmRepos: [{name: a, url: 'https://x', password: «hunter2}]\nenvironments: []\n",
        [("plain-credential", "a credential is written into the file")],
    ),
    "a credential out of a cluster": (
        "helmRepos: [{name: a, url: 'https://x', token: «{secret: {name: a, key: b}}}]\nenvironments: []\n",
        [("bad-value", "token cannot come from secret")],
    ),
    "a cluster without provider": (
        "clusters: [«{name: eu}]\nenvironments: [{name: prod, clusterName: eu, kubeNamespace: a}]\n",
        [("missing-key", '"provider" is missing')],
    ),
    "two providers": (
        "clusters: [{name: eu, provider: «{minikube: {}, inCluster: {}}}]\nenvironments: []\n",
        [("one-provider", "provider names minikube and inCluster")],
    ),
    "an empty provider": (
        "clusters: [{name: eu, provider: «{}}]\nenvironments: []\n",
        [("one-provider", "provider names nothing")],
    ),
    "an unknown provider": (
        "clusters: [{name: eu, provider: «{«gce: {}}}]\nenvironments: []\n",
        [("one-provider", "names nothing"), ("unknown-key", 'unknown key "provider.gce"; did you mean "gke"?')],
    ),
    "gke without place": (
        "clusters: [{name: eu, provider: {gke: «{project: p, clusterName: c}}}]\nenvironments: []\n",
        [("gke-location", "neither zone nor region")],
    ),
    "gke in two places": (
        "clusters:\n  - {name: eu, provider: {gke: «{project: p, clusterName: c, zone: z, region: r}}}\n"
        "environments: []\n",
        [("gke-location", "both zone and region")],
    ),
    "gke without project": (
        "clusters: [{name: eu, provider: {gke: «{clusterName: c, zone: z}}}]\nenvironments: []\n",
        [("missing-key", '"provider.gke.project" is missing')],
    ),
    "a parameter twice": (
        "clusters:\n  - name: eu\n    provider: {minikube: {}}\n    parameters:\n"
        "      - {name: ip, value: a}\n      - {name: «ip, value: b}\nenvironments: []\n",
        [("duplicate-name", 'the parameter "ip" is given twice')],
    ),
    "old forms": (
        "environments:\n  - name: prod\n    «provider: {minikube: {}}\n    kubeNamespace: shop\n    «releases: []\n",
        [("old-form", "carries its provider itself"), ("old-form", '"releases" is the old name')],
    ),
    "gke without place in the old dialect": (
        "environments:\n  - name: prod\n    kubeNamespace: shop\n"
        "    «provider:\n      gke: «{project: p, clusterName: c}\n",
        [("old-form", "carries"), ("gke-location", 'environment "prod": gke has neither')],
    ),
    "default values are checked as values": (
        CLUSTERS
        + "environments:\n  - name: prod\n    clusterName: eu\n    kubeNamespace: a\n    defaultValues:\n"
        + "      - {key: a, value: «012}\n      - «{key: b}\n",
        [("lossy-scalar", "012 without quotes is read as 10"), ("one-value", "neither value nor valueFrom")],
    ),
    "policy of an environment": (
        CLUSTERS + "environments: [{name: a, clusterName: eu, kubeNamespace: a, policy: {crds: «never}}]\n",
        [("bad-value", 'no such crds "never"; known: create, skip, upgrade')],
    ),
    "a template nobody extends": (
        "environments: []\ntemplates:\n  «service: {timeout: 1m}\n",
        [("unused-template", 'nothing extends the template "service"')],
    ),
    "templates that are a list": ("environments: []\ntemplates: «[]\n", [("wrong-type", "templates must be a map")]),
}


@pytest.mark.parametrize(("text", "wanted"), CASES.values(), ids=CASES.keys())
def test_a_mistake_in_environments_is_told_where_the_mark_stands(resolve, unmarked, text: str, wanted: list) -> None:
    text, places = unmarked(text)
    found = resolve(text).diagnostics
    said = [one.message for one in found]
    assert sorted((one.rule, str(one.position)) for one in found) == sorted(
        (rule, f"environments.yaml:{place}") for (rule, _), place in zip(wanted, places, strict=True)
    ), said
    assert all(any(part in message for message in said) for _, part in wanted), said
    assert {one.rule for one in found} <= set(RULES)


def test_environments_may_be_a_yaml_file_with_nothing_in_it(resolve) -> None:
    assert [one.rule for one in resolve("").diagnostics] == ["missing-key"]
