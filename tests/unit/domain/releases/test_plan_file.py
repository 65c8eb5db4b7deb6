"""A saved plan comes back exactly as it was, or is refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.charts.rendering import CrdFile
from fairway.domain.errors import UserError
from fairway.domain.manifests.hooks import delete_policy
from fairway.domain.releases.plan_file import SavedContent, SavedPlan, SavedRelease, dump, load, moved
from fairway.domain.releases.revision import Hook, HookDeletePolicy, HookEvent
from fairway.domain.releases.state import Action

HOOK = Hook(
    "migrate",
    "Job",
    "web/templates/job.yaml",
    "kind: Job\n",
    (HookEvent.PRE_UPGRADE, HookEvent.TEST),
    -5,
    (HookDeletePolicy.SUCCEEDED, delete_policy("unknown-to-helm")),
    ("hook-failed",),
)
CHART = {"metadata": {"name": "web", "version": "1.2.3"}, "templates": [{"name": "a", "data": "eA==" * 500}]}
CONTENT = SavedContent(
    manifest="---\n# Source: web/templates/cm.yaml\nkind: ConfigMap\n",
    hooks=(HOOK,),
    crds=(CrdFile("crds/a.yaml", "kind: CustomResourceDefinition\n"),),
    notes="Thank you",
    config={"image": {"tag": "1.2"}, "replicas": 3, "ratio": 0.5, "none": None},
    chart=CHART,
    chart_digest="sha256:aa",
    labels={"tier": "front"},
)
WEB = SavedRelease(
    "prod", "web", "eu-1", "https://127.0.0.1:6443", "shop", Action.UPGRADE, 4, "sha256:11", "sha256:22", CONTENT
)
GONE = replace(WEB, release="gone", action=Action.UNINSTALL, content=None)
PLAN = SavedPlan({"apiVersion": "fairway.dev/v1", "kind": "Plan"}, (WEB, GONE), "2026-11-21T12:00:00Z")


def test_a_plan_comes_back_as_it_was() -> None:
    assert load(dump(PLAN), "plan.json") == PLAN


texts = st.text(max_size=40)
contents = st.builds(
    SavedContent,
    manifest=texts,
    hooks=st.lists(
        st.builds(
            Hook,
            name=texts,
            kind=texts,
            path=texts,
            manifest=texts,
            events=st.lists(st.sampled_from(HookEvent), max_size=3).map(tuple),
            weight=st.integers(-100, 100),
        ),
        max_size=2,
    ).map(tuple),
    notes=texts,
    config=st.dictionaries(texts, st.none() | st.booleans() | texts | st.integers(-(2**53), 2**53), max_size=3),
    chart=st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2),
    labels=st.dictionaries(texts, texts, max_size=2),
)


@given(st.lists(contents, max_size=3))
def test_any_content_survives_saving(some: list[SavedContent]) -> None:
    plan = SavedPlan({}, tuple(replace(WEB, release=str(n), content=content) for n, content in enumerate(some)))
    assert load(dump(plan), "plan.json") == plan


def test_equal_plans_give_equal_bytes() -> None:
    assert dump(PLAN) == dump(SavedPlan(dict(reversed(PLAN.plan.items())), PLAN.releases, PLAN.created_at))


def test_a_chart_of_many_releases_is_kept_once() -> None:
    one = dump(SavedPlan({}, (WEB,)))
    many = dump(SavedPlan({}, tuple(replace(WEB, release=f"web-{n}") for n in range(20))))
    assert len(orjson.loads(many)["charts"]) == 1
    assert len(many) < 20 * len(one)


def test_a_release_is_found_by_environment_and_name() -> None:
    assert PLAN.release("prod", "web") is WEB
    assert PLAN.release("test", "web") is None


def altered(change: dict[str, Any]) -> bytes:
    return orjson.dumps({**orjson.loads(dump(PLAN)), **change})


@pytest.mark.parametrize(
    ("data", "message", "fix"),
    [
        (b"not json", "not a saved plan: ", "fairway plan --out p.json"),
        (dump(PLAN)[:-20], "not a saved plan: ", "fairway plan --out p.json"),
        (b"[]", "not a saved plan", "fairway plan --out p.json"),
        (b'{"apiVersion": "fairway.dev/v1", "kind": "Plan"}', "not a saved plan", "--output json"),
        (b'{"apiVersion": "v1", "kind": "SavedPlan"}', "not a saved plan", "fairway plan --out p.json"),
        (altered({"version": 2}), "this Fairway reads version 1", "fairway plan --out p.json"),
        (altered({"releases": []}), "changed or damaged", "fairway plan --out p.json"),
        (altered({"plan": {"kind": "Other"}}), "changed or damaged", "fairway plan --out p.json"),
        (altered({"checksum": "sha256:00"}), "changed or damaged", "fairway plan --out p.json"),
        (altered({"checksum": None}), "changed or damaged", "fairway plan --out p.json"),
    ],
)
def test_anything_but_a_whole_plan_is_refused(data: bytes, message: str, fix: str) -> None:
    with pytest.raises(UserError) as caught:
        load(data, "p.json")
    assert message in caught.value.message
    assert str(caught.value).startswith("p.json: ")
    assert fix in (caught.value.fix or "")


def test_a_single_changed_character_is_noticed() -> None:
    text = dump(PLAN).decode()
    place = text.index('"shop"') + 1
    with pytest.raises(UserError, match="changed or damaged"):
        load((text[:place] + "x" + text[place + 1 :]).encode(), "p.json")


def test_neatly_rewritten_json_is_still_the_same_plan() -> None:
    assert load(orjson.dumps(orjson.loads(dump(PLAN))), "p.json") == PLAN


NOW = {"address": WEB.address, "revision": 4, "inputs_digest": "sha256:11"}


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({}, None),
        (
            {"address": "https://other:6443"},
            "it was planned against https://127.0.0.1:6443, this is https://other:6443",
        ),
        ({"revision": 5}, "it was revision 4 when the plan was made and is revision 5 now"),
        ({"revision": 0}, "it was revision 4 when the plan was made and is not installed now"),
        ({"inputs_digest": "sha256:33"}, "its chart, values or settings were changed since the plan was made"),
    ],
)
def test_a_plan_does_not_fit_a_world_that_moved(now: dict[str, Any], reason: str | None) -> None:
    assert moved(WEB, **{**NOW, **now}) == (() if reason is None else (reason,))


def test_every_reason_is_told() -> None:
    assert len(moved(WEB, address="x", revision=0, inputs_digest="y")) == 3
