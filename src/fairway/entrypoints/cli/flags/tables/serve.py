"""Everything in one process: which clusters, and whether an agent too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fairway.domain.errors import FairwayError, UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.deployd import deployd_of
from fairway.services.deployd.options import DeploydOptions
from fairway.settings import Settings, process_environment

DEVCLUSTER = "devcluster:"

CLUSTERS = Flag(
    "cluster", kinds.pairs("NAME", "CONTEXT"),
    "A cluster to deploy to, and its context: one of the kubeconfig, or devcluster:NAME. Repeat it for more.",
    default="the development cluster if it runs, else the current context", own_variable="FAIRWAY_SERVE_CLUSTERS",
    ours=True,
)  # fmt: skip
KUBECONFIG = Flag("kubeconfig", kinds.NAME, "Where contexts are looked up.", default="KUBECONFIG", ours=True)
AGENT = Flag(
    "agent", kinds.BOOLEAN, "Also follow Git, as fairway agent does, with the environments.yaml that is here.",
    default="false", ours=True, own_variable="FAIRWAY_SERVE_AGENT",
)  # fmt: skip
SERVE = Group("Clusters", (CLUSTERS, KUBECONFIG, AGENT))


@dataclass(frozen=True, slots=True)
class Way:
    """To one cluster."""

    cluster: str
    kubeconfig: str | None = None
    context: str | None = None


def ways(given: Given, settings: Settings) -> list[Way]:
    """At least one. Raises UserError for a development cluster that is not there."""
    kubeconfig: str | None = given.value(KUBECONFIG)
    asked: Mapping[str, str] | None = given.value(CLUSTERS)
    if not asked:
        return [_usual(settings, kubeconfig)]
    return [_way(settings, name, context, kubeconfig) for name, context in asked.items()]


def deployds(given: Given, found: list[Way], group: str) -> list[DeploydOptions]:
    """Each cluster has its own place in the queue; with a group's name given, that and the cluster's."""
    made = [deployd_of(given, way.cluster, kubeconfig=way.kubeconfig, context=way.context) for way in found]
    return [replace(one, group=f"{group}-{one.cluster}") for one in made] if group else made


def _way(settings: Settings, name: str, context: str, kubeconfig: str | None) -> Way:
    if not context.startswith(DEVCLUSTER):
        return Way(name, kubeconfig, context or None)
    return Way(name, _devcluster(settings, context.removeprefix(DEVCLUSTER)))


def _usual(settings: Settings, kubeconfig: str | None) -> Way:
    """A cluster by the name `fairway`, or by that of FAIRWAY_CLUSTER; else what kubectl would take."""
    from fairway.adapters.devcluster import DEFAULT_NAME

    name = process_environment().get("FAIRWAY_CLUSTER") or DEFAULT_NAME
    if kubeconfig is None:
        try:
            return Way(name, _devcluster(settings, name))
        except FairwayError:
            pass
    return Way(_current(kubeconfig), kubeconfig)


def _current(kubeconfig: str | None) -> str:
    """The current context's name. Raises UserError where there is none."""
    from fairway.adapters.kube import kubeconfig as files

    env = process_environment()
    paths, must_exist = files.paths_of(kubeconfig, env)
    current = files.load(paths, must_exist=must_exist).current
    if not current:
        raise UserError(
            "there is no cluster to deploy to", fix="start one with fairway cluster up, or name one with --cluster"
        )
    return current


def _devcluster(settings: Settings, name: str) -> str:
    from fairway.wiring.clusters import dev_clusters

    return str(dev_clusters(settings, lambda text: None).kubeconfig_path(name))
