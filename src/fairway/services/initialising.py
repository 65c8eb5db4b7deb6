"""What `fairway init` does: fetch a cluster's credentials with its cloud's program, then a context per environment.

The rule not to break: the steps are planned first and carried out after, so that -n shows exactly what would happen.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fairway.domain.errors import UserError
from fairway.domain.repository.contexts import ContextEntry
from fairway.domain.repository.models import Cluster, Environment, Repository
from fairway.services.contexts import context_of, environment_context

_INSTALL = {
    "gcloud": "install the Google Cloud CLI",
    "az": "install the Azure CLI",
    "aws": "install the AWS CLI",
}


class Kubeconfigs(Protocol):
    """Contexts of kubeconfig files; `kubeconfig` None is the usual one."""

    def names(self, kubeconfig: str | None) -> Sequence[str]: ...
    def current(self, kubeconfig: str | None) -> str | None: ...
    def context(self, kubeconfig: str | None, name: str) -> ContextEntry | None: ...
    def write(self, kubeconfig: str | None, name: str, entry: ContextEntry) -> None:
        """Add or replace a context; everything else in the file stays. Raises UserError when it cannot be written."""
        ...


class Programs(Protocol):
    def find(self, name: str) -> str | None:
        """Full path of a program, None when it is not on PATH."""
        ...

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """Run to its end, its output on ours. Raises UserError with the exit code when it fails."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """Run a cloud's program that writes the context of a cluster into the kubeconfig."""

    cluster: Cluster
    command: tuple[str, ...]
    kubeconfig: str | None

    def __str__(self) -> str:
        prefix = f"KUBECONFIG={shlex.quote(self.kubeconfig)} " if self.kubeconfig else ""
        return prefix + shlex.join(self.command)


@dataclass(frozen=True, slots=True)
class EnvironmentContext:
    """Write the context `env:NAME`: the cluster's, with the environment's namespace."""

    environment: Environment
    kubeconfig: str | None
    gitlab: bool = False

    def __str__(self) -> str:
        name = environment_context(self.environment.name)
        source = (
            "the context of GitLab CI" if self.gitlab else f"the context of cluster {self.environment.cluster.name}"
        )
        return f"# write context {name}: {source}, namespace {self.environment.namespace}"


Step = Credentials | EnvironmentContext


def plan_init(
    repository: Repository,
    environments: Sequence[Environment],
    clusters: Sequence[Cluster],
    *,
    contexts_only: bool = False,
    gitlab: bool = False,
) -> list[Step]:
    """The steps for these environments and clusters. With `contexts_only` or `gitlab` no cloud is asked."""
    kubeconfig = repository.kube_config
    steps: list[Step] = []
    if not contexts_only and not gitlab:
        for cluster in {one.name: one for one in (*clusters, *(env.cluster for env in environments))}.values():
            if (command := credentials_command(cluster)) is not None:
                steps.append(Credentials(cluster, command, kubeconfig))
    for environment in environments:
        if gitlab or environment.cluster.provider.kind not in ("inCluster", "kubeconfig", "devcluster"):
            steps.append(EnvironmentContext(environment, None if gitlab else kubeconfig, gitlab))
    return steps


def credentials_command(cluster: Cluster) -> tuple[str, ...] | None:
    """The command that writes a cluster's context; None for providers whose context somebody else makes."""
    settings = {key: str(value) for key, value in cluster.provider.settings.items()}
    match cluster.provider.kind:
        case "gke":
            where = ("--zone", settings["zone"]) if "zone" in settings else ("--region", settings["region"])
            project = ("--project", settings["project"])
            return ("gcloud", "container", "clusters", "get-credentials", settings["clusterName"], *project, *where)
        case "aks":
            names = ("--resource-group", settings["resourceGroup"], "--name", settings["clusterName"])
            return ("az", "aks", "get-credentials", *names, "--overwrite-existing")
        case "eks":
            profile = ("--profile", settings["profile"]) if "profile" in settings else ()
            names = ("--region", settings["region"], "--name", settings["clusterName"])
            return ("aws", "eks", "update-kubeconfig", *names, *profile)
        case _:
            return None


def carry_out(
    steps: Sequence[Step], kubeconfigs: Kubeconfigs, programs: Programs, variables: Mapping[str, str]
) -> None:
    """Do the steps in order. Raises UserError at the first that fails; what was written before stays."""
    for step in steps:
        if isinstance(step, Credentials):
            program = step.command[0]
            if programs.find(program) is None:
                message = f'cluster "{step.cluster.name}" needs the program {program}, which is not on PATH'
                raise UserError(message, where=step.cluster.position, fix=_INSTALL[program])
            programs.run(step.command, {"KUBECONFIG": step.kubeconfig} if step.kubeconfig else {})
        elif step.gitlab:
            _write_from_gitlab(step, kubeconfigs, variables)
        else:
            _write_context(step, kubeconfigs)


def _write_context(step: EnvironmentContext, kubeconfigs: Kubeconfigs) -> None:
    environment = step.environment
    name = context_of(environment.cluster, kubeconfigs.names(step.kubeconfig))
    source = kubeconfigs.context(step.kubeconfig, name) if name is not None else None
    if source is None:
        message = f'cluster "{environment.cluster.name}" has no context in the kubeconfig'
        fix = "run fairway init without --contexts-only, or write the context yourself"
        raise UserError(message, where=environment.cluster.position, fix=fix)
    entry = ContextEntry(source.cluster, source.user, environment.namespace)
    kubeconfigs.write(step.kubeconfig, environment_context(environment.name), entry)


def _write_from_gitlab(step: EnvironmentContext, kubeconfigs: Kubeconfigs, variables: Mapping[str, str]) -> None:
    if not variables.get("KUBECONFIG"):
        fix = "run it in a job that has a Kubernetes agent or cluster, or leave --gitlab out"
        raise UserError("GitLab gave this job no kubeconfig (KUBECONFIG is not set)", fix=fix)
    name = variables.get("KUBE_CONTEXT") or kubeconfigs.current(None)
    source = kubeconfigs.context(None, name) if name else None
    if source is None:
        which = f'no context "{name}"' if name else "no current context"
        known = ", ".join(kubeconfigs.names(None)) or "none"
        raise UserError(f"GitLab's kubeconfig has {which}", fix=f"set KUBE_CONTEXT to one of: {known}")
    entry = ContextEntry(source.cluster, source.user, step.environment.namespace)
    kubeconfigs.write(None, environment_context(step.environment.name), entry)
