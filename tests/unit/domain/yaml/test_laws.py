"""Laws of reading: every value has its own place, and its text stands there."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fairway.domain.yaml import compose, dump, load
from fairway.domain.yaml.positions import Path

_keys = st.text("abcdef", min_size=1, max_size=4).filter(lambda key: load(key, "f") == key)
_values = st.recursive(
    st.integers(0, 999) | st.sampled_from(["web", "a b", "1.10", "yes", ""]),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(_keys, inner, min_size=1, max_size=4),
    max_leaves=15,
)


def leaves(value: object, path: Path = ()) -> list[tuple[Path, object]]:
    if isinstance(value, dict):
        return [one for key, item in value.items() for one in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [one for index, item in enumerate(value) for one in leaves(item, (*path, index))]
    return [(path, value)]


@settings(max_examples=200)
@given(_values)
def test_the_text_of_a_value_stands_at_its_position(value: object) -> None:
    text = dump(value)
    lines = text.splitlines()
    read, positions, problems = compose(text, "f.yaml")
    assert (read, problems) == (value, [])
    for path, leaf in leaves(value):
        place = positions[path]
        rest = lines[place.line - 1][place.column - 1 :]
        assert rest.lstrip("'\"").startswith(str(leaf))
        assert path in positions
        scalar = positions.scalar(path)
        assert scalar is not None
        assert scalar.text == str(leaf)


@given(_values)
def test_keys_stand_before_their_values(value: object) -> None:
    text = dump(value)
    lines = text.splitlines()
    _, positions, _ = compose(text, "f.yaml")
    for path, _leaf in leaves(value):
        for length in range(1, len(path) + 1):
            key, at = positions.key(path[:length]), positions[path[:length]]
            assert key <= at
            if isinstance(path[length - 1], str):
                assert lines[key.line - 1][key.column - 1 :].startswith(str(path[length - 1]))


@given(_values, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_line_ends_and_marks_do_not_change_values(value: object, line_end: str, mark: bool) -> None:
    text = dump(value).replace("\n", line_end)
    assert load(("\ufeff" if mark else "") + text, "f.yaml") == value


@given(_values)
def test_a_path_that_is_not_there_answers_with_the_nearest_one(value: object) -> None:
    _, positions, _ = compose(dump(value), "f.yaml")
    for path, _leaf in leaves(value):
        assert positions[(*path, "nope", 3)] == positions[path]
        assert (*path, "nope") not in positions
