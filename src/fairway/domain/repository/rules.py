"""Every rule of the format: its id, and what it says. docs/spec/lint.md has a section for each; SARIF carries them.

The rule not to break: ids are a contract. They may be added, never renamed.
"""

from __future__ import annotations

FORMAT_RULES: dict[str, str] = {
    "yaml-syntax": "The file is not readable YAML.",
    "duplicate-key": "A key stands twice in the same map.",
    "unknown-key": "A key that the format does not have.",
    "missing-key": "A key that must be there is not.",
    "wrong-type": "A value is not of the type that the key takes.",
    "bad-value": "A value is not one of those that the key takes.",
    "missing-file": "A file or folder that is named does not exist or cannot be read.",
    "not-a-chart": "The folder named as a chart has no Chart.yaml.",
    "duplicate-name": "Two clusters, environments, Helm repositories, or releases of an environment share a name.",
    "bad-name": "A name that Kubernetes or Helm does not take.",
    "unknown-cluster": "An environment names a cluster that is not declared.",
    "one-provider": "A provider has no key or more than one, or an environment has both clusterName and provider.",
    "gke-location": "A gke provider has not exactly one of zone and region.",
    "one-workload": "A release has neither or both of chart and resourceFiles.",
    "bad-chart": "A chart has neither or both of dir and reference, or a reference of unknown form.",
    "missing-chart-version": "A chart reference has no version.",
    "unknown-helm-repo": "A chart reference names a Helm repository that is not declared.",
    "one-trigger": "A trigger is not exactly one of image and chart, or trigger and triggers are both given.",
    "bad-track": "A track that does not exist.",
    "bad-value-key": "The key of a value is not a dotted path.",
    "one-value": "A value has neither or both of value and valueFrom, or valueFrom not exactly one source.",
    "duplicate-value": "A value's key stands twice in one list; the later one wins.",
    "lossy-scalar": "An unquoted scalar is read as something that looks different.",
    "unknown-cluster-parameter": "nameFrom.clusterParam names a parameter that the cluster does not have.",
    "plain-credential": "A credential of a Helm repository is written into the file.",
    "unknown-release": "needs or valueFrom.output names a release that the environment does not have.",
    "needs-itself": "A release needs itself.",
    "min-version": "The chart of a needed release is older than minVersion, or has no version.",
    "needs-cycle": "Releases need each other in a circle.",
    "unknown-strategy": "A rollout strategy that does not exist.",
    "unknown-gate": "A gate that does not exist.",
    "bad-duration": "A duration is not written as 90s, 5m or 1h30m.",
    "bad-share": "A share is not between 0% and 100%.",
    "bad-list-merge": "A listMerge entry is not exactly one of replace, append and byKey.",
    "bad-patch": "A patch is not exactly one of json6902 and strategicMerge, or is not well-formed.",
    "bad-health": "A rule of health has not exactly one of equals and in, or a path that cannot be read.",
    "unknown-template": "extends names a template that does not exist.",
    "extends-cycle": "Templates extend each other in a circle.",
    "unknown-parameter": "A release gives a parameter that its templates do not declare.",
    "missing-parameter": "A template's parameter without default is not given.",
    "unknown-placeholder": "A {{placeholder}} in a template is no parameter and stays as it is.",
    "unused-template": "A template that nothing extends.",
    "old-form": "An old form that has a newer one.",
}

RENDERED_RULES: dict[str, str] = {
    "chart-not-found": "A chart, or its version, is not where the reference says.",
    "not-reached": "A place that charts or values come from did not answer; the release was not rendered.",
    "bad-values": "The values of a release cannot be put together.",
    "unknown-value": "A value is not known where lint runs; the release was not rendered.",
    "values-schema": "The values break the schema of the chart.",
    "render-failed": "A template of the chart fails with these values.",
    "bad-object": "A rendered document is no Kubernetes object, or the same one as another document of the release.",
    "duplicate-object": "Two releases declare the same object.",
    "api-removed": "An API version that the target version of Kubernetes no longer has.",
    "api-deprecated": "An API version that a later version of Kubernetes will not have.",
    "unknown-kind": "A kind that the target does not serve.",
    "no-schema": "A custom resource whose schema is not known was not checked.",
    "unknown-field": "A field that the kind does not have.",
    "wrong-field-type": "A field is not of the type that the kind's schema says.",
    "missing-field": "A field that must be there is not.",
    "bad-field-value": "A field is not one of the values, or not of the form, that the kind's schema says.",
    "unpinned-image": "A container image without a version: no tag, or latest, and no digest.",
}

RULES = {**FORMAT_RULES, **RENDERED_RULES}
