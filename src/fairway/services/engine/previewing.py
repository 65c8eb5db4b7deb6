"""A planned release as people see it: every changed object asked for by a server-side dry run, field by field.

Nothing is changed. What the server would default or an admission webhook would add is in the dry run's answer, so
a plan shows exactly what an apply would bring about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from fairway.domain.errors import FairwayError
from fairway.domain.kube_errors import InvalidObject, UnknownKind
from fairway.domain.manifests.diff import differences, masked_keys
from fairway.domain.manifests.displaced import displacing
from fairway.domain.manifests.hooks import hooks_for
from fairway.domain.manifests.managed_fields import foreign_writers
from fairway.domain.manifests.objects import Object, ObjectKey
from fairway.domain.manifests.restarts import restarts
from fairway.domain.manifests.takeover import after_takeover
from fairway.domain.releases import notes
from fairway.domain.releases.plan import FieldChange, InputChange, ObjectAction, ObjectChange, ReleasePlan
from fairway.domain.releases.revision import Hook
from fairway.domain.releases.state import Action
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.applying import Owner, immutable_fields, replaces, to_apply, way_out
from fairway.services.engine.change import AFTER, BEFORE, Change
from fairway.services.engine.content import Document
from fairway.services.engine.planning import Planned
from fairway.services.engine.session import Session

DRY_RUNS_AT_ONCE = 16
CHANGED_BY = "changed by "


class Previewing:
    """Turns planned releases into plans for people; the secrets that were met are never shown."""

    def __init__(self, session: Session, secrets: SecretRegister) -> None:
        self._session = session
        self._secrets = secrets
        self._room = asyncio.Semaphore(DRY_RUNS_AT_ONCE)

    async def preview(self, planned: Planned, environment: str) -> ReleasePlan:
        """The plan of one release. A refusal of the API server is part of the plan, not an error."""
        change = planned.change
        labels = dict(planned.inputs.release.labels) if planned.inputs else {}
        needs = tuple(n.release for n in planned.inputs.release.needs) if planned.inputs else ()
        plan = ReleasePlan(
            environment=environment,
            release=planned.name,
            namespace=planned.namespace,
            state=planned.state,
            action=planned.action,
            reason=planned.reason,
            from_revision=planned.latest.version if planned.latest else 0,
            chart_before=planned.previous.chart_label if planned.previous else "",
            inputs=tuple(input_changes(planned)),
            inputs_digest=planned.inputs.digest if planned.inputs else "",
            labels=labels,
            needs=needs,
        )
        if change is None:
            return plan
        if planned.previous:
            self._secrets.add_earlier_values(planned.previous.config)
        documents = change.content.by_key
        drifted = {ref.key for ref in planned.drifted}
        objects = await asyncio.gather(
            *(self._detail(change, documents.get(o.ref.key), o, drifted) for o in planned.objects)
        )
        shown = tuple(o for o in objects if o is not None)
        metadata = change.content.chart.get("metadata") or {}
        return replace(
            plan,
            objects=shown,
            hooks=() if planned.action is Action.CORRECT else hooks_of(change),
            chart_after=f"{metadata.get('name', '')}-{metadata.get('version', '')}",
            content_digest=change.content.digest,
            warnings=tuple(
                o.reason
                for o in shown
                if o.action is ObjectAction.UPDATE and o.reason and not o.reason.startswith(CHANGED_BY)
            ),
        )

    async def _detail(
        self, change: Change, document: Document | None, shown: ObjectChange, drifted: Collection[ObjectKey]
    ) -> ObjectChange | None:
        if document is None or shown.action is ObjectAction.UNCHANGED:
            return shown
        async with self._room:
            if shown.action is ObjectAction.CREATE:
                created = await self._created(change, document, shown)
                gone = document.ref.key in drifted and not created.reason
                return replace(created, reason="was deleted") if gone else created
            return await self._updated(change, document, shown, is_drifted=document.ref.key in drifted)

    async def _created(self, change: Change, document: Document, shown: ObjectChange) -> ObjectChange:
        try:
            await self._session.kube.apply(self._desired(change, document, None), document.ref, dry_run=True)
        except UnknownKind:
            return replace(shown, reason="its kind is not served yet")
        except FairwayError as error:
            if "not found" in error.message and "namespace" in error.message:
                return shown
            return replace(shown, reason=error.message)
        return shown

    async def _updated(
        self, change: Change, document: Document, shown: ObjectChange, *, is_drifted: bool
    ) -> ObjectChange | None:
        kube = self._session.kube
        live = await kube.get(document.ref)
        if live is None:
            return replace(shown, action=ObjectAction.CREATE)
        try:
            wanted = await kube.apply(
                self._desired(change, document, change.live.get(document.ref.key)), document.ref, dry_run=True
            )
        except InvalidObject as error:
            if displacing(document.object, live):
                return replace(shown, reason=changed_by(live))
            return self._refused(change, document, shown, error)
        except FairwayError as error:
            return replace(shown, reason=error.message)
        before = [old.object for content in change.base if (old := content.by_key.get(document.ref.key))]
        wanted = after_takeover(live, wanted, before)
        fields = differences(live, wanted, secrets=self._secrets)
        return replace(
            shown,
            action=ObjectAction.UPDATE if fields else ObjectAction.UNCHANGED,
            fields=fields,
            masked_keys=masked_keys(fields),
            restarts=restarts(live, wanted),
            reason=changed_by(live) if is_drifted and fields else shown.reason,
        )

    def _refused(self, change: Change, document: Document, shown: ObjectChange, error: InvalidObject) -> ObjectChange:
        immutable = immutable_fields(error)
        if not immutable:
            return replace(shown, reason=error.message)
        fields = tuple(FieldChange(path, None, None) for path in immutable)
        reason = f"{', '.join(immutable)} can't be changed in place"
        if replaces(change.policy, document.ref):
            return replace(shown, action=ObjectAction.REPLACE, reason=reason)
        return replace(shown, fields=fields, reason=f"{reason}; {way_out(document.ref)}")

    def _desired(self, change: Change, document: Document, live: dict[str, object] | None) -> dict[str, object]:
        return to_apply(Owner(change.release, change.namespace, change.policy), document, live)


def changed_by(live: Object) -> str:
    """`changed by kubectl-set, kubectl-edit`; empty when nobody else wrote to the object."""
    writers = ", ".join(dict.fromkeys(writer.manager for writer in foreign_writers(live)))
    return f"{CHANGED_BY}{writers}" if writers else ""


def hooks_of(change: Change) -> tuple[Hook, ...]:
    """The hooks that carrying out would run, in running order."""
    hooks = change.content.hooks
    return (*hooks_for(BEFORE[change.operation], hooks), *hooks_for(AFTER[change.operation], hooks))


def input_changes(planned: Planned) -> list[InputChange]:
    """Which inputs differ from those of the stored revision; empty when it was not Fairway that stored it."""
    if planned.inputs is None or planned.latest is None:
        return []
    before, now = notes.decode_parts(planned.latest.notes_to_self), dict(planned.inputs.parts)
    if not before:
        return []
    return [
        InputChange(name, before.get(name, ""), now.get(name, ""))
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
