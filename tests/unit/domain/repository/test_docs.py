"""The contract in docs/spec: every key, every rule, and schemas that are what the models say."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel

from fairway.domain.configuration.file import Configuration
from fairway.domain.repository import written
from fairway.domain.repository.rules import RULES
from fairway.domain.repository.schemas import json_schema
from fairway.domain.repository.validating import known_keys
from fairway.domain.repository.written.base import Written
from fairway.domain.repository.written.releases import ListMergeEntry
from fairway.domain.upgrades.holds import HoldsFile
from fairway.domain.yaml import load

SPEC = Path(__file__).parents[4] / "docs" / "spec"
STARTER = Path(__file__).parents[4] / "examples" / "starter"


def models(base: type[BaseModel]) -> list[type[BaseModel]]:
    return [base, *(one for child in base.__subclasses__() for one in models(child))]


def page_of(model: type[BaseModel]) -> str:
    pages = {"fairway.domain.configuration.": "configuration.md", HoldsFile.__module__: "holds.md"}
    return next((page for start, page in pages.items() if model.__module__.startswith(start)), "repository.md")


@pytest.mark.parametrize(
    "model", [one for one in models(Written) if one not in (Written, ListMergeEntry)], ids=lambda one: one.__name__
)
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    assert {written.ReleaseEntry, Configuration} <= set(models(Written))
    text = (SPEC / page_of(model)).read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    code = " ".join(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)) + blocks)
    words = set(re.findall(r"[A-Za-z0-9]+", code))
    assert [key for key in known_keys(model) if key not in words] == []


def test_every_rule_has_its_section() -> None:
    sections = re.findall(r"^### (.+)$", (SPEC / "lint.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(set(sections))
    assert set(RULES) <= set(sections)


@pytest.mark.parametrize("what", ["environments", "releases", "configuration", "holds"])
def test_the_published_schema_is_what_the_models_say(what: str) -> None:
    published = json.loads((SPEC / "schemas" / f"{what}.schema.json").read_text())
    assert published == json_schema(what), f"run: fairway schema {what} > docs/spec/schemas/{what}.schema.json"


@pytest.mark.parametrize("what", ["environments", "releases", "configuration", "holds"])
def test_schemas_are_schemas_and_describe_every_key(what: str) -> None:
    schema = json_schema(what)
    jsonschema.Draft202012Validator.check_schema(schema)
    parts = [schema, *schema["$defs"].values()]
    undescribed = [key for part in parts for key, one in part.get("properties", {}).items() if "description" not in one]
    assert undescribed == []
    assert "null" not in {one.get("type") for part in parts for one in part.get("properties", {}).values() if one}


@pytest.mark.parametrize(("what", "file"), [("environments", "environments.yaml"), ("releases", "releases/shop.yaml")])
def test_the_starter_fits_the_schemas(what: str, file: str) -> None:
    jsonschema.validate(load((STARTER / file).read_text(), file), json_schema(what))


SHORT_FORMS = """\
releases:
  - name: web
    chart: {dir: c}
    extends: service
    needs: [db, {release: api, minVersion: 1.0.0}]
    gates: [readiness, {kind: helmTest, timeout: 90s}]
    timeout: "{{timeout}}"
    policy: {drift: report, prune: false}
    listMerge: {a: append, b: {byKey: name}}
    values: [{key: a, valueFrom: {env: X}}, {key: b, valueFrom: {file: f}}, {key: c, value: null}]
"""


def test_short_forms_fit_the_schema_and_slips_do_not() -> None:
    validator = jsonschema.Draft202012Validator(json_schema("releases"))
    assert list(validator.iter_errors(load(SHORT_FORMS, "f"))) == []
    for slip in (
        "trigers: []",
        "timeout: 5 minutes",
        "gates: [nope]",
        "policy: {drift: fix}",
        "listMerge: {a: prepend}",
    ):
        assert list(validator.iter_errors(load(f"releases: [{{name: web, {slip}}}]", "f"))), slip


@pytest.mark.parametrize("page", ["repository.md", "configuration.md"])
def test_every_example_in_the_contract_is_yaml(page: str) -> None:
    for text in re.findall(r"```yaml\n(.*?)```", (SPEC / page).read_text(), re.DOTALL):
        lines = text.splitlines()
        repeated = len({line.split(":")[0] for line in lines}) < len(lines) and all(":" in line[:7] for line in lines)
        for part in lines if repeated else [text]:
            load(part, "example")
