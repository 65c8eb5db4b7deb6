"""A revision as the bytes that Helm stores: base64 of gzip of JSON.

Two gzip members are written, the second holding the chart (see `stored_chart`); a gzip reader sees one stream, and
Go's, which Helm uses, reads members to the end. Reading takes what Helm 3 and 4 wrote, whichever fields are missing.
The rule not to break: nothing that Helm needs for `rollback`, `upgrade --reuse-values` or `get` may be left out.
Source: Helm v4, pkg/storage/driver/util.go and pkg/release/v1; see docs/spec/records.md.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from fairway.domain.errors import Terminal
from fairway.domain.manifests.hooks import delete_policy
from fairway.domain.releases.revision import Hook, HookDeletePolicy, HookEvent, HookRun, Revision, Status
from fairway.domain.releases.stored_chart import GZIP, StoredChart, gzip_member, to_json

_MAGIC = b"\x1f\x8b\x08"
_CHART = b',"chart":'
_EVENTS: dict[str, HookEvent] = {event.value: event for event in HookEvent} | {"test-success": HookEvent.TEST}
_STATUSES = {status.value: status for status in Status}


def encode(revision: Revision) -> bytes:
    """The value of a record's `release` key (the API's own base64 of a Secret is not included)."""
    return base64.b64encode(pack(revision))


def decode(data: bytes) -> Revision:
    """The inverse of `encode`; labels and notes to self live on the storage object and come back empty.

    Raises `Terminal` when the bytes are no record.
    """
    try:
        return unpack(base64.b64decode(data.strip(), validate=True))
    except binascii.Error as error:
        raise Terminal(f"the stored revision is not base64: {error}") from error


def pack(revision: Revision) -> bytes:
    """The record without its base64."""
    head = to_json(_head_to_json(revision))
    return gzip_member(head[:-1] + _CHART) + StoredChart.of(revision.chart).packed


def unpack(data: bytes) -> Revision:
    """The inverse of `pack`; also reads JSON that was stored uncompressed, as early Helm did."""
    try:
        text, chart = _decompress(data) if data.startswith(_MAGIC) else (data, None)
        record = orjson.loads(text)
        if not isinstance(record, dict):
            raise Terminal("the stored revision is not a JSON object")
        return _from_json(record, chart)
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise Terminal(f"the stored revision is damaged: {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise Terminal(f"the stored revision has a field of the wrong type: {error}") from error


def _decompress(data: bytes) -> tuple[bytes, StoredChart | None]:
    reader = zlib.decompressobj(GZIP)
    text = reader.decompress(data)
    rest = reader.unused_data
    if not reader.eof:
        raise zlib.error("the data ends too early")
    if rest.startswith(_MAGIC) and text.endswith(_CHART):
        return text[: -len(_CHART)] + b"}", StoredChart(None, packed=rest)
    while rest.startswith(_MAGIC):
        reader = zlib.decompressobj(GZIP)
        text += reader.decompress(rest)
        rest = reader.unused_data
    return text, None


def _head_to_json(revision: Revision) -> dict[str, Any]:
    """Everything but the chart, with Helm's `omitempty`; never empty, so that the chart can follow a comma."""
    info = {
        "first_deployed": _time_text(revision.first_deployed),
        "last_deployed": _time_text(revision.last_deployed),
        "deleted": _time_text(revision.deleted),
        "description": revision.description,
        "status": revision.status.value,
        "rollback_revision": revision.rollback_revision,
        "notes": revision.notes,
    }
    head = {
        "name": revision.name,
        "info": {key: value for key, value in info.items() if value},
        "config": dict(revision.config),
        "manifest": revision.manifest,
        "hooks": [_hook_to_json(hook) for hook in revision.hooks],
        "version": revision.version,
        "namespace": revision.namespace,
        "apply_method": revision.apply_method,
    }
    return {key: value for key, value in head.items() if value}


def _hook_to_json(hook: Hook) -> dict[str, Any]:
    run = {
        "started_at": _time_text(hook.last_run.started_at),
        "completed_at": _time_text(hook.last_run.completed_at),
    }
    fields = {
        "name": hook.name,
        "kind": hook.kind,
        "path": hook.path,
        "manifest": hook.manifest,
        "events": [str(event) for event in hook.events],
        "last_run": {key: value for key, value in run.items() if value} | {"phase": hook.last_run.phase},
        "weight": hook.weight,
        "delete_policies": [str(policy) for policy in hook.delete_policies],
        "output_log_policies": list(hook.output_log_policies),
    }
    return {key: value for key, value in fields.items() if value}


def _from_json(record: Mapping[str, Any], chart: StoredChart | None) -> Revision:
    info = record.get("info") or {}
    return Revision(
        name=record.get("name") or "",
        namespace=record.get("namespace") or "",
        version=int(record.get("version") or 0),
        status=_STATUSES.get(str(info.get("status")), Status.UNKNOWN),
        manifest=record.get("manifest") or "",
        config=record.get("config") or {},
        chart=chart if chart is not None else StoredChart(record.get("chart") or {}),
        hooks=tuple(_hook_from_json(hook) for hook in record.get("hooks") or () if hook),
        first_deployed=_time(info.get("first_deployed")),
        last_deployed=_time(info.get("last_deployed")),
        deleted=_time(info.get("deleted")),
        description=info.get("description") or "",
        notes=info.get("notes") or "",
        apply_method=record.get("apply_method") or "",
        rollback_revision=int(info.get("rollback_revision") or 0),
    )


def _hook_from_json(hook: Mapping[str, Any]) -> Hook:
    run = hook.get("last_run") or {}
    policies = hook.get("delete_policies") or [HookDeletePolicy.BEFORE_CREATION.value]
    return Hook(
        name=hook.get("name") or "",
        kind=hook.get("kind") or "",
        path=hook.get("path") or "",
        manifest=hook.get("manifest") or "",
        events=tuple(_EVENTS.get(event) or cast(HookEvent, event) for event in hook.get("events") or ()),
        weight=int(hook.get("weight") or 0),
        delete_policies=tuple(delete_policy(word) for word in policies),
        output_log_policies=tuple(hook.get("output_log_policies") or ()),
        last_run=HookRun(_time(run.get("started_at")), _time(run.get("completed_at")), run.get("phase") or ""),
    )


def _time_text(moment: datetime | None) -> str | None:
    """RFC 3339; Go refuses a time without zone, so a naive one counts as UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.isoformat().replace("+00:00", "Z")


def _time(text: str | None) -> datetime | None:
    """Go's zero time, the empty string and null all mean "never"; nanoseconds are cut to microseconds."""
    if not text or text.startswith("0001-01-01T"):
        return None
    return datetime.fromisoformat(text)
