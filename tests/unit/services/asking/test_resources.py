"""Reading what is to be deployed: documents, lists, templates, and mistakes at their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fairway.domain.errors import Diagnostic, InvalidInput, Position, UserError
from fairway.services.asking.resources import FILL_IN, Resources, load_resources, load_variables

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


def load(folder: Path, text: str, variables: dict[str, Any] | None = None, *, name: str = "web.yaml") -> Resources:
    (folder / name).write_text(text, encoding="utf-8")
    return load_resources([folder / name], variables)


def names(resources: Resources) -> list[str]:
    return [one["metadata"]["name"] for one in resources.objects]


def mistakes(folder: Path, text: str, variables: dict[str, Any] | None = None) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        load(folder, text, variables)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (MAP % "a", ["a"]),
        ("---\n" + MAP % "a" + "---\n" + MAP % "b" + "---\n# nothing\n", ["a", "b"]),
        (json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}), ["a"]),
        (json.dumps([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n}} for n in "ab"]), ["a", "b"]),
        ("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", ["a"]),
        ("apiVersion: v1\nkind: ConfigMapList\nitems:\n- {metadata: {name: a}}\n- {metadata: {name: b}}\n", ["a", "b"]),
        ("\ufeff" + MAP % "a", ["a"]),
        ("", []),
    ],
)
def test_documents_lists_and_json_are_read(text: str, found: list[str], tmp_path: Path) -> None:
    assert names(load(tmp_path, text)) == found


def test_files_keep_their_order(tmp_path: Path) -> None:
    for name in "cab":
        (tmp_path / name).write_text(MAP % name)
    assert names(load_resources([tmp_path / name for name in "cab"], None)) == ["c", "a", "b"]


def test_variables_fill_templates_in(tmp_path: Path) -> None:
    text = "{{#each apps}}\n---\n" + MAP % "{{this}} " + "{{/each}}\n"
    assert names(load(tmp_path, text, {"apps": ["a", "b"]})) == ["a", "b"]


def test_without_variables_nothing_is_filled_in_and_that_is_told(tmp_path: Path) -> None:
    found = load(tmp_path, MAP % "a" + 'data:\n  alert: "{{ $labels.pod }} is down"\n')
    assert found.objects[0]["data"] == {"alert": "{{ $labels.pod }} is down"}
    (warning,) = found.warnings
    assert warning.position == Position(str(tmp_path / "web.yaml"), 5)


def test_a_template_that_nobody_filled_in_is_not_taken_for_bad_yaml(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, MAP % "a" + "data:\n  replicas: {{replicas}}\n")
    assert problem.position == Position(str(tmp_path / "web.yaml"), 5)
    assert problem.fix == FILL_IN


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (MAP % "a" + "---\nkind: X\nmetadata: {name: a}\n", 0, "document 2: apiVersion: it is missing"),
        ("apiVersion: v1\nkind: X\nmetadata: {}\n", 0, "the document: metadata.name: it is missing"),
        ("apiVersion: v1\nkind: X\n", 0, "the document: metadata: it is missing"),
        ("just text", 0, "the document: expected an object, found a text"),
        ("a: 1\na: 2\n", 2, 'the key "a" stands already'),
        ("a: {\n", 2, ""),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, message: str, tmp_path: Path) -> None:
    (found, *_) = mistakes(tmp_path, text)
    assert message in found.message
    assert found.position is not None
    assert found.position.file == str(tmp_path / "web.yaml")
    if line:
        assert found.position.line >= line - 1


def test_a_mistake_behind_a_template_has_the_line_of_the_template(tmp_path: Path) -> None:
    text = "{{#if x}}\na: 1\n{{/if}}\n{{! gone }}\nb: 1\nb: 2\n"
    (found,) = mistakes(tmp_path, text, {"x": True})
    assert found.position == Position(str(tmp_path / "web.yaml"), 6)


def test_mistakes_of_all_files_are_told_in_one_go(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("{{missing}}")
    with pytest.raises(InvalidInput) as caught:
        load_resources([tmp_path / "a", tmp_path / "b"], {})
    assert [Path(one.position.file).name for one in caught.value.diagnostics if one.position] == ["a", "b"]


def test_variables_come_from_a_file_and_from_the_command_line_on_top(tmp_path: Path) -> None:
    file = tmp_path / "prod.yaml"
    file.write_text("image: a\nlimits: {cpu: 1, memory: 2}\n")
    given = [("image", "b=c"), ("limits.cpu", "2"), ("new.deep.er", "x")]
    assert load_variables(file, given) == {
        "image": "b=c",
        "limits": {"cpu": "2", "memory": 2},
        "new": {"deep": {"er": "x"}},
    }
    assert load_variables(None, []) is None
    assert load_variables(file, []) == {"image": "a", "limits": {"cpu": 1, "memory": 2}}


def test_values_that_are_shared_by_an_alias_are_changed_apart(tmp_path: Path) -> None:
    file = tmp_path / "vars.yaml"
    file.write_text("a: &x {m: 1}\nb: *x\n")
    assert load_variables(file, [("a.m", "2")]) == {"a": {"m": "2"}, "b": {"m": 1}}


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [("- a\n", [], "no map of variables"), ("a: 1\n", [("a.b", "x")], "a is no map")],
)
def test_variables_that_can_not_be_are_told(
    text: str, given: list[tuple[str, str]], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "vars.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        load_variables(file, given)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_can_not_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=r"web\.yaml can't be read"):
        load_resources([file], None)
