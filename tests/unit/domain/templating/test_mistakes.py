"""What is wrong with a template is told with its place and a way out; nothing shows a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Diagnostic, Position, Severity
from fairway.domain.templating import Rendered, TemplateInvalid, parse, render

VARIABLES = {
    "image": "shop/web:1.9.0",
    "url": "https://x.example/?a=1&b=2",
    "replicas": 2,
    "none": [],
    "map": {"name": "web", "nothing": None},
    "list": ["a"],
    "log": "a variable",
}


def rendered(text: str, *, allow_missing: bool = False) -> Rendered:
    return render(parse(text, "web.yaml"), VARIABLES, allow_missing=allow_missing)


def mistakes(text: str) -> list[Diagnostic]:
    with pytest.raises(TemplateInvalid) as caught:
        rendered(text)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "fix"),
    [
        ("a: {{imge}}", 1, 6, 'no variable "imge"; did you mean "image"?', "--var imge=…"),
        ("a: 1\nb: {{zzz}}", 2, 6, 'no variable "zzz"', "--var zzz=…"),
        ("{{map.nam}}", 1, 3, 'map.nam: there is no "nam"; did you mean "name"?', None),
        ("{{map.name.first}}", 1, 3, 'map.name.first: there is no "first"', None),
        ("{{#with map}}{{nme}}{{/with}}", 1, 16, 'no variable "nme"; did you mean "name"?', "--var"),
        ("{{this.imge}}", 1, 3, 'this.imge: there is no "imge"', None),
        ("{{../image}}", 1, 3, "../image goes up beyond everything", "take away a ../"),
        ("{{@index}}", 1, 3, "@index is only known inside of a loop", "@index, @key"),
        ("{{#each zzz}}x{{/each}}", 1, 9, 'no variable "zzz"', "--var zzz"),
        ("{{#with zzz}}x{{/with}}", 1, 9, 'no variable "zzz"', "--var zzz"),
        ("{{#zzz}}x{{/zzz}}", 1, 4, 'no variable "zzz"', "--var zzz"),
        ("{{lookup map 'zzz'}}", 1, 1, "there is nothing under 'zzz'", None),
        ("{{map}}", 1, 3, "map is a map, which can't be printed", "print one of its keys: name, nothing"),
        ("{{upper image}}", 1, 1, 'no helper "upper"', None),
        ("{{image name}}", 1, 1, 'no helper "image"', "a variable takes no arguments"),
        ("{{#eahc}}{{/eahc}}", 1, 4, 'no variable "eahc"', None),
        ("{{#eahc list x}}{{/eahc}}", 1, 1, 'no helper "eahc"; did you mean "each"?', None),
        ("{{if image}}", 1, 1, "if is a block", "{{#if …}}…{{/if}}"),
        ("{{log}}", 1, 1, "log is the name of a helper", "write this.log"),
        ("{{#each}}{{/each}}", 1, 1, "#each takes exactly one argument", "{{#each name}}"),
        ("{{#if image url}}{{/if}}", 1, 1, "#if takes exactly one argument", None),
        ("{{lookup map}}", 1, 1, "lookup takes two arguments", None),
        ("a\n {{image", 2, 2, "this tag has no end", "close it with }}"),
        ("{{{image}}", 1, 9, "{{{ is closed with }} here", "close it with }}}"),
        ("{a: {{image}}}", 1, 12, "there is a brace too many", "blank before a }"),
        ("{{! image", 1, 1, "this comment has no end", "close it"),
        ("{{#if image}}\nx", 1, 1, "{{#if image}} is never closed", "{{/if}}"),
        (
            "{{#if image}}\n{{#each list}}\n{{/if}}",
            3,
            1,
            "{{/if}} does not close {{#each list}} of line 2",
            "{{/each}}",
        ),
        ("x{{/if}}", 1, 2, "{{/if}} stands outside of a block", "take it away"),
        ("{{else}}", 1, 1, "{{else}} stands outside of a block", None),
        ("{{#if image}}{{else}}{{else}}{{/if}}", 1, 22, "a second {{else}}", "take one away"),
        ("{{^none}}{{else if image}}{{/none}}", 1, 10, "can't follow {{^", "{{else}}{{#if"),
        ("{{> header}}", 1, 1, "partials", "into the template itself"),
        ("{{* x}}", 1, 1, "decorators", None),
        ("{{{{raw}}}}x{{{{/raw}}}}", 1, 1, "raw blocks", "\\{{"),
        ("{{image!}}", 1, 8, '"!" can\'t stand in a tag', None),
        ("{{}}", 1, 1, "there is nothing in this tag", "name of a variable"),
        ("{{lookup map @}}", 1, 1, "something is missing at the end", None),
        ("{{map/../image}}", 1, 3, '".." can only stand at the beginning of a path', None),
        ("{{#if (lookup map 'name'}}{{/if}}", 1, 7, "a bracket is not closed", "write )"),
        ("{{#each list as |}}{{/each}}", 1, 1, "something is missing", None),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_way_out(
    text: str, line: int, column: int, message: str, fix: str | None
) -> None:
    found = mistakes(text)[0]
    assert message in found.message
    assert found.position == Position("web.yaml", line, column)
    if fix is not None:
        assert fix in (found.fix or "")


def test_everything_that_is_missing_is_told_in_one_go_and_once() -> None:
    found = mistakes("{{#each list}}{{a}}{{/each}}{{b}}\n{{c}}")
    assert [one.message.partition(";")[0] for one in found] == ['no variable "a"', 'no variable "b"', 'no variable "c"']
    assert mistakes("{{#each map}}{{x}}{{/each}}")[0] == mistakes("{{#each map}}{{x}}{{/each}}")[-1]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{#if zzz}}a{{else}}b{{/if}}", "b"),
        ("{{#unless zzz}}a{{/unless}}", "a"),
        ("{{#each zzz}}a{{else}}b{{/each}}", "b"),
        ("{{#with zzz}}a{{else}}b{{/with}}", "b"),
        ("{{#zzz}}a{{else}}b{{/zzz}}", "b"),
        ("{{^zzz}}b{{/zzz}}", "b"),
        ("{{#each none}}a{{/each}}b", "b"),
        ("{{map.nothing}}b", "b"),
        ("{{this.log}}", "a variable"),
    ],
)
def test_asking_whether_something_is_there_is_no_mistake(text: str, result: str) -> None:
    assert rendered(text).text == result


def test_what_is_missing_may_be_allowed_to_print_nothing() -> None:
    assert rendered("[{{zzz}}{{map.zzz}}{{@index}}{{../x}}]", allow_missing=True).text == "[]"


def test_a_value_that_html_escaping_changes_is_a_warning_without_the_value() -> None:
    result = rendered("u: {{url}}\nv: {{{url}}}\n{{#each list}}{{../url}}{{/each}}")
    assert [(one.severity, one.position) for one in result.warnings] == [
        (Severity.WARNING, Position("web.yaml", 1, 4)),
        (Severity.WARNING, Position("web.yaml", 3, 15)),
    ]
    assert "{{{url}}}" in (result.warnings[0].fix or "")
    assert "example" not in f"{result.warnings}"


def test_lines_lead_back_to_the_template() -> None:
    text = "a\n{{#each map}}\n- {{@key}}\n{{/each}}\n{{! gone }}\nlast: {{image}}\nend"
    result = rendered(text)
    assert result.text == "a\n- name\n- nothing\nlast: shop/web:1.9.0\nend"
    assert [result.source_line(n) for n in range(1, 6)] == [1, 3, 3, 6, 7]


@given(st.text("ab\n", max_size=30))
def test_lines_of_plain_text_are_their_own(text: str) -> None:
    result = rendered(text)
    assert [result.source_line(n) for n in range(1, text.count("\n") + 1)] == list(range(1, text.count("\n") + 1))


def test_blocks_that_go_too_deep_are_refused() -> None:
    deep = 200
    assert "nested more than" in mistakes("{{#if image}}" * deep + "{{/if}}" * deep)[0].message


def test_brackets_that_go_too_deep_are_refused() -> None:
    deep = 5000
    assert "too deeply" in mistakes("{{lookup " + "(lookup map " * deep + "1" + ")" * deep + " 1}}")[0].message


def test_loops_that_would_fill_the_memory_are_refused() -> None:
    many = {"list": ["x" * 1000] * 300}
    template = parse("{{#each list}}{{#each ../list}}{{this}}{{/each}}{{/each}}", "web.yaml")
    with pytest.raises(TemplateInvalid, match="longer than"):
        render(template, many)


@given(st.text("{}~#/^!&\\ \n'\"ab.[]()=|@", max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    found: list[Diagnostic] = []
    try:
        rendered(text)
    except TemplateInvalid as error:
        found += error.diagnostics
    assert all(one.position is not None and one.position.line >= 1 for one in found)
