"""What `--check` of the processes looks at: each thing by itself, opened and closed again.

The rule not to break: nothing is deployed or told; what is made is what a start would make: tables, topics, a key file.
Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairway.domain.errors import UserError

if TYPE_CHECKING:
    from fairway.adapters.kube.client import KubeClient
    from fairway.services.access.options import AccessOptions
    from fairway.services.deployd.options import DeploydOptions
    from fairway.services.queue.options import QueueOptions
    from fairway.settings import Settings
    from fairway.wiring.github_deployments import GithubLogin


async def look_at_ledger(settings: Settings) -> str:
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
    from fairway.wiring.ledger import ledger_itself

    await (await ledger_itself(settings)).close()
    kind = read_ledger_url(settings.ledger_url).kind
    return "in memory: gone when the process ends" if kind is LedgerKind.NONE else f"{kind.value} answers"


async def look_at_own_key(settings: Settings) -> str:
    import asyncio

    from fairway.wiring.secretbox import open_secret_box

    await asyncio.to_thread(open_secret_box, settings)
    return f"in {settings.secret_key_file}" if settings.secret_key_file else f"of its own, in {settings.data_dir}"


async def look_at_memory(settings: Settings, cluster: str) -> str:
    from fairway.wiring.deployd import open_outcomes

    outcomes = await open_outcomes(settings, cluster)
    try:
        waiting = len(await outcomes.unreported())
    finally:
        await outcomes.close()
    return f"answers; {waiting} outcomes to report" if waiting else "answers"


async def look_at_queue(settings: Settings, options: QueueOptions) -> str:
    from fairway.wiring.queue import open_correspondence

    async with open_correspondence(settings, options, lambda topic, reason: None) as correspondence:
        await correspondence.queue.check()
    sealed = "signed and encrypted" if options.encryption_keys else "signed"
    where = f"Kafka at {', '.join(options.brokers)}" if options.brokers else "the database"
    return f"{where} answers; messages are {sealed}"


async def look_at_access(settings: Settings, options: AccessOptions) -> str:
    from fairway.wiring.access import open_access

    async with open_access(settings, options) as access:
        found = await access.store.search("", limit=1)
    where = f"bucket {options.bucket}" if options.in_s3 else "the database"
    return f"{where} answers" + ("" if found else "; no repository is registered yet")


async def look_at_github(login: GithubLogin | None) -> str:
    from fairway.adapters.forges.api import Api, Patience, token_login
    from fairway.adapters.forges.github import github_headers
    from fairway.adapters.forges.github.app import App

    if login is None:
        return "is told nothing (--github-enabled=false)"
    headers, patience = github_headers(), Patience(attempts=1, timeout=10)
    if login.app_id:
        app = App(login.api, headers, login.app_id, login.private_key, patience=patience)
        try:
            return f"knows the App as {await app.slug()}"
        finally:
            await app.aclose()
    bearer = token_login({"Authorization": f"Bearer {login.token}"})
    api = Api("GitHub", login.api, bearer, headers=headers, patience=patience)
    try:
        await api.get("rate_limit")
    finally:
        await api.aclose()
    return "takes the token"


async def look_at_cluster(options: DeploydOptions) -> str:
    """Its version. Raises FairwayError when it does not answer."""
    from fairway.adapters.kube import open_cluster

    async with open_cluster(options.kubeconfig, options.context, in_cluster=options.in_cluster) as kube:
        return str((await kube.document("/version")).get("gitVersion", ""))


async def look_at_rights(options: DeploydOptions) -> str:
    """Asks the cluster what this account may do that a deployd does. Raises UserError with all that is missing."""
    from fairway.adapters.kube import open_cluster
    from fairway.services.deployd.options import Identity

    impersonates = options.identity is Identity.IMPERSONATE
    place = "" if options.team_namespaces else "default"
    wanted: list[dict[str, str]] = [
        {"verb": "impersonate", "resource": "serviceaccounts", "namespace": place}
        if impersonates
        else {"verb": "create", "resource": "serviceaccounts", "subresource": "token", "namespace": place},
        {"verb": "list", "resource": "pods"},
        {"verb": "get", "resource": "pods", "subresource": "log"},
        {"verb": "watch", "group": "apps", "resource": "deployments"},
        {"verb": "list", "resource": "events"},
    ]
    if options.auto_create_service_account:
        wanted.append({"verb": "create", "resource": "serviceaccounts", "namespace": place})
    async with open_cluster(options.kubeconfig, options.context, in_cluster=options.in_cluster) as kube:
        missing = [_said(one) for one in wanted if not await _may(kube, one)]
    # A role that names the teams grants this for each of them, and for nobody in general.
    named = f"{wanted[0]['verb']} {_thing(wanted[0])}"
    grave = [one for one in missing if not one.startswith(named)]
    if grave:
        raise UserError(f"this account may not {'; '.join(grave)}", fix="grant it, as the chart's role of deployd does")
    return "may act as teams" if not missing else "may act as those teams that its role names, if any"


async def _may(kube: KubeClient, wanted: dict[str, str]) -> bool:
    from fairway.domain.manifests.objects import ObjectRef

    version = "authorization.k8s.io/v1"
    asked: dict[str, Any] = {
        "apiVersion": version,
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {name: value for name, value in wanted.items() if value}},
    }
    answer = await kube.create(asked, ObjectRef(version, "SelfSubjectAccessReview", "", ""))
    return bool(answer.get("status", {}).get("allowed"))


def _thing(wanted: dict[str, str]) -> str:
    return "/".join(part for part in (wanted["resource"], wanted.get("subresource", "")) if part)


def _said(wanted: dict[str, str]) -> str:
    where = f" in {wanted['namespace']}" if wanted.get("namespace") else ""
    return f"{wanted['verb']} {_thing(wanted)}{where}"
