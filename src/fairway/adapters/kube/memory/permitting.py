"""A team's view of a cluster in memory: what its Roles and RoleBindings allow, and Kubernetes' own words otherwise.

As much of RBAC as service accounts need: roles and cluster roles, bound to accounts or to all accounts of a namespace.
The rule not to break: without a binding nothing is allowed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fairway.adapters.kube.memory.cluster import MemoryKube
from fairway.adapters.kube.service_accounts import ServiceAccounts
from fairway.domain.dispatch.teams import TeamAccount, account_of
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.api import ApiResource, Propagation
from fairway.domain.manifests.objects import Object, ObjectRef, group_of

_RBAC = "rbac.authorization.k8s.io/v1"


class MemoryTeams:
    """Implements `services.deployd.ports.TeamIdentity`."""

    def __init__(self, kube: MemoryKube, *, create: bool = False, own_namespaces: bool = False) -> None:
        self._kube = kube
        self._accounts = ServiceAccounts(kube, create=create, clock=lambda: 0.0)
        self._own_namespaces = own_namespaces

    @asynccontextmanager
    async def acting_as(self, team: str) -> AsyncIterator[PermittedKube]:
        account = account_of(team, own_namespace=self._own_namespaces)
        self._accounts.forget(account)
        await self._accounts.require(account)
        yield PermittedKube(self._kube, account)


class PermittedKube:
    """Passes on to the cluster what the account may do."""

    def __init__(self, kube: MemoryKube, account: TeamAccount) -> None:
        self._kube = kube
        self._account = account

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kube, name)

    async def get(self, ref: ObjectRef) -> Object | None:
        await self._check("get", ref, "read")
        return await self._kube.get(ref)

    async def list_objects(self, resource: ApiResource, namespace: str | None, **selectors: str) -> list[Object]:
        await self._check("list", ObjectRef(resource.api_version, resource.kind, namespace or "", ""), "list")
        return await self._kube.list_objects(resource, namespace, **selectors)

    async def apply(self, obj: Object, ref: ObjectRef, **options: Any) -> Object:
        await self._check("patch", ref, "apply")
        if await self._kube.get(ref) is None:
            await self._check("create", ref, "apply")
        return await self._kube.apply(obj, ref, **options)

    async def create(self, obj: Object, ref: ObjectRef) -> Object:
        await self._check("create", ref, "create")
        return await self._kube.create(obj, ref)

    async def replace(self, obj: Object, ref: ObjectRef) -> Object:
        await self._check("update", ref, "update")
        return await self._kube.replace(obj, ref)

    async def patch(self, ref: ObjectRef, patch: Any, **options: Any) -> Object:
        await self._check("patch", ref, "patch")
        return await self._kube.patch(ref, patch, **options)

    async def delete(
        self, ref: ObjectRef, *, propagation: Propagation = "Background", uid: str = "", dry_run: bool = False
    ) -> bool:
        await self._check("delete", ref, "delete")
        return await self._kube.delete(ref, propagation=propagation, uid=uid, dry_run=dry_run)

    async def _check(self, verb: str, ref: ObjectRef, what: str) -> None:
        resource = (await self._kube.discover()).by_ref.get((ref.api_version, ref.kind))
        if resource is None:
            return
        group = group_of(ref.api_version)
        async for rule in self._rules(ref.namespace):
            names = rule.get("resourceNames") or ()
            if (
                _has(rule, "verbs", verb)
                and _has(rule, "apiGroups", group)
                and _has(rule, "resources", resource.plural)
                and (not names or ref.name in names)
            ):
                return
        place = f'in the namespace "{ref.namespace}"' if ref.namespace else "at the cluster scope"
        qualified = f"{resource.plural}.{group}" if group else resource.plural
        raise Forbidden(
            f'{what} {ref}: {qualified} "{ref.name}" is forbidden: User "{self._account.user}" cannot {verb} resource '
            f'"{resource.plural}" in API group "{group}" {place}',
            status=403,
            reason="Forbidden",
        )

    async def _rules(self, namespace: str) -> AsyncIterator[Mapping[str, Any]]:
        bound = [("ClusterRoleBinding", "")] + ([("RoleBinding", namespace)] if namespace else [])
        for kind, where in bound:
            for binding in await self._of(kind, where or None):
                if not any(self._is_meant(subject) for subject in binding.get("subjects") or ()):
                    continue
                role = binding["roleRef"]
                at = where if role["kind"] == "Role" else ""
                found = await self._kube.get(ObjectRef(_RBAC, role["kind"], at, role["name"]))
                for rule in (found or {}).get("rules") or ():
                    yield rule

    async def _of(self, kind: str, namespace: str | None) -> list[Object]:
        return await self._kube.list_objects((await self._kube.discover()).by_ref[_RBAC, kind], namespace)

    def _is_meant(self, subject: Mapping[str, Any]) -> bool:
        return (subject.get("kind"), subject.get("namespace", ""), subject.get("name")) in set(self._names())

    def _names(self) -> Iterator[tuple[str, str, str]]:
        yield ("ServiceAccount", self._account.namespace, self._account.name)
        yield ("User", "", self._account.user)
        yield ("Group", "", "system:serviceaccounts")
        yield ("Group", "", f"system:serviceaccounts:{self._account.namespace}")
        yield ("Group", "", "system:authenticated")


def _has(rule: Mapping[str, Any], part: str, word: str) -> bool:
    values = rule.get(part) or ()
    return word in values or "*" in values
