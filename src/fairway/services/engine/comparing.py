"""The wanted content against what is stored and what is there: foreign, untouched, created, changed, deleted."""

from __future__ import annotations

from collections.abc import Mapping

from fairway.domain.manifests.objects import Object, ObjectKey
from fairway.domain.manifests.ownership import is_kept, owner_of
from fairway.domain.manifests.takeover import needs_takeover
from fairway.domain.releases.notes import InventoryItem, decode_inventory
from fairway.domain.releases.plan import ObjectAction, ObjectChange
from fairway.domain.releases.revision import RevisionSummary, Status
from fairway.services.engine.applying import is_drifted
from fairway.services.engine.base import Base
from fairway.services.engine.change import Change
from fairway.services.engine.content import Content, Document, source_of
from fairway.services.engine.inputs import ReleaseInputs
from fairway.services.engine.snapshot import Snapshot


def foreign_objects(
    inputs: ReleaseInputs, content: Content, base: Base, live: Mapping[ObjectKey, Object], snapshot: Snapshot
) -> list[str]:
    """One line for each wanted object that exists and is not ours to take."""
    ours = (inputs.environment.namespace, inputs.release.name)
    adopt = inputs.release.policy.adopt
    known = {d.ref.key for c in base.contents for d in c.documents}
    lines: list[str] = []
    for document in content.documents:
        found = live.get(document.ref.key)
        owner = owner_of(found) if found is not None else None
        if owner is None and (first := snapshot.claimed(document.ref.key, ours[1])) != ours[1]:
            # Both would find nobody's object, and the later one would quietly take it.
            lines.append(f"{document.ref} is declared by release {first} too")
            continue
        if found is None:
            continue
        if owner == ours or (owner is None and (document.ref.key in known or adopt)):
            continue
        if owner is None:
            lines.append(f"{document.ref} exists and belongs to no release; take it over with policy: {{adopt: true}}")
        elif adopt and owner[0] == ours[0] and not snapshot.history(owner[1]):
            continue
        elif owner[0] == ours[0] and owner[1] in snapshot.leaving and base.deployed is None:
            # A renamed release: its objects change hands instead of being deleted. Never on an upgrade, whose
            # rollback would delete them.
            snapshot.heirs[owner[1]][document.ref.key] = ours[1]
        else:
            lines.append(f"{document.ref} belongs to release {owner[1]} in namespace {owner[0]}")
    return lines


def untouched_objects(
    inputs: ReleaseInputs,
    latest: RevisionSummary | None,
    content: Content,
    base: Base,
    live: Mapping[ObjectKey, Object],
    *,
    correcting: bool = False,
) -> dict[ObjectKey, InventoryItem]:
    """Objects that need no request: same text as deployed, there, and with the fingerprint that was stored.

    When only drift is corrected, objects that go by themselves are among them: to make one anew would run it again.

    Only when the newest revision is the deployed one: after a failure nothing is taken for granted.
    """
    if latest is None or latest.status is not Status.DEPLOYED or base.deployed is None:
        return {}
    items = decode_inventory(latest.notes_to_self) or {}
    before = base.contents[0].by_key
    untouched: dict[ObjectKey, InventoryItem] = {}
    for key, document in content.by_key.items():
        item, old, found = items.get(key), before.get(key), live.get(key)
        if correcting and item is not None and item.goes_by_itself:
            untouched[key] = item
        if item is None or old is None or found is None or item.goes_by_itself:
            continue
        if not _same_document(old, document) or needs_takeover(found):
            continue
        if not is_drifted(inputs.release.policy, item, found):
            untouched[key] = item
    return untouched


def _same_document(old: Document, new: Document) -> bool:
    return old.text == new.text and old.ref == new.ref


def all_as_applied(
    latest: RevisionSummary | None, content: Content, untouched: Mapping[ObjectKey, InventoryItem]
) -> bool:
    """Whether every object is there as it was applied, but for those that go by themselves."""
    items = (decode_inventory(latest.notes_to_self) or {}) if latest is not None else {}
    return all(key in untouched or (key in items and items[key].goes_by_itself) for key in content.by_key)


def same_content(base: Base, content: Content) -> bool:
    """Rendered anew, and still exactly what is deployed: nothing to record either."""
    deployed = base.deployed
    return (
        deployed is not None
        and base.contents[0].digest == content.digest
        and dict(deployed.config) == dict(content.config)
        and dict(deployed.labels) == dict(content.labels)
        and deployed.chart_label == _chart_label(content)
    )


def _chart_label(content: Content) -> str:
    metadata = content.chart.get("metadata") or {}
    return f"{metadata.get('name', '')}-{metadata.get('version', '')}"


def object_changes(change: Change) -> list[ObjectChange]:
    """What happens to each object, without field-by-field detail."""
    changes: list[ObjectChange] = []
    for document in change.content.documents:
        key = document.ref.key
        if key in change.untouched:
            action = ObjectAction.UNCHANGED
        else:
            action = ObjectAction.UPDATE if key in change.live else ObjectAction.CREATE
        changes.append(ObjectChange(document.ref, action, source=source_of(document.text)))
    wanted = {d.ref.key for d in change.content.documents}
    gone: dict[ObjectKey, ObjectChange] = {}
    for content in change.base:
        for document in content.documents:
            found = change.live.get(document.ref.key)
            if document.ref.key in wanted or found is None:
                continue
            if owner_of(found) == (change.namespace, change.release):
                action = ObjectAction.KEEP if is_kept(found) else ObjectAction.DELETE
                gone[document.ref.key] = ObjectChange(document.ref, action, source=source_of(document.text))
    return [*changes, *gone.values()]
