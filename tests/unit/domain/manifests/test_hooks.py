"""What makes a document a hook, and in which order hooks run."""

from __future__ import annotations

import pytest

from fairway.domain.manifests.head import Head, UnreadableDocument, head_of
from fairway.domain.manifests.hooks import hooks_for, is_hook, parse_hook
from fairway.domain.releases.revision import Hook, HookDeletePolicy, HookEvent

PRE, POST, TEST = HookEvent.PRE_INSTALL, HookEvent.POST_INSTALL, HookEvent.TEST
BEFORE, SUCCEEDED, FAILED = HookDeletePolicy.BEFORE_CREATION, HookDeletePolicy.SUCCEEDED, HookDeletePolicy.FAILED


def parsed(**annotations: str) -> Hook | None:
    names = {
        "hook": "helm.sh/hook",
        "weight": "helm.sh/hook-weight",
        "delete": "helm.sh/hook-delete-policy",
        "log": "helm.sh/hook-output-log-policy",
    }
    head = Head("batch/v1", "Job", "x", {names[key]: value for key, value in annotations.items()})
    assert is_hook(head)
    return parse_hook(head, "c/templates/x.yaml", "text")


@pytest.mark.parametrize(
    ("annotation", "events"),
    [
        ("pre-install", (PRE,)),
        ("pre-install,post-install", (PRE, POST)),
        (" Pre-Install , POST-INSTALL ", (PRE, POST)),
        ("test", (TEST,)),
        ("test-success", (TEST,)),
        ("pre-install,pre-install", (PRE, PRE)),
    ],
)
def test_events_are_a_list_of_words_in_any_case(annotation: str, events: tuple[HookEvent, ...]) -> None:
    hook = parsed(hook=annotation)
    assert hook is not None
    assert hook.events == events


@pytest.mark.parametrize("annotation", ["", "crd-install", "pre-install,crd-install", "test-failure", "pre-install,"])
def test_a_document_with_an_unknown_event_is_dropped(annotation: str) -> None:
    assert parsed(hook=annotation) is None


@pytest.mark.parametrize(
    ("text", "weight"),
    [("5", 5), ("-5", -5), ("+5", 5), ("007", 7), ("", 0), ("high", 0), ("1.5", 0), (" 5", 0), ("1_0", 0), ("٣", 0)],
)
def test_a_weight_is_a_decimal_number_and_else_zero(text: str, weight: int) -> None:
    hook = parsed(hook="test", weight=text)
    assert hook is not None
    assert hook.weight == weight


def test_without_a_delete_policy_a_hook_is_deleted_before_it_is_created_again() -> None:
    hook = parsed(hook="test")
    assert hook is not None
    assert hook.delete_policies == (BEFORE,)


@pytest.mark.parametrize(
    ("annotation", "policies"),
    [
        ("hook-succeeded", (SUCCEEDED,)),
        ("hook-succeeded, HOOK-FAILED", (SUCCEEDED, FAILED)),
        ("hook-suceeded", ("hook-suceeded",)),
        ("", ("",)),
    ],
)
def test_delete_policies_are_kept_as_written_and_only_known_words_match(
    annotation: str, policies: tuple[str, ...]
) -> None:
    hook = parsed(hook="test", delete=annotation)
    assert hook is not None
    assert hook.delete_policies == policies
    assert BEFORE not in hook.delete_policies


def test_log_policies_are_words_too() -> None:
    hook = parsed(hook="test", log="hook-failed, hook-succeeded")
    assert hook is not None
    assert hook.output_log_policies == ("hook-failed", "hook-succeeded")


def hook(name: str, weight: int, *events: HookEvent) -> Hook:
    return Hook(name, "Job", "p", "m", events, weight)


def test_hooks_of_an_event_run_by_weight_then_by_name() -> None:
    hooks = [hook("z", 1, PRE), hook("b", 0, PRE, TEST), hook("a", 0, PRE), hook("c", -3, PRE), hook("d", -9, POST)]
    assert [h.name for h in hooks_for(PRE, hooks)] == ["c", "a", "b", "z"]
    assert [h.name for h in hooks_for(POST, hooks)] == ["d"]
    assert hooks_for(HookEvent.PRE_DELETE, hooks) == []


def test_hooks_equal_in_weight_and_name_keep_their_order_by_kind() -> None:
    account, job = Hook("x", "ServiceAccount", "p", "m", (PRE,)), Hook("x", "Job", "p", "m", (PRE,))
    assert hooks_for(PRE, [account, job]) == [account, job]


HEADS = [
    ({}, Head()),
    ({"metadata": None}, Head()),
    ({"kind": "Job", "apiVersion": "batch/v1", "metadata": {"name": "x", "annotations": None}},
     Head("batch/v1", "Job", "x")),
    ({"metadata": {"name": 12, "annotations": {"a": True, "b": 1.5, "c": None, "d": 3}}},
     Head(name="12", annotations={"a": "true", "b": "1.5", "c": "", "d": "3"})),
]  # fmt: skip


@pytest.mark.parametrize(("document", "head"), HEADS, ids=range(len(HEADS)))
def test_scalars_count_as_their_text(document: dict[str, object], head: Head) -> None:
    assert head_of(document) == head


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"metadata": []}, "metadata must be a mapping, not a list"),
        ({"metadata": {"annotations": "x"}}, "annotations must be a mapping, not a single value"),
        ({"metadata": {"annotations": {"k": {}}}}, r"annotations\.k must be a string, not a mapping"),
        ({"metadata": {"name": ["x"]}}, r"metadata\.name must be a string, not a list"),
        ({"kind": {}}, "kind must be a string"),
    ],
)
def test_what_helm_cannot_decode_is_unreadable(document: dict[str, object], why: str) -> None:
    with pytest.raises(UnreadableDocument, match=why):
        head_of(document)
