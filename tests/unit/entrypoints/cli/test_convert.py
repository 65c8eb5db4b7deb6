"""`indent`, `json2yaml`, `yaml2json` on files and standard input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fairway.entrypoints.cli.main import cli, run


def test_indent_changes_files_in_place_and_tells_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat, right = tmp_path / "flat.yaml", tmp_path / "right.yaml"
    flat.write_bytes(b"a:\r\n# why\r\n- x\r\n")
    right.write_text("a:\n  - x\n")
    assert run(["indent", str(flat), str(right)]) == 0
    assert flat.read_bytes() == b"a:\r\n  # why\r\n  - x\r\n"
    assert capsys.readouterr().err == f"indented {flat}\n"
    assert run(["indent", "--check", str(flat)]) == 0


def test_indent_check_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a:\n- x\n")
    assert run(["indent", "--check", str(file)]) == 1
    assert file.read_text() == "a:\n- x\n"
    assert "would indent" in capsys.readouterr().err


def test_indent_goes_on_after_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text("a: [\n")
    good.write_text("a:\n- x\n")
    assert run(["indent", str(bad), str(good), str(tmp_path / "none.yaml")]) == 2
    assert good.read_text() == "a:\n  - x\n"
    error = capsys.readouterr().err
    assert f"{bad}:2:1" in error
    assert "none.yaml: error: cannot be read" in error


def test_indent_reads_standard_input() -> None:
    assert CliRunner().invoke(cli, ["indent", "-"], input="a:\n- x\n").stdout == "a:\n  - x\n"


def test_json_becomes_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"tag": "1.10", "n": 1, "l": ["\\u00e9"]}')
    assert run(["json2yaml", str(file)]) == 0
    assert capsys.readouterr().out == 'tag: "1.10"\n"n": 1\nl:\n- é\n'


def test_what_is_not_json_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"a":\n x}')
    assert run(["json2yaml", str(file)]) == 2
    assert f"{file}:2:2: error: this is not JSON" in capsys.readouterr().err


def test_yaml_becomes_json_as_helm_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 012\nb: yes\n---\n- 1\n")
    assert run(["yaml2json", str(file)]) == 0
    decoder, text = json.JSONDecoder(), capsys.readouterr().out
    first, end = decoder.raw_decode(text)
    assert (first, json.loads(text[end:])) == ({"a": 10, "b": True}, [1])


def test_nothing_is_null() -> None:
    assert CliRunner().invoke(cli, ["yaml2json"], input="").stdout == "null\n"


def test_bytes_that_are_no_text_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: \xff")
    assert run(["yaml2json", str(file)]) == 2
    assert "not UTF-8" in capsys.readouterr().err
