"""A plan in a file: everything that `apply --plan` needs to do exactly what was shown, or to refuse.

The file is JSON: the plan as people and programs read it, the rendered content of each release compressed, each chart
once, and a checksum over the whole. The rule not to break: a file that is not exactly as it was written is refused.
The checksum guards against damage and careless editing, not against somebody who means harm: the file holds rendered
Secrets and must be kept like one (mode 0600).
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from fairway.domain.charts.rendering import CrdFile
from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.hooks import delete_policy
from fairway.domain.releases.revision import Hook, HookEvent
from fairway.domain.releases.state import Action

API_VERSION = "fairway.dev/v1"
KIND = "SavedPlan"
VERSION = 1
_NEAT = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True, slots=True)
class SavedContent:
    """What is applied and recorded for one revision, complete: nothing is rendered or fetched again."""

    manifest: str
    hooks: tuple[Hook, ...] = ()
    crds: tuple[CrdFile, ...] = ()
    notes: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    chart: Mapping[str, Any] = field(default_factory=dict)
    chart_digest: str = ""
    """`sha256:…` of the chart's source, for the record. Equal charts stand in the file once."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedRelease:
    """One release of a saved plan. `content` is None where nothing is applied (nothing, refuse, uninstall)."""

    environment: str
    release: str
    cluster: str
    address: str
    namespace: str
    action: Action
    from_revision: int
    inputs_digest: str
    content_digest: str
    content: SavedContent | None = None


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """`plan` is the document of `fairway plan --output json`; `created_at` is RFC 3339."""

    plan: Mapping[str, Any]
    releases: tuple[SavedRelease, ...]
    created_at: str = ""

    def release(self, environment: str, name: str) -> SavedRelease | None:
        return next((r for r in self.releases if (r.environment, r.release) == (environment, name)), None)


def dump(saved: SavedPlan) -> bytes:
    """The file. Equal plans give equal bytes."""
    charts: dict[str, str] = {}
    releases = [_release_out(release, charts) for release in saved.releases]
    body = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "version": VERSION,
        "createdAt": saved.created_at,
        "plan": saved.plan,
        "releases": releases,
        "charts": charts,
    }
    whole = {**body, "checksum": _checksum(body)}
    return orjson.dumps(whole, default=dict, option=_NEAT)


def load(data: bytes, name: str) -> SavedPlan:
    """The plan of a file; `name` is for messages. Raises `UserError` when it is anything else than a whole plan."""
    where = Position(name)
    again = "save the plan again: fairway plan --out " + name
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UserError(f"not a saved plan: {error}", where=where, fix=again) from error
    if not isinstance(whole, dict) or whole.get("kind") != KIND or whole.get("apiVersion") != API_VERSION:
        fix = again
        if isinstance(whole, dict) and whole.get("kind") == "Plan":
            fix = "this is the output of fairway plan --output json; --plan needs the file of fairway plan --out"
        raise UserError("not a saved plan", where=where, fix=fix)
    if whole.get("version") != VERSION:
        raise UserError(
            f"saved in version {whole.get('version')} of the format, this Fairway reads version {VERSION}",
            where=where,
            fix=again,
        )
    body = {key: value for key, value in whole.items() if key != "checksum"}
    if whole.get("checksum") != _checksum(body):
        raise UserError(
            "the saved plan was changed or damaged since it was written; it is not applied", where=where, fix=again
        )
    try:
        charts = {digest: _unpacked(packed) for digest, packed in body["charts"].items()}
        releases = tuple(_release_in(item, charts) for item in body["releases"])
        return SavedPlan(body["plan"], releases, body["createdAt"])
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise UserError(f"the saved plan is incomplete: {error}", where=where, fix=again) from error


def moved(saved: SavedRelease, *, address: str, revision: int, inputs_digest: str) -> tuple[str, ...]:
    """Why a saved release can't be applied any more: sentences for people; empty when it can."""
    reasons: list[str] = []
    if address != saved.address:
        reasons.append(f"it was planned against {saved.address}, this is {address}")
    if revision != saved.from_revision:
        then = f"revision {saved.from_revision}" if saved.from_revision else "not installed"
        now = f"revision {revision}" if revision else "not installed"
        reasons.append(f"it was {then} when the plan was made and is {now} now")
    if inputs_digest != saved.inputs_digest:
        reasons.append("its chart, values or settings were changed since the plan was made")
    return tuple(reasons)


def _release_out(release: SavedRelease, charts: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "environment": release.environment,
        "release": release.release,
        "cluster": release.cluster,
        "address": release.address,
        "namespace": release.namespace,
        "action": release.action.value,
        "fromRevision": release.from_revision,
        "inputsDigest": release.inputs_digest,
        "contentDigest": release.content_digest,
        "content": None,
    }
    if release.content is not None:
        packed = _packed(release.content.chart)
        key = "sha256:" + hashlib.sha256(packed.encode()).hexdigest()
        charts[key] = packed
        out["content"] = _packed(_content_out(release.content))
        out["chart"] = key
    return out


def _content_out(content: SavedContent) -> dict[str, Any]:
    return {
        "manifest": content.manifest,
        "hooks": [_hook_out(hook) for hook in content.hooks],
        "crds": [[crd.path, crd.text] for crd in content.crds],
        "notes": content.notes,
        "config": content.config,
        "chartDigest": content.chart_digest,
        "labels": content.labels,
    }


def _hook_out(hook: Hook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "kind": hook.kind,
        "path": hook.path,
        "manifest": hook.manifest,
        "events": [event.value for event in hook.events],
        "weight": hook.weight,
        "deletePolicies": [str(policy) for policy in hook.delete_policies],
        "outputLogPolicies": list(hook.output_log_policies),
    }


def _release_in(item: Mapping[str, Any], charts: Mapping[str, Any]) -> SavedRelease:
    return SavedRelease(
        environment=item["environment"],
        release=item["release"],
        cluster=item["cluster"],
        address=item["address"],
        namespace=item["namespace"],
        action=Action(item["action"]),
        from_revision=item["fromRevision"],
        inputs_digest=item["inputsDigest"],
        content_digest=item["contentDigest"],
        content=None if item["content"] is None else _content_in(_unpacked(item["content"]), charts[item["chart"]]),
    )


def _content_in(item: Mapping[str, Any], chart: Mapping[str, Any]) -> SavedContent:
    return SavedContent(
        manifest=item["manifest"],
        hooks=tuple(_hook_in(hook) for hook in item["hooks"]),
        crds=tuple(CrdFile(path, text) for path, text in item["crds"]),
        notes=item["notes"],
        config=item["config"],
        chart=chart,
        chart_digest=item["chartDigest"],
        labels=item["labels"],
    )


def _hook_in(item: Mapping[str, Any]) -> Hook:
    return Hook(
        name=item["name"],
        kind=item["kind"],
        path=item["path"],
        manifest=item["manifest"],
        events=tuple(HookEvent(event) for event in item["events"]),
        weight=item["weight"],
        delete_policies=tuple(delete_policy(policy) for policy in item["deletePolicies"]),
        output_log_policies=tuple(item["outputLogPolicies"]),
    )


def _packed(value: Mapping[str, Any]) -> str:
    return b64encode(zlib.compress(orjson.dumps(value, default=dict), 6)).decode()


def _unpacked(text: str) -> Any:
    return orjson.loads(zlib.decompress(b64decode(text, validate=True)))


def _checksum(body: Mapping[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(orjson.dumps(body, default=dict, option=orjson.OPT_SORT_KEYS)).hexdigest()
