"""Which documents are hooks, and in which order the hooks of an event run.

Source: Helm v4, pkg/release/v1/util/manifest_sorter.go and pkg/action/hooks.go. A document that names an event Helm
does not know is neither hook nor manifest: Helm drops it without a word, and so do we (lint is where it is reported).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from fairway.domain.manifests.head import Head
from fairway.domain.manifests.split import GO_SPACE
from fairway.domain.releases.revision import Hook, HookDeletePolicy, HookEvent

HOOK = "helm.sh/hook"
HOOK_WEIGHT = "helm.sh/hook-weight"
HOOK_DELETE_POLICY = "helm.sh/hook-delete-policy"
HOOK_OUTPUT_LOG_POLICY = "helm.sh/hook-output-log-policy"

_EVENTS: dict[str, HookEvent] = {event.value: event for event in HookEvent} | {"test-success": HookEvent.TEST}
_POLICIES: dict[str, HookDeletePolicy] = {policy.value: policy for policy in HookDeletePolicy}
_WEIGHT = re.compile(r"[+-]?[0-9]+")


def is_hook(head: Head) -> bool:
    """True also for documents with unknown events, which are dropped."""
    return HOOK in head.annotations


def parse_hook(head: Head, path: str, manifest: str) -> Hook | None:
    """The hook that a document declares; None when one of its events is unknown to Helm."""
    events: list[HookEvent] = []
    for word in _words(head.annotations[HOOK]):
        event = _EVENTS.get(word)
        if event is None:
            return None
        events.append(event)
    return Hook(
        name=head.name,
        kind=head.kind,
        path=path,
        manifest=manifest,
        events=tuple(events),
        weight=_weight(head.annotations.get(HOOK_WEIGHT, "")),
        delete_policies=_delete_policies(head.annotations.get(HOOK_DELETE_POLICY)),
        output_log_policies=tuple(_words(head.annotations.get(HOOK_OUTPUT_LOG_POLICY))),
    )


def hooks_for(event: HookEvent, hooks: Iterable[Hook]) -> list[Hook]:
    """The hooks to run on `event`, in running order: weight, then name, then as stored (which is by kind).

    A hook that lists the event twice runs twice, as with Helm.
    """
    due = [hook for hook in hooks for listed in hook.events if listed == event]
    return sorted(due, key=lambda hook: (hook.weight, hook.name))


def delete_policy(word: str) -> HookDeletePolicy:
    """A policy word as stored; one that Helm does not know stays as it is and never matches."""
    return _POLICIES.get(word) or cast(HookDeletePolicy, word)


def _delete_policies(annotation: str | None) -> tuple[HookDeletePolicy, ...]:
    if annotation is None:
        return (HookDeletePolicy.BEFORE_CREATION,)
    return tuple(delete_policy(word) for word in _words(annotation))


def _words(annotation: str | None) -> list[str]:
    return [] if annotation is None else [word.strip(GO_SPACE).lower() for word in annotation.split(",")]


def _weight(text: str) -> int:
    return int(text) if _WEIGHT.fullmatch(text) else 0
