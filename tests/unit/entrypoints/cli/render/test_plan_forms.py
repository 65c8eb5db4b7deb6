"""A plan as text, Markdown and JSON: golden files, and the laws that no golden file can hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.releases.plan import (
    ABSENT,
    MASKED,
    EnvironmentPlan,
    FieldChange,
    ObjectAction,
    ObjectChange,
    ReleasePlan,
)
from fairway.domain.releases.revision import HookEvent
from fairway.domain.releases.state import Action, ReleaseState
from fairway.entrypoints.cli.render.plan_json import plan_json
from fairway.entrypoints.cli.render.plan_markdown import MARKER, plan_markdown
from fairway.entrypoints.cli.render.plan_text import plan_text
from fairway.entrypoints.cli.render.plan_values import fit, scalar_text, show
from fairway.entrypoints.cli.render.style import clean, version_step

from .plans import APP, CART, ORDERS, PROD, QUIET, WEB, ref

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[5]
SCHEMA = json.loads((ROOT / "docs/spec/schemas/plan.schema.json").read_text())


@pytest.mark.parametrize("width", [80, 120])
def test_a_plan_reads_well(width: int) -> None:
    text = plan_text([PROD, QUIET], color=False, width=width, saved="plan.json")
    assert text + "\n" == (GOLDEN / f"plan-{width}.txt").read_text()


def test_a_plan_makes_a_pull_request_comment() -> None:
    assert plan_markdown([PROD, QUIET]) == (GOLDEN / "plan.md").read_text()


def test_a_plan_is_data() -> None:
    assert plan_json([PROD, QUIET]) == json.loads((GOLDEN / "plan.json").read_text())


def test_colour_only_adds() -> None:
    plain = plan_text([PROD], color=False, width=100)
    colored = plan_text([PROD], color=True, width=100)
    assert [line.rstrip() for line in clean(colored).splitlines()] == plain.splitlines()


def test_what_disappears_is_red() -> None:
    colored = plan_text([PROD], color=True, width=100)
    for name in ("ConfigMap web-config-1b2a", "Deployment mail"):
        [line] = [line for line in colored.splitlines() if name in line]
        assert "\x1b[1;31m" in line


def environment(*releases: ReleasePlan) -> EnvironmentPlan:
    return EnvironmentPlan("prod", "eu-1", "shop", "", releases)


def updated(*fields: FieldChange, **more: Any) -> ReleasePlan:
    return replace(ORDERS, objects=(ObjectChange(ref("ConfigMap", "m"), ObjectAction.UPDATE, fields, **more),))


@pytest.mark.parametrize(
    ("plan", "total"),
    [
        (environment(), "nothing to do"),
        (QUIET, "2 unchanged"),
        (environment(ORDERS), "1 release, 2 objects change"),
        (environment(replace(ORDERS, objects=ORDERS.objects[:1])), "1 release, 1 object changes"),
        (environment(replace(ORDERS, objects=())), "1 release changes"),
        (environment(ORDERS, replace(ORDERS, objects=())), "2 releases, 2 objects change"),
        (environment(CART), "1 refused"),
    ],
)
def test_the_last_line_counts(plan: EnvironmentPlan, total: str) -> None:
    assert plan_text([plan], color=False).splitlines()[-1] == total


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("web-1.9.0", "web-1.9.1", "1.9.0 → 1.9.1"),
        ("my-web-2-1.0.0+b", "my-web-2-1.1.0", "1.0.0+b → 1.1.0"),
        ("web-1.0.0", "web-1.0.0", ""),
        ("nginx-1.0.0", "web-1.0.0", "nginx-1.0.0 → web-1.0.0"),
        ("", "web-1.0.0", "web-1.0.0"),
        ("web-1.0.0", "", ""),
        ("", "", ""),
        ("1.4.1", "1.4.2", "1.4.1 → 1.4.2"),
    ],
)
def test_versions_are_told_without_the_chart_s_name_when_it_stays(before: str, after: str, step: str) -> None:
    assert version_step(before, after) == step


def test_a_suspended_release_is_shown_and_left_alone() -> None:
    suspended = replace(ORDERS, state=ReleaseState.SUSPENDED, action=Action.NOTHING, objects=())
    text = plan_text([environment(suspended)], color=False)
    assert "orders · suspended: left alone until it is resumed" in text
    assert text.endswith("1 left alone")


def test_fields_that_are_only_named_are_not_shown_as_null() -> None:
    text = plan_text(
        [environment(updated(FieldChange("spec.selector", None, None), reason="spec.selector can't be changed"))],
        color=False,
    )
    assert "null" not in text
    assert "ConfigMap m   spec.selector can't be changed" in text


def test_hooks_name_the_events_of_this_operation() -> None:
    [line] = [line for line in plan_text([PROD], color=False).splitlines() if "hooks:" in line]
    assert line == "  hooks: Job web-migrate (pre-upgrade), Job web-smoke (post-upgrade)"
    tests = replace(WEB, action=Action.NOTHING, hooks=(replace(WEB.hooks[0], events=(HookEvent.TEST,)),))
    assert "Job web-migrate (test)" in plan_text(
        [environment(replace(tests, action=Action.UPGRADE))], color=False, width=100
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("info", "info"),
        ("", '""'),
        ("8080", '"8080"'),
        ("true", '"true"'),
        ("null", '"null"'),
        (" padded", '" padded"'),
        ('"quoted"', '"\\"quoted\\""'),
        ("{x}", '"{x}"'),
        ("a\x1b[31mb", '"a\\u001b[31mb"'),
        (8080, "8080"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ([1, "a"], "[1, a]"),
        ({"a": {"b": "1"}}, '{a: {b: "1"}}'),
        ({}, "{}"),
    ],
)
def test_values_on_one_line_can_be_told_apart(value: Any, text: str) -> None:
    assert scalar_text(value) == text


@given(st.text("ab", max_size=60), st.text("ab", max_size=60), st.integers(16, 40))
def test_cut_values_fit_and_still_differ(old: str, new: str, room: int) -> None:
    shown_old, shown_new = fit(old, new, room)
    assert max(len(shown_old), len(shown_new)) <= room
    assert (shown_old == shown_new) == (old == new)


@pytest.mark.parametrize(
    ("field", "sign", "block"),
    [
        (FieldChange("a", 1, 2), " ", 0),
        (FieldChange("a", ABSENT, "x\ny"), "+", 2),
        (FieldChange("a", "x\ny", ABSENT), "-", 2),
        (FieldChange("a", "x\n", ABSENT), "-", 0),
        (FieldChange("a", "x\ny", "x\nz"), " ", 4),
        (FieldChange("a", {"k": "v" * 80}, "text"), " ", 2),
        (FieldChange("a", ABSENT, "\n".join("x" * 99)), "+", 25),
    ],
)
def test_long_values_stand_below_their_path(field: FieldChange, sign: str, block: int) -> None:
    shown = show(field)
    assert shown.sign == sign
    assert len(shown.block) == block


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=90),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
sides = json_values | st.just(ABSENT)
field_changes = (
    st.builds(FieldChange, st.text("abc.[]", min_size=1, max_size=70), sides, sides)
    | st.just(FieldChange("data.password", MASKED, MASKED))
).filter(lambda change: not (change.old is ABSENT and change.new is ABSENT))


@given(st.lists(field_changes, max_size=4), st.integers(40, 140))
def test_every_plan_can_be_shown_in_every_form(fields: list[FieldChange], width: int) -> None:
    plans = [environment(updated(*fields))]
    text = plan_text(plans, color=False, width=width)
    assert "\x1b" not in text
    markdown = plan_markdown(plans)
    assert markdown.startswith(MARKER)
    jsonschema.validate(json.loads(json.dumps(plan_json(plans))), SCHEMA)


def test_json_follows_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(plan_json([PROD, QUIET]), SCHEMA)


def test_the_schema_knows_every_state_and_action() -> None:
    defs = SCHEMA["$defs"]
    assert set(defs["releaseState"]["enum"]) == {state.value for state in ReleaseState}
    assert set(defs["releaseAction"]["enum"]) == {action.value for action in Action}
    assert set(defs["objectAction"]["enum"]) == {action.value for action in ObjectAction}
    assert set(defs["hook"]["properties"]["events"]["items"]["enum"]) == {event.value for event in HookEvent}


def test_secrets_stand_in_no_form() -> None:
    field = FieldChange("data.password", MASKED, ABSENT)
    assert plan_json([environment(updated(field, masked_keys=1))])["environments"][0]["releases"][0]["objects"][0][
        "fields"
    ] == [{"path": "data.password", "operation": "remove", "masked": True}]


def many(number: int) -> EnvironmentPlan:
    fields = tuple(FieldChange(f"{APP}.env[V{n}].value", "x" * 20, "y" * 20) for n in range(40))
    return environment(*(replace(updated(*fields), release=f"release-{n}") for n in range(number)))


@pytest.mark.parametrize(("number", "limit"), [(5, 60_000), (60, 60_000), (800, 60_000), (60, 12_000)])
def test_a_comment_never_grows_past_its_limit_and_says_what_is_missing(number: int, limit: int) -> None:
    markdown = plan_markdown([many(number)], limit=limit)
    assert len(markdown) <= limit
    assert markdown.count("```") % 2 == 0
    assert markdown.count("<details>") == markdown.count("</details>")
    shown = markdown.count("<details><summary>release-")
    assert (f"Details of {number - shown} releases did not fit" in markdown) == (shown < number)
    assert shown > 0


def test_a_value_with_a_fence_stays_inside_the_fence() -> None:
    markdown = plan_markdown([environment(updated(FieldChange("data.readme", ABSENT, "```sh\nmake\n```\n@all")))])
    assert markdown.count("````") == 2


def test_names_from_outside_are_only_text() -> None:
    odd = replace(CART, reason="<img src=x> | @team *now*")
    markdown = plan_markdown([environment(odd)])
    assert "<img" not in markdown
    assert "@team" not in markdown
    [row] = [line for line in markdown.splitlines() if line.startswith("| prod")]
    assert row.count(" | ") == 3


def test_an_empty_plan_is_still_a_comment_to_replace() -> None:
    assert plan_markdown([QUIET]) == f"{MARKER}\n### Fairway plan: 2 unchanged\n\n"
