"""Asks where a `valueFrom` points to: the environment, a file, an object of the cluster, Google, another release.

One rule: each thing outside is asked once per run however many releases name it, except outputs, which change while a
run goes on. Every error carries the position of the `valueFrom` and a way out.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairway.domain.errors import UserError
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import Environment, ValueSource
from fairway.domain.repository.placeholders import fill
from fairway.domain.values.addresses import address_query
from fairway.domain.values.assignments import Sourced
from fairway.domain.values.interpolation import RELEASE, UnsetVariable
from fairway.domain.values.jsonpath import select
from fairway.domain.values.outputs import OutputPending, output_ref
from fairway.domain.values.secrets import NotRead, looks_secret
from fairway.domain.yaml import load
from fairway.services.values.ports import AddressLookup, SecretReader

RELEASE_NAME = "meta.helm.sh/release-name"


@dataclass(frozen=True, slots=True)
class SourcePorts:
    """Where sources are asked; what is None is not to be had here. `offline` asks nothing and says so in the value."""

    variables: Mapping[str, str]
    objects: SecretReader | None = None
    addresses: AddressLookup | None = None
    offline: bool = False


@dataclass(slots=True)
class Sources:
    """The sources of one environment, for one run."""

    environment: Environment
    ports: SourcePorts
    _asked: dict[Any, asyncio.Future[Any]] = field(default_factory=dict)

    async def resolve(self, source: ValueSource, release: str = "") -> Sourced | None:
        """What `source` gives for a release; None when it is optional and there is nothing."""
        known = {
            "environment": self.environment.name,
            "namespace": self.environment.namespace,
            "cluster": self.environment.cluster.name,
        }
        if release:
            known[RELEASE] = release
        settings: dict[str, Any] = fill(dict(source.settings), known)
        match source.kind:
            case "env":
                return self._variable(source, settings)
            case "file":
                return self._file(source, settings)
            case "secret" | "configMap":
                return await self._key_of_object(source, settings)
            case "gceResource":
                return await self._address(source, settings)
            case "output":
                return await self._output(source, settings, release)
            case _:
                raise UserError(
                    f'valueFrom has no kind "{source.kind}"',
                    where=source.position,
                    fix="use one of: gceResource, env, file, configMap, secret, output",
                )

    def _variable(self, source: ValueSource, settings: Mapping[str, Any]) -> Sourced:
        name = str(settings["name"])
        value = self.ports.variables.get(name, settings.get("default"))
        if value is None:
            raise UnsetVariable(
                f"${name} is not set in the environment of this process",
                where=source.position,
                fix=f"export {name}=…, or add default: VALUE",
            )
        return Sourced(value, source.is_secret or looks_secret(name), f"env {name}")

    def _file(self, source: ValueSource, settings: Mapping[str, Any]) -> Sourced:
        path = Path(str(settings["path"]))
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UserError(
                f"cannot read {path}: {reason}", where=source.position, fix="correct the path, or create the file"
            ) from error
        note = f"file {path.name}"
        if not (key := settings.get("key")):
            return Sourced(text, source.is_secret, note)
        value = select(load(text, str(path)), str(key), source.position)
        if value is None:
            raise UserError(f'{path} has no key "{key}"', where=source.position, fix="correct key, or leave it out")
        return Sourced(value, source.is_secret, f"{note}:{key}")

    async def _key_of_object(self, source: ValueSource, settings: Mapping[str, Any]) -> Sourced | None:
        namespace = str(settings.get("namespace") or self.environment.namespace)
        name, key = str(settings["name"]), str(settings["key"])
        kind = "Secret" if source.kind == "secret" else "ConfigMap"
        note = f"{source.kind} {namespace}/{name}:{key}"
        if self.ports.offline:
            return Sourced(_not_read(note), False, note)
        obj = await self._object(ObjectRef("v1", kind, namespace, name), source)
        value = _data(obj, kind, key) if obj else None
        if value is None:
            if settings.get("optional"):
                return None
            has = f'has no key "{key}" in UTF-8 text' if obj else "does not exist"
            raise UserError(
                f"{kind} {name} in namespace {namespace} of cluster {self.environment.cluster.name} {has}",
                where=source.position,
                fix="create it, correct the name, or add optional: true",
            )
        return Sourced(value, source.is_secret, note)

    async def _address(self, source: ValueSource, settings: Mapping[str, Any]) -> Sourced:
        query = address_query(settings, self.environment.cluster, source.position)
        note = f"Google address {query}"
        if self.ports.offline:
            return Sourced(_not_read(note), False, note)
        lookup = self.ports.addresses
        if lookup is None:
            raise UserError(
                "addresses cannot be looked up here", where=source.position, fix="write the address as a value"
            )
        found = await self._once(query, lambda: lookup.address(query))
        if found is None:
            place = f"--region {query.region}" if query.region else "--global"
            raise UserError(
                f"there is no reserved address {query}",
                where=source.position,
                fix=f"gcloud compute addresses create {query.name} {place} --project {query.project}",
            )
        return Sourced(found, source.is_secret, note)

    async def _output(self, source: ValueSource, settings: Mapping[str, Any], release: str) -> Sourced:
        other, path = str(settings["release"]), str(settings["path"])
        ref = output_ref(settings, self.environment.namespace, source.position)
        note = f"output of {other}: {ref} {path}"
        self._check_output(source, other, release)
        if self.ports.offline:
            return Sourced(_not_read(note), False, note)
        obj = await self._reader(source).get(ref)
        fix = f"apply it first: fairway apply {self.environment.name} -r {other}"
        if obj is None:
            raise OutputPending(
                f'{ref} of release "{other}" does not exist yet', release=other, where=source.position, fix=fix
            )
        owner = ((obj.get("metadata") or {}).get("annotations") or {}).get(RELEASE_NAME)
        if owner != other:
            raise UserError(
                f'{ref} does not belong to release "{other}"' + (f' but to "{owner}"' if owner else ""),
                where=source.position,
                fix=f"correct the object's name, or set release: {owner}" if owner else "correct the object's name",
            )
        value = select(obj, path, source.position)
        if value is None:
            raise OutputPending(f"{ref} has no {path} yet", release=other, where=source.position, fix=fix)
        secret = source.is_secret or ref.kind == "Secret"
        if ref.kind == "Secret" and isinstance(value, str):
            value = _decoded(value) or value
        return Sourced(value, secret, note)

    def _check_output(self, source: ValueSource, other: str, release: str) -> None:
        if other == release:
            raise UserError(
                f'release "{release}" takes an output of itself',
                where=source.position,
                fix="take the output of another release",
            )
        if self.environment.release(other) is None:
            raise UserError(
                f'environment "{self.environment.name}" has no release "{other}"',
                where=source.position,
                fix="correct the release's name",
            )

    async def _object(self, ref: ObjectRef, source: ValueSource) -> Object | None:
        reader = self._reader(source)
        found: Object | None = await self._once(ref, lambda: reader.get(ref))
        return found

    def _reader(self, source: ValueSource) -> SecretReader:
        if self.ports.objects is None:
            raise UserError(
                f"valueFrom {source.kind} needs the cluster, which is not connected here",
                where=source.position,
                fix="use --offline to see the other values",
            )
        return self.ports.objects

    async def _once(self, key: Any, ask: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(ask())
        try:
            return await asyncio.shield(self._asked[key])
        except Exception:
            self._asked.pop(key, None)
            raise


def _not_read(note: str) -> NotRead:
    # Templates may write it without quotes, also inside braces: no comma, and no space behind a colon.
    return NotRead(f"(from {note.replace(': ', ' ').replace(',', '')} not read offline)")


def _data(obj: Object, kind: str, key: str) -> str | None:
    """A key's text: Secrets hold base64, ConfigMaps text or (binaryData) base64."""
    data = obj.get("data") or {}
    if kind == "ConfigMap" and isinstance(data.get(key), str):
        return str(data[key])
    encoded = data.get(key) if kind == "Secret" else (obj.get("binaryData") or {}).get(key)
    return _decoded(encoded) if isinstance(encoded, str) else None


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
