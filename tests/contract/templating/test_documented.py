"""What the documentation shows of templates is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairway.domain import yaml
from fairway.domain.templating import TemplateInvalid, parse, render

DOCS = Path(__file__).parents[3] / "docs"
VARIABLES = {
    "image": "shop/web:1.9.1",
    "replicas": 4,
    "ingresses": ["https://shop.example.com/?a=b", "https://web.example.com"],
    "debug": True,
}


def templates(page: str) -> list[str]:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if block.startswith("# nais.yaml")]


@pytest.mark.parametrize("page", ["spec/templates.md", "guide/deploying-from-ci.md"])
def test_the_template_that_is_shown_works(page: str) -> None:
    (template,) = templates(page)
    found = yaml.load(render(parse(template, "nais.yaml"), VARIABLES).text, "nais.yaml")
    assert found["spec"]["image"] == "shop/web:1.9.1"
    assert found["spec"]["replicas"] == {"min": 4}
    assert found["spec"]["ingresses"] == VARIABLES["ingresses"]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("\\{{ $labels.pod }}", "{{ $labels.pod }}"),
        ("{{#each m}}{{@key}}{{/each}}", "b1"),
        ("{{big}}", "12345678901234567890"),
        ("{{{one}}}{{{one}}}", "11"),
        ("{{elsewhere}}", "there"),
    ],
)
def test_the_differences_from_handlebars_are_as_they_are_told(template: str, text: str) -> None:
    variables = {"m": {"b": 1, "1": 2}, "big": 12345678901234567890, "one": 1, "elsewhere": "there"}
    assert render(parse(template, "t"), variables).text == text


@pytest.mark.parametrize("template", ["{{> partial}}", "{{* decorator}}", "{{{{raw}}}}x{{{{/raw}}}}", "{{mine 1}}"])
def test_what_is_told_to_be_refused_is(template: str) -> None:
    with pytest.raises(TemplateInvalid):
        render(parse(template, "t"), {})
