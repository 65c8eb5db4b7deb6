"""One environment in two versions: each release gathered on both sides, rendered where its inputs differ, compared.

The rule not to break: what cannot be rendered is its own release's refusal; the others are compared all the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fairway.domain.errors import FairwayError, InvalidInput
from fairway.domain.manifests.diff import differences, masked_keys
from fairway.domain.manifests.hooks import hooks_for
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.origins import with_origins
from fairway.domain.releases.plan import (
    ABSENT,
    MASKED,
    EnvironmentPlan,
    FieldChange,
    InputChange,
    ObjectAction,
    ObjectChange,
    ReleasePlan,
)
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.repository.models import Release
from fairway.services.branches.restarting import restarting
from fairway.services.engine.building import build
from fairway.services.engine.change import AFTER, BEFORE, Operation
from fairway.services.engine.content import Content, source_of
from fairway.services.engine.inputs import ReleaseInputs
from fairway.services.rendering import OpenRendering

AT_ONCE = 16


class EnvironmentComparison:
    """One environment on both sides."""

    def __init__(self, before: OpenRendering | None, after: OpenRendering | None, only: frozenset[str]) -> None:
        self._before = before
        self._after = after
        self._only = only
        self._room = asyncio.Semaphore(AT_ONCE)

    async def plan(self) -> EnvironmentPlan:
        opened = self._after or self._before
        assert opened is not None
        environment = opened.environment
        old = {r.name: r for r in self._before.environment.releases} if self._before else {}
        new = {r.name: r for r in self._after.environment.releases} if self._after else {}
        names = [name for name in dict.fromkeys((*new, *old)) if not self._only or name in self._only]
        plans = await asyncio.gather(*(self._release(name, old.get(name), new.get(name)) for name in names))
        return EnvironmentPlan(
            environment.name,
            environment.cluster.name,
            environment.namespace,
            "",
            tuple(plans),
            protected=environment.protected,
        )

    async def _release(self, name: str, old: Release | None, new: Release | None) -> ReleasePlan:
        async with self._room:
            blank = self._blank(name, new or old)
            try:
                after = await _gathered(self._after, new)
            except InvalidInput:
                raise
            except FairwayError as error:
                return replace(blank, state=ReleaseState.FAILED, action=Action.REFUSE, reason=self._told(error))
            try:
                before, trouble = await _gathered(self._before, old), ""
            except FairwayError as error:
                before, trouble = None, f"it cannot be rendered as it was before: {self._told(error)}"
            if before and after and before.digest == after.digest and before.provable and after.provable:
                return blank
            try:
                return await self._compared(blank, before, after, trouble)
            except FairwayError as error:
                return replace(blank, state=ReleaseState.FAILED, action=Action.REFUSE, reason=self._told(error))

    def _blank(self, name: str, release: Release | None) -> ReleasePlan:
        opened = self._after or self._before
        assert opened is not None
        needs = tuple(need.release for need in release.needs) if release else ()
        return ReleasePlan(
            environment=opened.environment.name,
            release=name,
            namespace=opened.environment.namespace,
            state=ReleaseState.CURRENT,
            action=Action.NOTHING,
            labels=dict(release.labels) if release else {},
            needs=needs,
        )

    async def _compared(
        self, blank: ReleasePlan, before: ReleaseInputs | None, after: ReleaseInputs | None, trouble: str
    ) -> ReleasePlan:
        new = await _built(self._after, after, is_upgrade=before is not None)
        try:
            old = await _built(self._before, before, is_upgrade=True)
        except FairwayError as error:
            old, trouble = None, f"it cannot be rendered as it was before: {self._told(error)}"
        objects = [one for one in self._objects(old, new) if one.action is not ObjectAction.UNCHANGED]
        if not objects and not trouble and before and after and not _chart_differs(old, new):
            return blank
        operation = Operation.UPGRADE if before or trouble else Operation.INSTALL
        plan = replace(
            blank,
            state={True: ReleaseState.OUTDATED, False: ReleaseState.ABSENT}[operation is Operation.UPGRADE],
            action=Action.UPGRADE if operation is Operation.UPGRADE else Action.INSTALL,
            objects=tuple(objects),
            hooks=(*hooks_for(BEFORE[operation], new.hooks), *hooks_for(AFTER[operation], new.hooks)) if new else (),
            chart_before=_chart(old),
            chart_after=_chart(new),
            reason=trouble,
            inputs=_input_changes(before, after),
            inputs_digest=after.digest if after else "",
            content_digest=new.digest if new else "",
        )
        if after is None:
            return replace(plan, state=ReleaseState.UNWANTED, action=Action.UNINSTALL, reason="no longer declared")
        return await self._with_lines(plan, after.release)

    def _objects(self, old: Content | None, new: Content | None) -> list[ObjectChange]:
        before = old.by_key if old else {}
        after = new.by_key if new else {}
        found: list[ObjectChange] = []
        for key, document in after.items():
            was = before.get(key)
            source = source_of(document.text)
            if was is None:
                found.append(ObjectChange(document.ref, ObjectAction.CREATE, source=source))
            else:
                found.append(
                    self._changed(
                        ObjectChange(document.ref, ObjectAction.UPDATE, source=source), was.object, document.object
                    )
                )
        found += [
            ObjectChange(document.ref, ObjectAction.DELETE, source=source_of(document.text))
            for key, document in before.items()
            if key not in after
        ]
        return found

    def _changed(self, shown: ObjectChange, old: Object, new: Object) -> ObjectChange:
        now = self._after or self._before
        assert now is not None
        fields = differences(old, new, secrets=now.secrets)
        if self._before:
            fields = tuple(_masked_too(field, self._before) for field in fields)
        if not fields:
            return replace(shown, action=ObjectAction.UNCHANGED)
        pods, words = restarting(old, new)
        return replace(shown, fields=fields, masked_keys=masked_keys(fields), restarts=pods, reason=words)

    async def _with_lines(self, plan: ReleasePlan, release: Release) -> ReleasePlan:
        """The line of the repository behind each changed field, where it is known."""
        if self._after is None or not any(one.fields for one in plan.objects):
            return plan
        written = await self._after.gather.written(release)
        return replace(plan, objects=tuple(replace(o, fields=with_origins(o.fields, written)) for o in plan.objects))

    def _told(self, error: FairwayError) -> str:
        text = f"{error}" + (f" · {error.fix}" if error.fix else "")
        for opened in (self._before, self._after):
            text = opened.secrets.mask(text) if opened else text
        return text


async def _gathered(opened: OpenRendering | None, release: Release | None) -> ReleaseInputs | None:
    if opened is None or release is None:
        return None
    return await opened.gather(release, opened.resources.capabilities())


async def _built(opened: OpenRendering | None, inputs: ReleaseInputs | None, *, is_upgrade: bool) -> Content | None:
    if opened is None or inputs is None:
        return None
    return await build(inputs, opened.renderer, opened.resources, revision=1, is_upgrade=is_upgrade)


def _masked_too(field: FieldChange, opened: OpenRendering) -> FieldChange:
    old, new = (
        side if side is ABSENT or side is MASKED else opened.secrets.mask_tree(side) for side in (field.old, field.new)
    )
    return replace(field, old=old, new=new)


def _input_changes(before: ReleaseInputs | None, after: ReleaseInputs | None) -> tuple[InputChange, ...]:
    if before is None or after is None:
        return ()
    names = sorted(before.parts.keys() | after.parts.keys())
    pairs = ((name, before.parts.get(name, ""), after.parts.get(name, "")) for name in names)
    return tuple(InputChange(name, old, new) for name, old, new in pairs if old != new)


def _chart(content: Content | None) -> str:
    metadata = (content.chart.get("metadata") or {}) if content else {}
    return f"{metadata.get('name', '')}-{metadata.get('version', '')}" if metadata else ""


def _chart_differs(old: Content | None, new: Content | None) -> bool:
    return _chart(old) != _chart(new) or [(h.path, h.manifest) for h in (old.hooks if old else ())] != [
        (h.path, h.manifest) for h in (new.hooks if new else ())
    ]
