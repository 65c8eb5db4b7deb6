"""Helm's messages, as the SDK and the program give them, turned into one error with a place."""

from __future__ import annotations

import pytest
from helm_python.errors import HelmChartLoadError, HelmKubeError, HelmPanicError, HelmRenderError, HelmValuesError

from fairway.adapters.helm.failures import LONGEST, command_failure, failure, shorten, yaml_reason
from fairway.domain.errors import Terminal, Transient, UserError

RENDER = [
    (
        "execution error at (web/templates/x.yaml:1:6): need a name",
        "web/templates/x.yaml:1:7",
        "need a name",
    ),
    (
        "parse error at (web/templates/x.yaml:12): function \"nofunc\" not defined",
        "web/templates/x.yaml:12",
        'function "nofunc" not defined',
    ),
    (
        'web/templates/x.yaml:3:13\n  executing "web/templates/x.yaml" at <.Values.a.b.c>:\n'
        "    nil pointer evaluating interface {}.b",
        "web/templates/x.yaml:3:14",
        "nil pointer evaluating interface {}.b",
    ),
    (
        'web/templates/x.yaml:2:6\n  executing "web/templates/x.yaml" at <include "outer" .>:\n'
        "    error calling include:\n"
        'web/templates/_h.tpl:5:6\n  executing "outer" at <include "deep" .>:\n    error calling include:\n'
        'web/charts/sub/templates/_h.tpl:2:10\n  executing "deep" at <.Values.a.b>:\n'
        "    nil pointer evaluating interface {}.b",
        "web/charts/sub/templates/_h.tpl:2:11",
        "nil pointer evaluating interface {}.b (called from web/templates/_h.tpl:5:7, web/templates/x.yaml:2:7)",
    ),
    (
        'template: web/templates/x.yaml:1:6: executing "web/templates/x.yaml" at <index .Values.list 3>: '
        "error calling index: index out of range: 3",
        "web/templates/x.yaml:1:7",
        "index out of range: 3",
    ),
    (
        'template: web/templates/x.yaml:1:6: executing "web/templates/x.yaml" at <tpl "{{ .Values.x.y.z }}" .>: '
        'error calling tpl: error during tpl function execution for "{{ .Values.x.y.z }}": template: gotpl:1:10: '
        'executing "gotpl" at <.Values.x.y.z>: nil pointer evaluating interface {}.y',
        "web/templates/x.yaml:1:7",
        "nil pointer evaluating interface {}.y",
    ),
    (
        'web/templates/x.yaml:1:6\n  executing "web/templates/x.yaml" at <include "nope" .>:\n'
        "    error calling include:\n"
        'template: no template "nope" associated with template "gotpl"',
        "web/templates/x.yaml:1:7",
        'no template "nope" associated with template "gotpl"',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "message"), RENDER, ids=range(len(RENDER)))
def test_a_template_error_has_the_deepest_place_and_the_last_cause(text: str, where: str, message: str) -> None:
    error = failure(HelmRenderError(text), "dir charts/web")
    assert isinstance(error, UserError)
    assert (str(error.where), error.message) == (where, message)
    assert error.fix
    assert str(command_failure(f"Error: {text}\n\nUse --debug flag to render out invalid YAML\n", "web")) == str(error)


@pytest.mark.parametrize(
    ("cause", "fix"),
    [
        ('parse error at (w/t.yaml:1): function "x" not defined', "no such template function"),
        ('w/t.yaml:1:1\n  executing "a" at <include "b" .>:\n    no template "b" associated', 'define "b"'),
        ("execution error at (w/t.yaml:1:1): set it", "author demands"),
        ('w/t.yaml:1:1\n  executing "a" at <.V.x>:\n    nil pointer evaluating interface {}.x', "a value above `x`"),
        ("parse error at (w/t.yaml:1): unexpected {{end}}", "correct the template"),
    ],
)
def test_the_fix_fits_the_cause(cause: str, fix: str) -> None:
    assert fix in str(failure(HelmRenderError(cause), "w").fix)


SCHEMA = (
    "values don't meet the specifications of the schema(s) in the following chart(s):\n"
    "web:\n- at '/image/tag': 'latest' does not match pattern '^[0-9.]+$'\n- at '': missing property 'm'\n"
)


def test_each_broken_rule_of_a_schema_is_named_with_its_key() -> None:
    error = failure(HelmValuesError(SCHEMA), "dir charts/web")
    assert isinstance(error, UserError)
    assert str(error.where) == "web/values.schema.json"
    assert "image.tag: 'latest' does not match" in error.message
    assert "the top level: missing property 'm'" in error.message


def test_a_hundred_broken_rules_become_ten_and_a_count() -> None:
    text = SCHEMA + "".join(f"- at '/key{n}': wrong\n" for n in range(100))
    assert "(and 92 more)" in failure(HelmValuesError(text), "web").message


def test_values_that_are_no_mapping_name_the_chart() -> None:
    assert "values for the chart web" in failure(HelmValuesError("json: cannot unmarshal"), "web").message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HelmKubeError("connection refused"), Transient),
        (HelmChartLoadError("Chart.yaml file is missing"), UserError),
        (HelmPanicError("boom"), Terminal),
    ],
)
def test_the_class_says_what_the_caller_must_do(error: Exception, kind: type[Exception]) -> None:
    translated = failure(error, "dir charts/web")  # type: ignore[arg-type]
    assert type(translated) is kind
    assert "dir charts/web" in translated.message


def test_a_message_without_a_place_still_names_the_chart() -> None:
    error = failure(HelmRenderError("something odd"), "dir charts/web")
    assert str(error.where) == "dir charts/web"


def test_a_long_cause_is_cut_to_one_line() -> None:
    line = shorten("word\n" * 1000)
    assert "\n" not in line
    assert len(line) < LONGEST + 50


def test_an_unreachable_cluster_is_worth_another_try() -> None:
    assert isinstance(command_failure("Error: Kubernetes cluster unreachable: dial tcp", "web"), Transient)


def test_an_unreadable_document_names_its_template() -> None:
    text = (
        "Error: YAML parse error on web/templates/x.yaml: error converting YAML to JSON: yaml: line 4: did not find\n"
    )
    error = command_failure(text, "web")
    assert str(error.where) == "web/templates/x.yaml"
    assert error.message.endswith("line 4: did not find")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("error converting YAML to JSON: yaml: line 2: mapping values", "line 2: mapping values"),
        ("json: cannot unmarshal array into Go value of type x", "it is not a mapping but an array"),
        ("json: cannot unmarshal string into Go value of type x", "it is not a mapping but a string"),
    ],
)
def test_reasons_are_free_of_go(message: str, reason: str) -> None:
    assert yaml_reason(message) == reason
