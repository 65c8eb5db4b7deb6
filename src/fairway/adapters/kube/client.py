"""`KubeClient`: the engine's `Kube` port on a real API server.

Bodies go out as orjson's bytes and come back as plain dictionaries; nothing is modelled. Server-side apply sends JSON
under YAML's content type, which the API server accepts because JSON is YAML.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

from fairway.adapters.kube import paths
from fairway.adapters.kube.answers import NotFound
from fairway.adapters.kube.credentials import Credentials
from fairway.adapters.kube.discovery import discover
from fairway.adapters.kube.listing import METADATA_PAGE, OBJECT_PAGE, list_all
from fairway.adapters.kube.serving import Serving
from fairway.adapters.kube.target import Impersonation
from fairway.adapters.kube.transport import Call, Transport
from fairway.adapters.kube.watch import watch
from fairway.domain.kube_errors import ApiRefusal, Cause, Conflict, InvalidObject, UnknownKind
from fairway.domain.manifests.api import ApiResource, ApiResources, Propagation, WatchEvent
from fairway.domain.manifests.masking import is_secret
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.values.secrets import SecretRegister

FIELD_MANAGER = "helm"
LOG_BYTES = 64 * 1024

_METADATA_LIST = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
_METADATA_WATCH = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
_APPLY = {"Content-Type": "application/apply-patch+yaml"}
_JSON = {"Content-Type": "application/json"}


class KubeClient:
    """One cluster. Made by `open_cluster`; may be used by any number of tasks of one event loop at once."""

    def __init__(self, transport: Transport, serving: Serving | None = None) -> None:
        self._transport = transport
        self._serving = serving or Serving(lambda: discover(transport))

    @property
    def transport(self) -> Transport:
        """For what the API offers beside objects."""
        return self._transport

    def as_another(
        self, *, credentials: Credentials | None = None, impersonation: Impersonation | None = None
    ) -> KubeClient:
        """The same cluster in somebody else's name, over the same connections and with what was discovered so far;
        with warnings of its own. See `Transport.as_another`."""
        transport = self._transport.as_another(credentials=credentials, impersonation=impersonation)
        return KubeClient(transport, self._serving)

    @asynccontextmanager
    async def as_nobody(self) -> AsyncIterator[KubeClient]:
        """The same cluster without credentials, over connections of its own."""
        async with self._transport.as_nobody() as transport:
            yield KubeClient(transport, self._serving)

    @property
    def address(self) -> str:
        """The API server's URL."""
        return self._transport.target.server

    @property
    def context(self) -> str:
        """The kubeconfig context's name, or `in-cluster`."""
        return self._transport.target.name

    @property
    def default_namespace(self) -> str:
        """The context's namespace; empty when it names none."""
        return self._transport.target.namespace

    @property
    def requests(self) -> Counter[str]:
        """Requests sent so far by verb (get, list, watch, apply, create, update, patch, delete, log, discover)."""
        return self._transport.requests

    @property
    def warnings(self) -> Counter[str]:
        """What the server warned of (deprecated versions), with how often."""
        return self._transport.warnings

    @property
    def missing_apis(self) -> tuple[str, ...]:
        """Group versions that are registered but do not answer, as of the last discovery."""
        return self._serving.missing

    async def discover(self, *, fresh: bool = False) -> ApiResources:
        return await self._serving.resources(fresh=fresh)

    async def document(self, path: str) -> Any:
        """A JSON document that the server publishes about itself, e.g. `/openapi/v3`."""
        return orjson.loads(await self._transport.send(Call("discover", "GET", path, f"read {path.partition('?')[0]}")))

    async def get(self, ref: ObjectRef) -> Object | None:
        try:
            resource = await self._serving.resource(ref)
            path = paths.item(resource, ref.namespace, ref.name)
            return _object(await self._transport.send(Call("get", "GET", path, f"read {ref}")))
        except (NotFound, UnknownKind):
            return None

    async def list_metadata(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = ""
    ) -> list[Object]:
        items, _ = await self._list_metadata(resource, namespace, label_selector=label_selector)
        return items

    async def list_objects(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> list[Object]:
        items, _ = await self.list_with_version(
            resource, namespace, label_selector=label_selector, field_selector=field_selector
        )
        return items

    async def list_with_version(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = "", field_selector: str = ""
    ) -> tuple[list[Object], str]:
        """The objects, and the resourceVersion of the list, from which a watch goes on."""
        return await list_all(
            self._transport,
            resource,
            paths.collection(resource, namespace),
            OBJECT_PAGE,
            None,
            what=resource.plural,
            labelSelector=label_selector,
            fieldSelector=field_selector,
        )

    def watch(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[WatchEvent]:
        return watch(
            self._transport,
            self.list_with_version,
            resource,
            namespace,
            label_selector=label_selector,
            field_selector=field_selector,
        )

    def watch_metadata(
        self,
        resource: ApiResource,
        namespace: str | None,
        *,
        label_selector: str = "",
        on_listed: Callable[[], None] = lambda: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[WatchEvent]:
        """As `watch`, but only the objects' metadata; of what vanished while nobody looked only its identity."""
        return watch(
            self._transport,
            self._list_metadata,
            resource,
            namespace,
            label_selector=label_selector,
            headers=_METADATA_WATCH,
            on_listed=on_listed,
            on_lost=on_lost,
            keep=_identity,
        )

    async def read_logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool) -> str:
        path = paths.with_query(
            f"/api/v1/namespaces/{namespace}/pods/{pod}/log",
            container=container,
            tailLines=lines,
            limitBytes=LOG_BYTES,
            previous=previous,
        )
        call = Call("log", "GET", path, f"read the log of pod {pod}", headers={"Accept": "*/*"}, attempts=2)
        try:
            return (await self._transport.send(call)).decode(errors="replace")
        except (NotFound, InvalidObject):
            return ""

    async def apply(
        self, obj: Object, ref: ObjectRef, *, force: bool = True, dry_run: bool = False, manager: str = FIELD_MANAGER
    ) -> Object:
        resource = await self._serving.resource(ref)
        query = f"?fieldManager={manager}&fieldValidation=Strict"
        query += ("&force=true" if force else "") + ("&dryRun=All" if dry_run else "")
        path = paths.item(resource, ref.namespace, ref.name) + query
        return await self._write(Call("apply", "PATCH", path, f"apply {ref}", _body(obj, ref), _APPLY), obj)

    async def create(self, obj: Object, ref: ObjectRef) -> Object:
        resource = await self._serving.resource(ref)
        path = f"{paths.collection(resource, ref.namespace)}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict"
        call = Call("create", "POST", path, f"create {ref}", _body(obj, ref), _JSON, repeatable=False)
        return await self._write(call, obj)

    async def replace(self, obj: Object, ref: ObjectRef) -> Object:
        resource = await self._serving.resource(ref)
        path = paths.item(resource, ref.namespace, ref.name)
        path += f"?fieldManager={FIELD_MANAGER}&fieldValidation=Strict"
        call = Call("update", "PUT", path, f"update {ref}", _body(obj, ref), _JSON, repeatable=False)
        return await self._write(call, obj)

    async def patch(self, ref: ObjectRef, patch: Any, *, content_type: str, manager: str = FIELD_MANAGER) -> Object:
        resource = await self._serving.resource(ref)
        path = f"{paths.item(resource, ref.namespace, ref.name)}?fieldManager={manager}&fieldValidation=Strict"
        headers = {"Content-Type": content_type}
        call = Call("patch", "PATCH", path, f"patch {ref}", _body(patch, ref), headers, repeatable=False)
        return await self._write(call, patch if isinstance(patch, dict) else {})

    async def delete(
        self, ref: ObjectRef, *, propagation: Propagation = "Background", uid: str = "", dry_run: bool = False
    ) -> bool:
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if dry_run:
            options["dryRun"] = ["All"]
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            resource = await self._serving.resource(ref)
            path = paths.item(resource, ref.namespace, ref.name)
            await self._transport.send(Call("delete", "DELETE", path, f"delete {ref}", orjson.dumps(options), _JSON))
        except (NotFound, UnknownKind):
            return False
        except Conflict:
            if not uid:
                raise
            return False
        return True

    async def _write(self, call: Call, obj: Object) -> Object:
        try:
            return _object(await self._transport.send(call))
        except ApiRefusal as error:
            if is_secret(obj):
                _mask(error, obj)
            raise

    async def _list_metadata(
        self, resource: ApiResource, namespace: str | None, *, label_selector: str = "", field_selector: str = ""
    ) -> tuple[list[Object], str]:
        return await list_all(
            self._transport,
            resource,
            paths.collection(resource, namespace),
            METADATA_PAGE,
            _METADATA_LIST,
            what=resource.plural,
            labelSelector=label_selector,
            fieldSelector=field_selector,
        )


def _identity(obj: Object) -> Object:
    metadata = obj["metadata"]
    return {"metadata": {k: metadata[k] for k in ("name", "namespace", "uid", "resourceVersion") if k in metadata}}


def _object(body: bytes) -> Object:
    decoded: Object = orjson.loads(body)
    return decoded


def _body(obj: Any, ref: ObjectRef) -> bytes:
    try:
        return orjson.dumps(obj)
    except TypeError as error:
        raise InvalidObject(f"{ref} can't be written as JSON: {error}") from error


def _mask(error: ApiRefusal, obj: Object) -> None:
    """Servers quote what they refuse, and this was a Secret."""

    secrets = SecretRegister()
    for value in (str(v) for part in ("data", "stringData") for v in (obj.get(part) or {}).values()):
        secrets.add(value)
        with suppress(ValueError):
            secrets.add(base64.b64decode(value, validate=True).decode())
    error.message = secrets.mask(error.message)
    error.args = (error.message,)
    error.causes = tuple(Cause(c.reason, secrets.mask(c.message), c.field) for c in error.causes)
