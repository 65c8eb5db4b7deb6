"""environments.yaml, in the old and the current dialect: the same keys are known in both."""

from __future__ import annotations

from pydantic import Field

from fairway.domain.repository.written.base import Written
from fairway.domain.repository.written.policies import HealthEntry, OwnerEntry, PolicyEntry
from fairway.domain.repository.written.releases import TemplateEntry
from fairway.domain.repository.written.values import ChartValueEntry, Credential


class Gke(Written):
    """Exactly one of zone and region."""

    project: str = Field(description="Google Cloud project")
    cluster_name: str = Field(description="Name of the cluster")
    zone: str | None = Field(None, description="Zone of a zonal cluster", examples=["europe-west1-b"])
    region: str | None = Field(None, description="Region of a regional cluster", examples=["europe-west1"])


class Aks(Written):
    resource_group: str = Field(description="Azure resource group")
    cluster_name: str = Field(description="Name of the cluster")


class Eks(Written):
    region: str = Field(description="AWS region")
    cluster_name: str = Field(description="Name of the cluster")
    profile: str | None = Field(None, description="Profile of the AWS configuration")


class ExistingContext(Written):
    context_name: str = Field(description="Name of a context of the kubeconfig")


class Kubeconfig(Written):
    path: str = Field(description="Path of a kubeconfig, relative to this file")
    context: str | None = Field(None, description="Default: its current context")


class Devcluster(Written):
    name: str | None = Field(None, description="Which one; default: that of `fairway cluster up` without --name")


class Nothing(Written):
    """No settings: write {}."""


class ProviderEntry(Written):
    """Exactly one of its keys."""

    gke: Gke | None = Field(None, description="Google Kubernetes Engine")
    aks: Aks | None = Field(None, description="Azure Kubernetes Service")
    eks: Eks | None = Field(None, description="Amazon Elastic Kubernetes Service")
    minikube: Nothing | None = Field(None, description="The context minikube")
    docker_for_desktop: Nothing | None = Field(None, description="The context docker-desktop")
    existing_context: ExistingContext | None = Field(None, description="A context of the kubeconfig")
    kubeconfig: Kubeconfig | None = Field(None, description="A kubeconfig file")
    in_cluster: Nothing | None = Field(None, description="The cluster that Fairway itself runs in")
    devcluster: Devcluster | None = Field(None, description="A cluster of `fairway cluster up`")


class ParameterEntry(Written):
    name: str = Field(description="Name of the parameter")
    value: str = Field(description="Its value")


class ClusterEntry(Written):
    name: str = Field(description="Name that environments use", examples=["prod"])
    provider: ProviderEntry = Field(description="How to reach it", examples=["{existingContext: {contextName: prod}}"])
    parameters: list[ParameterEntry] | None = Field(None, description="For nameFrom.clusterParam")


class EnvironmentEntry(Written):
    name: str = Field(description="Name of the environment", examples=["prod"])
    cluster_name: str | None = Field(None, description="A cluster of this file")
    provider: ProviderEntry | None = Field(None, description="Old form: the cluster itself instead of clusterName")
    kube_namespace: str = Field(description="Namespace of all releases", examples=["default"])
    releases_files: list[str] | None = Field(None, description="Release files, relative to this file")
    releases: list[str] | None = Field(None, description="Old form of releasesFiles")
    default_values_file: str | None = Field(None, description="Values for every chart release")
    default_values: list[ChartValueEntry] | None = Field(None, description="Values for every chart release")
    policy: PolicyEntry | None = Field(None, description="Default policy of the releases")
    health: list[HealthEntry] | None = Field(None, description="Rules of health for all its releases, after their own")
    protected: bool = Field(False, description="Ask for the environment's name before anything is deleted")
    labels: dict[str, str] | None = Field(None, description="For selecting environments")
    owner: OwnerEntry | None = Field(None, description="Default owner of the releases")


class HelmRepoEntry(Written):
    name: str = Field(description="Name that chart references use", examples=["bitnami"])
    url: str = Field(description="Where its index.yaml is", examples=["https://charts.example.com"])
    ca_file: str | None = Field(None, description="Certificate authority, relative to this file")
    cert_file: str | None = Field(None, description="Client certificate, relative to this file")
    key_file: str | None = Field(None, description="Key of the client certificate, relative to this file")
    username: Credential | None = Field(None, description="Where the user name comes from, e.g. {env: REPO_USER}")
    password: Credential | None = Field(None, description="Where the password comes from")
    token: Credential | None = Field(None, description="Where a bearer token comes from")
    pass_credentials: bool = Field(False, description="Send the login also to other hosts that the index names")


class EnvironmentsFile(Written):
    """environments.yaml."""

    kube_config: str | None = Field(None, description="Kubeconfig for all clusters, relative to this file")
    helm_repos: list[HelmRepoEntry] | None = Field(None, description="Classic chart repositories")
    clusters: list[ClusterEntry] | None = Field(None, description="The clusters")
    environments: list[EnvironmentEntry] = Field(description="The environments", examples=["[]"])
    templates: dict[str, TemplateEntry] | None = Field(None, description="Templates for releases of all files")
