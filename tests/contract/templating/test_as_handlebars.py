"""What Handlebars renders is rendered the same: a table of all it can do, and templates that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.handlebars import Handlebars

from fairway.domain.errors import InvalidInput
from fairway.domain.templating import parse, render

VARIABLES: dict[str, Any] = {
    "name": "web",
    "markup": '<a href="x?a=1&b=2">\'`</a>',
    "nothing": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "one": 1,
    "empty": "",
    "list": ["a", "b", "c"],
    "none": [],
    "map": {"x": 1, "y": {"z": "deep", "list": [1, 2]}, "list": ["m"]},
    "nomap": {},
    "people": [{"name": "anna", "tags": ["x", "y"]}, {"name": "bert", "tags": []}, {"tags": ["z"]}],
    "numbers": [1.0, 1.5, 1e21, 1e-7, 123456789012, 0.1, -2.50, 1e300, 0.000001, 100.0],
    "matrix": [[1, 2], [3]],
    "odd name": "blanks",
    "else-where": "dashes",
    "key": "y",
}


@pytest.fixture(scope="module")
def handlebars() -> Iterator[Handlebars]:
    with Handlebars() as running:
        yield running


def ours(template: str, variables: Any) -> str | None:
    try:
        return render(parse(template, "t"), variables, allow_missing=True).text
    except InvalidInput:
        return None


TABLE = [
    "{{name}}", "{{ name }}", "a{{name}}b", "{{missing}}", "{{missing.deep.er}}", "{{markup}}", "{{{markup}}}",
    "{{&markup}}", "{{& markup }}", "{{{ markup }}}", "{{nothing}}|{{{nothing}}}|{{nothing.x}}",
    "{{yes}} {{no}} {{zero}} {{{no}}} {{{zero}}}", "{{list}} {{map}} {{matrix}} {{nomap}} {{none}}",
    "{{#each numbers}}{{this}} {{{this}}} {{/each}}",
    "{{map.x}} {{map.y.z}} {{map/y/z}} {{list.0}} {{list.[1]}} {{list.[9]}}"
    " {{list.length}} {{name.length}} {{name.0}}",
    "{{this.name}} {{./name}} {{this/name}} {{.}} {{this}}", "{{[odd name]}} {{[else-where]}}",
    "{{#with map}}{{[x]}} {{y.[z]}} {{../name}} {{../../name}} {{@root.name}}{{/with}}",
    "{{#with map}}{{#with y}}{{z}} {{../x}} {{../../name}}{{/with}}{{/with}}",
    "{{#with missing}}x{{else}}none{{/with}}", "{{#with zero}}[{{this}}]{{else}}none{{/with}}",
    "{{#with name as |n|}}{{n}} {{n.length}}{{/with}}", "{{#with map as |m|}}{{m.x}} {{m.y.z}} {{x}}{{/with}}",
    "{{#if name}}yes{{/if}}", "{{#if missing}}yes{{/if}}", "{{#if missing}}yes{{else}}no{{/if}}",
    "{{#if no}}a{{else if zero}}b{{else if name}}c{{else}}d{{/if}}", "{{#if no}}a{{else if zero}}b{{/if}}",
    "{{#if zero}}a{{else}}b{{/if}}", "{{#if zero includeZero=true}}a{{else}}b{{/if}}",
    "{{#if zero includeZero=no}}a{{else}}b{{/if}}", "{{#if none}}a{{else}}b{{/if}}", "{{#if nomap}}a{{else}}b{{/if}}",
    "{{#if empty}}a{{else}}b{{/if}}", "{{#if name}}{{../name}}{{name}}{{/if}}", "{{#unless no}}a{{else}}b{{/unless}}",
    "{{#unless name}}a{{else}}b{{/unless}}", "{{#unless no}}a{{else if name}}b{{/unless}}",
    "{{#unless name}}a{{else each list}}{{this}}{{/unless}}",
    "{{#each list}}{{@index}}{{@key}}{{@first}}{{@last}}{{this}},{{/each}}",
    "{{#each map}}{{@index}}{{@key}}{{@first}}{{@last}}={{this}};{{/each}}", "{{#each none}}a{{else}}nobody{{/each}}",
    "{{#each missing}}a{{else}}nobody{{/each}}", "{{#each name}}a{{else}}b{{/each}}",
    "{{#each people}}{{name}}:{{#each tags}}{{../name}}{{this}}{{@../index}}"
    "{{@index}}{{#unless @last}},{{/unless}}{{/each}};{{/each}}",
    "{{#each people as |person n|}}{{n}}{{person.name}}{{#each person.tags as |tag|}}"
    "{{tag}}{{person.name}}{{/each}}{{/each}}",
    "{{#each matrix}}{{#each this}}{{this}}{{@../key}}{{/each}}|{{/each}}",
    "{{#each list}}{{#if @first}}first {{/if}}{{.}}{{/each}}", "{{#each list}}{{../name}}{{@root.name}}{{/each}}",
    "{{#list}}{{this}}{{/list}}", "{{#none}}a{{else}}b{{/none}}", "{{^none}}b{{/none}}", "{{^name}}b{{/name}}",
    "{{#yes}}{{name}}{{/yes}}", "{{#no}}a{{^}}b{{/no}}", "{{#map}}{{x}}{{/map}}", "{{#missing}}a{{/missing}}",
    "{{#zero}}[{{this}}]{{/zero}}", "{{^missing}}a{{else}}b{{/missing}}", "{{#name}}{{this}}{{/name}}",
    "{{lookup map key}}", "{{lookup list 1}}", "{{lookup map 'x'}}", "{{#with (lookup map key)}}{{z}}{{/with}}",
    "{{lookup (lookup map key) 'z'}}", "{{#each (lookup map 'list')}}{{this}}{{/each}}", "{{lookup missing 'x'}}",
    "{{! a comment }}x", "{{!-- a }} comment --}}x", "{{!--}}x", "a{{!}}b", "{{!-- a --~}}  x", "a  {{~! b ~}}  c",
    "\\{{name}} {{name}}", "\\\\{{name}}", "\\\\\\{{name}}", "a\\{{x}}b\\{{y}}{{name}}", "\\{{a}}\\\\{{name}}",
    "a \\b {{name}}", "a  {{~name~}}  b", "a \n {{~#if name~}} \n b \n {{~else~}} c {{~/if~}} \n d",
    "a {{~{markup}~}} b", "a {{~&markup~}} b", "{{#if name}}\n  a\n{{/if}}\nb",
    "  {{#if name}}  \n  a\n  {{/if}}  \nb", "x {{#if name}}\n  a\n{{/if}}\nb",
    "{{#if no}}\na\n{{else}}\nb\n{{/if}}\nc", "{{#if no}}\na\n{{else if name}}\nb\n{{else}}\nc\n{{/if}}\nd",
    "{{#if no}}\r\na\r\n{{else}}\r\nb\r\n{{/if}}\r\nc", "a\n  {{! c }}\nb", "a\n  {{!-- c --}}  \n  b", "{{! c }}\nb",
    "a\n{{! c }}", "{{#each list}}\n- {{this}}\n{{/each}}\n", "l:\n{{#each list}}\n  - {{this}}\n{{/each}}\nend",
    "{{#each list}}\n\n{{this}}\n\n{{/each}}", "{{#if name}}{{#if yes}}\na\n{{/if}}{{/if}}\nb",
    "{{#if name}}\n{{#if yes}}\na\n{{/if}}\n{{/if}}\nb", "{{#if no}}\na\n{{~else if name~}}\nb\n{{~/if}}\nd",
    "{{#if no}}a{{else if no}}b{{~else if yes}} c {{~else}}d{{/if}}", "{{^if no}}\na\n{{/if}}\n",
    "{{#if yes}}\n{{/if}}\nx", "{{#if yes}}{{/if}}\nx", "{{{markup}}}}",
    "{{{name}~}}}", "{{name~}}}", "{{name}}}", "{ {name} } }} {",
    "{{'name'}} {{\"odd name\"}} {{12}} {{true}}",
    "{{yes}}{{#if true}}t{{/if}}{{#if 0}}z{{/if}}{{#if 'x'}}s{{/if}}{{#if undefined}}u{{/if}}", "{{map.list}}",
    "{{#each people}}{{#with tags}}{{length}}{{../name}}{{/with}}{{/each}}", "{{name.x}}{{one.x}}",
    "{{#each list as |x|}}{{this.x}}{{x}}{{/each}}", "{{@root.map.x}} {{@missing}}",
    "{{#with name}}{{../name}}{{/with}}", "{{name", "{{#if name}}", "{{/if}}", "{{#if}}{{/if}}", "{{#each}}{{/each}}",
    "{{foo bar}}", "{{#foo bar}}{{/foo}}", "{{}}", "{{a..b}}", "{{a/../b}}", "{{#if a}}{{/with}}", "{{else}}",
    "{{name}}}}", "{{#if a b}}{{/if}}", "{{name name}}", "{{(lookup)}}",
]  # fmt: skip


@pytest.mark.parametrize("template", TABLE)
def test_it_is_rendered_as_handlebars_does(template: str, handlebars: Handlebars) -> None:
    assert ours(template, VARIABLES) == handlebars.render(template, VARIABLES)


@pytest.mark.parametrize(
    "number", [1e21, 1e-7, 123456.789, 5e-324, 1.7976931348623157e308, 2**53, -0.0, 1e20, 12e-7, 4.35]
)
def test_numbers_are_written_as_handlebars_does(number: float, handlebars: Handlebars) -> None:
    assert ours("{{x}}", {"x": number}) == handlebars.render("{{x}}", {"x": number})


@given(number=st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_number_is_written_as_handlebars_does(number: float, handlebars: Handlebars) -> None:
    assert ours("{{x}}", {"x": number}) == handlebars.render("{{x}}", {"x": number})


@given(text=st.text(st.characters(codec="utf-8")))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_escaped_as_handlebars_does(text: str, handlebars: Handlebars) -> None:
    assert ours("{{x}}{{{x}}}", {"x": text}) == handlebars.render("{{x}}{{{x}}}", {"x": text})


BLANKS = st.text(" \t\n", max_size=4)
TEXT = st.one_of(BLANKS, st.sampled_from(["a", " b ", "\n", "\r\n", "- x\n", "\\", "\\\\", "}", "'", "key: "]))
NAMES = st.sampled_from(
    ["name", "markup", "nothing", "yes", "no", "zero", "list", "none", "map", "map.y.z", "people", "missing", "this",
     ".", "../name", "../this", "list.0", "@index", "@key", "@first", "@../index", "matrix", "map.list", "../map.x",
     "n"]
)  # fmt: skip
RAW = st.sampled_from(["name", "markup", "list", "map", "missing", "nothing", "map.list"])
"""No numbers and booleans: Handlebars adds two raw ones that stand side by side, and prints their sum."""
MARK = st.sampled_from(["", "~"])


@st.composite
def tags(draw: st.DrawFn) -> str:
    opening, closing = draw(MARK), draw(MARK)
    form = draw(st.sampled_from(["{{%s}}", "{{{%s}}}", "{{&%s}}", "{{! %s }}", "{{!-- %s --}}"]))
    name = draw(RAW if form[2] in "{&" else NAMES)
    inner = form % name
    if form.startswith("{{{"):
        return "{{" + opening + "{" + name + "}" + closing + "}}"
    return inner[:2] + opening + inner[2:-2] + closing + inner[-2:]


@st.composite
def blocks(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    marks = [draw(MARK) for _ in range(6)]
    kind = draw(st.sampled_from(["if", "unless", "each", "with", ""]))
    name = draw(NAMES.filter(lambda one: kind or one[0] not in ".@")) if not kind else draw(NAMES)
    head, foot = (f"{kind} {name}", kind) if kind else (name, name)
    if kind in ("each", "with") and draw(st.booleans()):
        head += " as |n|"
    sign = draw(st.sampled_from("##^")) if not kind else "#"
    text = "{{" + marks[0] + sign + head + marks[1] + "}}" + draw(inside)
    if kind and draw(st.booleans()):
        text += "{{" + marks[2] + "else if " + draw(NAMES) + marks[3] + "}}" + draw(inside)
    if draw(st.booleans()):
        text += "{{" + marks[4] + draw(st.sampled_from(["else", "^"])) + marks[5] + "}}" + draw(inside)
    return text + "{{" + draw(MARK) + "/" + foot + draw(MARK) + "}}"


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(parts, max_size=5).map("".join)


TEMPLATES = joined(
    st.recursive(
        st.one_of(TEXT, tags()),
        lambda children: st.one_of(
            blocks(joined(children)), st.tuples(BLANKS, blocks(joined(children)), BLANKS).map("".join)
        ),
        max_leaves=12,
    )
)


@given(template=TEMPLATES)
@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_template_is_rendered_as_handlebars_does(template: str, handlebars: Handlebars) -> None:
    assert ours(template, VARIABLES) == handlebars.render(template, VARIABLES)
