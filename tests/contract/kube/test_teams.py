"""Acting as a team: the same laws for impersonation, for tokens, and for a cluster in memory."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.memory.permitting import MemoryTeams
from fairway.adapters.kube.service_accounts import ServiceAccounts
from fairway.adapters.kube.teams import ImpersonatedTeams, open_token_teams
from fairway.adapters.kube.transport import Call
from fairway.domain.dispatch.teams import account_of
from fairway.domain.errors import UserError
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of

RBAC = "rbac.authorization.k8s.io/v1"


@dataclass
class Place:
    """A cluster, a namespace in it, and a way to act in it as a team that no other test knows."""

    kube: Any
    namespace: str
    kind: str
    stack: AsyncExitStack
    team: str

    async def teams(self, *, create: bool = True, own_namespaces: bool = False) -> Any:
        if self.kind == "memory":
            return MemoryTeams(self.kube, create=create, own_namespaces=own_namespaces)
        accounts = ServiceAccounts(self.kube, create=create)
        if self.kind == "token":
            return await self.stack.enter_async_context(
                open_token_teams(self.kube, accounts, own_namespaces=own_namespaces)
            )
        return ImpersonatedTeams(self.kube, accounts, own_namespaces=own_namespaces)

    async def allow(self, *verbs: str, kinds: tuple[str, ...] = ("configmaps",)) -> None:
        """A Role in the namespace, bound to the team's account."""
        account = account_of(self.team, own_namespace=False)
        metadata = {"name": "team", "namespace": self.namespace}
        rules = [{"apiGroups": [""], "resources": list(kinds), "verbs": list(verbs)}]
        role: Object = {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules}
        binding: Object = {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "team"},
            "subjects": [{"kind": "ServiceAccount", "namespace": account.namespace, "name": account.name}],
        }
        for obj in (role, binding):
            await self.kube.apply(obj, ref_of(obj))

    def settings(self) -> Object:
        metadata = {"name": "settings", "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}


@pytest.fixture(
    params=[
        "memory",
        pytest.param("impersonation", marks=pytest.mark.cluster),
        pytest.param("token", marks=pytest.mark.cluster),
    ]
)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    team = f"t{uuid.uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            kube: Any = MemoryKube(namespaces=("default", "team"))
            yield Place(kube, "team", "memory", stack, team)
            return
        cluster, namespace = request.getfixturevalue("cluster"), request.getfixturevalue("namespace")
        kube = await stack.enter_async_context(open_cluster(str(cluster.kubeconfig), cluster.context))
        yield Place(kube, namespace, request.param, stack, team)
        if found := await kube.get(ObjectRef("v1", "ServiceAccount", "default", f"serviceuser-{team}")):
            await kube.delete(ref_of(found))


async def test_without_a_binding_kubernetes_says_who_may_not_do_what(place: Place) -> None:
    settings = place.settings()
    async with (await place.teams()).acting_as(place.team) as kube:
        with pytest.raises(Forbidden) as refused:
            await kube.apply(settings, ref_of(settings), manager="fairway-deployd")
    assert (
        f'configmaps "settings" is forbidden: User "system:serviceaccount:default:serviceuser-{place.team}" cannot '
        f'patch resource "configmaps" in API group "" in the namespace "{place.namespace}"'
    ) in refused.value.message
    assert await place.kube.get(ref_of(settings)) is None


async def test_a_team_may_do_what_its_role_says_and_nothing_else(place: Place) -> None:
    settings = place.settings()
    await place.allow("patch", "create", "get")
    async with (await place.teams()).acting_as(place.team) as kube:
        await kube.apply(settings, ref_of(settings), manager="fairway-deployd")
        assert (await kube.get(ref_of(settings)))["data"] == {"a": "1"}
        with pytest.raises(Forbidden, match="cannot delete resource"):
            await kube.delete(ref_of(settings))
    assert await place.kube.delete(ref_of(settings))


async def test_a_team_that_may_change_but_not_create_is_told_so(place: Place) -> None:
    settings = place.settings()
    await place.allow("patch")
    async with (await place.teams()).acting_as(place.team) as kube:
        with pytest.raises(Forbidden, match="cannot create resource"):
            await kube.apply(settings, ref_of(settings), dry_run=True)
        await place.kube.apply(settings, ref_of(settings))
        await kube.apply({**settings, "data": {"a": "2"}}, ref_of(settings))


async def test_a_dry_run_of_a_deletion_is_refused_as_the_deletion_would_be(place: Place) -> None:
    settings = place.settings()
    await place.kube.apply(settings, ref_of(settings))
    async with (await place.teams()).acting_as(place.team) as kube:
        with pytest.raises(Forbidden, match="cannot delete resource"):
            await kube.delete(ref_of(settings), dry_run=True)
        await place.allow("delete")
        assert await kube.delete(ref_of(settings), dry_run=True)
    assert await place.kube.get(ref_of(settings)) is not None


async def test_the_account_is_made_when_that_is_allowed(place: Place) -> None:
    async with (await place.teams(create=True)).acting_as(place.team):
        pass
    made = await place.kube.get(ObjectRef("v1", "ServiceAccount", "default", f"serviceuser-{place.team}"))
    assert made["metadata"]["labels"]["team"] == place.team
    async with (await place.teams(create=False)).acting_as(place.team):
        pass


async def test_a_missing_account_is_named_when_it_may_not_be_made(place: Place) -> None:
    with pytest.raises(UserError, match=f"has no service account default/serviceuser-{place.team}") as refused:
        async with (await place.teams(create=False)).acting_as(place.team):
            pass
    assert "--auto-create-service-account" in str(refused.value.fix)


async def test_a_team_without_a_namespace_of_its_own_is_told_to_get_one(place: Place) -> None:
    with pytest.raises(UserError, match=f"has no namespace {place.team}"):
        async with (await place.teams(own_namespaces=True)).acting_as(place.team):
            pass


async def test_a_team_can_be_at_home_in_a_namespace_of_its_own(place: Place) -> None:
    teams = await place.teams(own_namespaces=True)
    async with teams.acting_as(place.namespace):
        pass
    account = ObjectRef("v1", "ServiceAccount", place.namespace, f"serviceuser-{place.namespace}")
    assert await place.kube.get(account) is not None


async def test_a_name_that_is_no_name_is_refused_before_anything_is_asked(place: Place) -> None:
    before = place.kube.requests.total()
    with pytest.raises(UserError, match="can't have a service account"):
        async with (await place.teams()).acting_as("default:root"):
            pass
    assert place.kube.requests.total() == before


async def test_a_team_has_the_groups_of_a_service_account_and_no_others(place: Place) -> None:
    if place.kind == "memory":
        pytest.skip("nobody asks there who he is")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    call = Call(
        "create",
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        "ask who this is",
        orjson.dumps(review),
        {"Content-Type": "application/json"},
    )
    async with (await place.teams()).acting_as(place.team) as kube:
        who = orjson.loads(await kube.transport.send(call))["status"]["userInfo"]
    assert who["username"] == f"system:serviceaccount:default:serviceuser-{place.team}"
    assert sorted(who["groups"]) == [
        "system:authenticated",
        "system:serviceaccounts",
        "system:serviceaccounts:default",
    ]
