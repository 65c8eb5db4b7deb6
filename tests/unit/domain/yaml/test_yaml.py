"""YAML: values as Helm reads them, a place for each, one clear error for what cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import InvalidInput, Position, UserError
from fairway.domain.yaml import compose, load, load_all, load_with_positions, plain_scalar, reads_differently


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("y", True),
        ("on", True),
        ("off", False),
        ("012", 10),
        ("08", 8),
        ("0o14", 12),
        ("0x10", 16),
        ("0b11", 3),
        ("-0x10", -16),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.10", 1.1),
        ("4.0", 4),
        (".5", 0.5),
        ("5.", 5),
        ("+5", 5),
        ("18446744073709551615", 18446744073709551615),
        ("1e400", "1e400"),
        ("0.1.2", "0.1.2"),
        ("2001-01-01", "2001-01-01"),
        ("22:22", "22:22"),
        ("~", None),
        ("", None),
        ("1,000", "1,000"),
        ("_1", "_1"),
        (".e3", ".e3"),
        ("12h", "12h"),
        ("!!str 5", "5"),
        ("!x 5", "5"),
        ("!!int '5'", 5),
        ("!!binary aGk=", "hi"),
        ("'012'", "012"),
        ('"yes"', "yes"),
        ("|-\n  012", "012"),
    ],
)
def test_a_scalar_is_read_as_helm_reads_it(text: str, value: object) -> None:
    read = load(f"a: {text}\n", "f.yaml")["a"]
    assert read == value
    assert type(read) is type(value)


def test_keys_become_text_as_in_json() -> None:
    assert load("1: a\n1.5: b\n012: c\nno: d\n'012': e", "f") == {
        "1": "a",
        "1.5": "b",
        "10": "c",
        "false": "d",
        "012": "e",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\na: 1\n", {"a": 1}),
        ("\ufeffa: 1\r\nb:\r\n  - x\r\n", {"a": 1, "b": ["x"]}),
        ("x: &a {p: 1}\nz:\n  <<: [*a, {q: 2, p: 9}]\n  r: 3", {"x": {"p": 1}, "z": {"p": 1, "q": 2, "r": 3}}),
        ("x: &a {p: 1}\nz: {<<: *a, p: 2}", {"x": {"p": 1}, "z": {"p": 2}}),
        ("x: &a [1]\nz: *a", {"x": [1], "z": [1]}),
        ("a: {b: 1, c}", {"a": {"b": 1, "c": None}}),
    ],
)
def test_documents_of_every_shape_are_read(text: str, value: object) -> None:
    assert load(text, "f.yaml") == value


def test_own_keys_win_over_merged_ones_wherever_the_merge_stands() -> None:
    assert load("a: &a {k: 1}\nb: {k: 2, <<: *a}", "f")["b"] == {"k": 2}


def test_all_documents_are_read_and_empty_ones_are_none() -> None:
    assert load_all("a: 1\n---\n---\n- 2\n", "f") == [{"a": 1}, None, [2]]


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a:\n\tb: 1", 2, 1, "a tab"),
        ("a: b\n\tc: 1", 2, 1, "a tab"),
        ("a: b: c", 1, 5, "second key"),
        ("a: 1\n b: 2", 2, 3, "indented below a value"),
        ("a: @x", 1, 4, "cannot start with '@'"),
        ("a: %x", 1, 4, "cannot start with '%'"),
        ("- a\nb: 1", 2, 1, "fits no block"),
        ("a:\n  - b\n c: 1", 3, 2, "fits no block"),
        ("a: 'x\nb: 1", 1, 4, "never closed"),
        ("a: {{ x }}", 1, 5, "cannot be a key"),
        ("c: [", 2, 1, "ends too early"),
        ("a: [1, 2\nb: 3", 1, 4, "not closed with ']'"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("k: 1\na: \x01", 2, 4, "control character"),
        ('a: "\\d"', 1, 5, "unknown escape"),
        ("a: *nope", 1, 4, "alias *nope"),
        ("a: &x 1\nb: &x 2", 2, 4, "anchor"),
        ("- x\n-y", 2, 1, "neither a key"),
        ("a: - b", 1, 4, "behind a key"),
        ("a: &a [*a]", 1, 4, "contains itself"),
        ("~: 1", 1, 1, "key is empty"),
        ("a: {<<: 5}", 1, 9, '"<<" takes'),
        ("a: !!int x", 1, 4, "!!int"),
        ("a: 1\n\ud800", 0, 0, "Unicode"),
    ],
)
def test_what_cannot_be_read_is_explained_at_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(UserError) as caught:
        load(text, "f.yaml")
    assert says in caught.value.message
    assert caught.value.where == Position("f.yaml", line, column)


def test_every_duplicate_key_is_reported_with_both_places() -> None:
    with pytest.raises(InvalidInput) as caught:
        load("a: 1\nb: {c: 1, c: 2}\na: 3\n", "f.yaml")
    assert [(str(d.position), d.rule) for d in caught.value.diagnostics] == [
        ("f.yaml:2:11", "duplicate-key"),
        ("f.yaml:3:1", "duplicate-key"),
    ]
    assert "line 1, column 1" in caught.value.diagnostics[1].message


def test_compose_goes_on_after_duplicate_keys_and_keeps_the_first() -> None:
    value, _, problems = compose("a: 1\na: 2\n", "f.yaml")
    assert value == {"a": 1}
    assert len(problems) == 1


def test_an_expansion_bomb_is_refused() -> None:
    levels = ["l0: &l0 [x,x,x,x,x,x,x,x,x]"]
    levels += [f"l{i}: &l{i} [{','.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(UserError, match="aliases expand"):
        load("\n".join(levels), "bomb.yaml")


def test_nesting_too_deep_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(UserError):
        load("[" * 5000 + "]" * 5000, "deep.yaml")


TEXT = "releases:\n  - name: web\n    chart: {dir: ./c}\n  - &b\n    name: 'x'\ncopy:\n  <<: *b\n  v: 1.10\n"


@pytest.mark.parametrize(
    ("path", "value_at", "key_at"),
    [
        ((), (1, 1), (1, 1)),
        (("releases",), (2, 3), (1, 1)),
        (("releases", 0), (2, 5), (2, 5)),
        (("releases", 0, "name"), (2, 11), (2, 5)),
        (("releases", 0, "chart", "dir"), (3, 18), (3, 13)),
        (("copy", "name"), (5, 11), (5, 5)),
        (("releases", 0, "missing", "deep"), (2, 5), (2, 5)),
        (("releases", 7), (2, 3), (1, 1)),
    ],
)
def test_each_value_and_key_has_its_place(
    path: tuple[str | int, ...], value_at: tuple[int, int], key_at: object
) -> None:
    _, positions = load_with_positions(TEXT, "f.yaml")
    assert (positions[path].line, positions[path].column) == value_at
    assert (positions.key(path).line, positions.key(path).column) == key_at


def test_a_path_of_an_empty_document_is_the_file() -> None:
    _, positions = load_with_positions("", "f.yaml")
    assert positions[("a", 0)] == Position("f.yaml")


def test_the_text_of_a_scalar_and_its_quoting_can_be_asked() -> None:
    _, positions = load_with_positions(TEXT, "f.yaml")
    number = positions.scalar(("copy", "v"))
    quoted = positions.scalar(("copy", "name"))
    assert number is not None
    assert (number.text, number.plain) == ("1.10", True)
    assert quoted is not None
    assert (quoted.text, quoted.plain) == ("x", False)
    assert positions.scalar(("copy",)) is None
    assert positions.scalar(("nope",)) is None
    assert ("copy", "name") in positions
    assert ("copy", "nope") not in positions


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("1.10", "1.1"),
        ("4.0", "4"),
        ("0x10", "16"),
        ("1_000", "1000"),
        ("012", "10"),
        ("1e3", "1000"),
        ("yes", "true"),
        ("+5", "5"),
        ("True", None),
        ("1.5", None),
        ("10", None),
        ("~", None),
        ("1.2.3", None),
        ("web", None),
    ],
)
def test_what_an_unquoted_scalar_silently_becomes_is_told(text: str, becomes: str | None) -> None:
    assert reads_differently(text) == becomes


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(min_codepoint=33, max_codepoint=126)), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_json)
def test_json_is_yaml(value: object) -> None:
    import json

    assert load(json.dumps(value, ensure_ascii=False), "f.json") == value


@given(st.text(max_size=12))
def test_any_plain_text_has_a_value(text: str) -> None:
    value = plain_scalar(text)
    assert value is None or isinstance(value, str | bool | int | float)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    refused: UserError | None = None
    try:
        load(text, "f.yaml")
    except UserError as error:
        refused = error
    assert refused is None or (refused.where is not None and refused.message)
