"""The engine put together for one environment: cluster, renderer, stored revisions, waiter, values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError, masked_errors
from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from pathlib import Path

    from fairway.adapters.git.facts import GitFacts
    from fairway.adapters.helm.binary import BinaryRenderer
    from fairway.adapters.helm.sdk import SdkRenderer
    from fairway.domain.deployments.record import Run
    from fairway.domain.repository.models import Environment, Repository
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.charts import Charts
    from fairway.services.contexts import ClusterAccess
    from fairway.services.engine.opened import OpenEnvironment
    from fairway.services.engine.ports import RevisionStore
    from fairway.services.engine.recording import LedgerLog
    from fairway.services.recording.recorder import Recorder
    from fairway.services.rendering import OpenRendering, SchemaSource
    from fairway.services.values.ports import Decryptor


@asynccontextmanager
async def open_environment(
    settings: Settings, repository: Repository, environment: Environment, charts: Charts, *, engine: str = "sdk"
) -> AsyncIterator[OpenEnvironment]:
    """One environment's cluster, connected, for as long as the block lasts."""
    from fairway.adapters.holding import ProcessHolding
    from fairway.adapters.kube import open_cluster
    from fairway.adapters.kube.suspensions import KubeSuspensions
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.engine.gathering import Gathering
    from fairway.services.engine.opened import OpenEnvironment
    from fairway.services.engine.session import Session
    from fairway.services.waiting import open_waiter
    from fairway.wiring.clusters import cluster_access
    from fairway.wiring.records import open_store
    from fairway.wiring.values import release_values

    access = cluster_access(settings, repository, environment)
    register = SecretRegister()
    holding = ProcessHolding(settings.user, settings.host)
    renderer = open_renderer(engine, access)
    with masked_errors(register.mask):
        try:
            async with (
                open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster) as kube,
                open_waiter(kube, mask=register.mask) as waiter,
                open_store(settings, kube, now=now) as records,
            ):
                session = Session(
                    kube=kube,
                    store=records,
                    renderer=renderer,
                    waiter=waiter,
                    now=now,
                    holder=holding.holder,
                    life=holding.life,
                    mask=register.mask,
                    suspended=KubeSuspensions(kube, environment.namespace).list,
                )
                values = release_values(environment, register=register, objects=kube)
                gathering = Gathering(environment, charts, values, repository.root)
                yield OpenEnvironment(environment, session, gathering, register)
        finally:
            renderer.close()


@asynccontextmanager
async def open_rendering(
    settings: Settings,
    repository: Repository,
    environment: Environment,
    charts: Charts,
    *,
    engine: str = "sdk",
    kube_version: str | None = None,
    decryptor: Decryptor | None = None,
) -> AsyncIterator[OpenRendering]:
    """What rendering one environment's releases takes, and nothing that could change a cluster.

    With `kube_version` (`newest` is the newest known one) nothing outside is asked: kinds and schemas are the built-in
    ones of that version, `lookup` finds nothing, and values that the cluster holds are stood in for. Without it the
    environment's cluster is asked. Raises `UserError` for an unknown version, and when no cluster can be found.
    """
    from contextlib import AsyncExitStack

    from fairway.domain.kubernetes.builtin import builtin_resources
    from fairway.domain.kubernetes.versions import NEWEST
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.engine.gathering import Gathering
    from fairway.services.rendering import OpenRendering
    from fairway.wiring.clusters import cluster_access
    from fairway.wiring.values import release_values

    register = SecretRegister()
    schemas: SchemaSource
    async with AsyncExitStack() as stack:
        stack.enter_context(masked_errors(register.mask))
        if kube_version is not None:
            from fairway.adapters.openapi.recorded import RecordedSchemas
            from fairway.services.contexts import ClusterAccess

            resources = builtin_resources(NEWEST if kube_version == "newest" else kube_version)
            schemas = RecordedSchemas()
            values = release_values(environment, register=register, offline=True, decryptor=decryptor)
            renderer = open_renderer(engine, ClusterAccess())
        else:
            from fairway.adapters.kube import open_cluster
            from fairway.adapters.openapi.served import ServedSchemas

            access = cluster_access(settings, repository, environment)
            kube = await stack.enter_async_context(
                open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster)
            )
            resources = await kube.discover()
            schemas = ServedSchemas(kube, settings.cache_dir / "openapi")
            values = release_values(environment, register=register, objects=kube, decryptor=decryptor)
            renderer = open_renderer(engine, access)
        stack.callback(renderer.close)
        gathering = Gathering(environment, charts, values, repository.root)
        yield OpenRendering(environment, gathering, renderer, resources, schemas, register, live=kube_version is None)


@asynccontextmanager
async def open_records(access: ClusterAccess) -> AsyncIterator[tuple[RevisionStore, str]]:
    """A cluster's stored revisions, and the namespace of its context (empty when that names none)."""
    import secrets

    from fairway.adapters.helm.secrets import SecretRevisionStore
    from fairway.adapters.kube import open_cluster

    async with open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster) as kube:
        yield SecretRevisionStore(kube, now=now, new_id=lambda: secrets.token_hex(8)), kube.default_namespace


def open_renderer(engine: str, access: ClusterAccess) -> SdkRenderer | BinaryRenderer:
    """`sdk` or `helm`. Raises UserError for any other."""
    if engine == "helm":
        from fairway.adapters.helm.binary import BinaryRenderer

        return BinaryRenderer(kubeconfig=access.kubeconfig, context=access.context)
    if engine != "sdk":
        raise UserError(f'no engine "{engine}"', fix="sdk or helm")
    from fairway.adapters.helm.sdk import SdkRenderer

    return SdkRenderer(kubeconfig=access.kubeconfig, context=access.context)


def begin_run(recorder: Recorder, settings: Settings, facts: GitFacts, action: str) -> Run:
    """The ledger's record of one call of the command line."""
    import sys

    from fairway.domain.deployments.masking import mask_command
    from fairway.domain.deployments.record import Cause, Door

    cause = Cause(
        user=settings.user,
        host=settings.host,
        command=mask_command(["fairway", *sys.argv[1:]]),
        commit=facts.commit,
        branch=facts.branch,
        dirty=facts.dirty,
        subject=facts.subject,
        repository=facts.remote,
    )
    return recorder.begin(Door.CLI, action, cause)


def change_log(
    settings: Settings, recorder: Recorder, run: Run, environment: Environment, secrets: SecretRegister
) -> LedgerLog:
    """Where the changes of one environment are written down."""
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
    from fairway.services.engine.recording import LedgerLog

    kept = read_ledger_url(settings.ledger_url).kind is not LedgerKind.NONE
    return LedgerLog(
        recorder, run, environment=environment.name, cluster=environment.cluster.name, secrets=secrets, findable=kept
    )


def repository_source(repository: Repository, facts: GitFacts) -> str:
    """Which deployments repository this is: `git.url` of fairway.yaml or else `origin`, and the file in it, else the
    file on this machine; so an agent and a person who work for the same repository say the same.

    Written on every revision, so that a run prunes only what its own repository declared.
    """
    from pathlib import Path

    from fairway.domain.repository.remotes import repository_id

    file = Path(repository.environments_file)
    remote = _configured_remote(file, facts.remote)
    return repository_id(remote, f"{facts.prefix}{file.name}") if remote else repository.environments_file


def _configured_remote(file: Path, origin: str) -> str:
    """Origin also when fairway.yaml has mistakes: lint tells them, and deploying by hand does not wait for that."""
    from fairway.domain.configuration import FILE_NAME

    if not (file.parent / FILE_NAME).is_file():
        return origin
    from fairway.services.configuring import load_configuration
    from fairway.wiring.git import address_of

    try:
        return address_of(load_configuration(file), file.parent, origin)
    except UserError:
        return origin
