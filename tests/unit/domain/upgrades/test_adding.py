"""A value that is not written yet comes in, in the style of its neighbours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import InvalidInput, Position
from fairway.domain.upgrades.adding import add_value, set_in_values_file
from fairway.domain.upgrades.written import CannotEdit
from fairway.domain.yaml import Path, dump, load

RELEASE: Path = ("releases", 0)


def added(text: str, path: Path = RELEASE, key: str = "image.tag", value: str = "4.10") -> str:
    return add_value(text.encode(), "f.yaml", path, key, value).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "releases:\n  - name: a\n    values:\n      - {key: x, value: 1} # c\n\n  # next\n  - name: b\n",
            "releases:\n  - name: a\n    values:\n      - {key: x, value: 1} # c\n"
            '      - {key: image.tag, value: "4.10"}\n\n  # next\n  - name: b\n',
        ),
        (
            "releases:\n- name: a\n  values:\n  - { key: x, value: 'y' }\n  wait: true\n",
            "releases:\n- name: a\n  values:\n  - { key: x, value: 'y' }\n"
            "  - { key: image.tag, value: '4.10' }\n  wait: true\n",
        ),
        (
            "releases:\r\n- name: a\r\n  values:\r\n  -   key: x\r\n      value: y\r\n",
            "releases:\r\n- name: a\r\n  values:\r\n  -   key: x\r\n      value: y\r\n"
            '  -   key: image.tag\r\n      value: "4.10"\r\n',
        ),
        (
            "releases:\n- name: a\n  values:\n  - key: x\n    value: |\n      text\n\n- name: b\n",
            "releases:\n- name: a\n  values:\n  - key: x\n    value: |\n      text\n"
            '  - key: image.tag\n    value: "4.10"\n\n- name: b\n',
        ),
        (
            "releases:\n- name: a\n  values:\n  - key: x\n    value: y",
            'releases:\n- name: a\n  values:\n  - key: x\n    value: y\n  - key: image.tag\n    value: "4.10"',
        ),
        (
            "releases:\n- name: a\n  values: [{key: x, value: y}] # c\n",
            'releases:\n- name: a\n  values: [{key: x, value: y}, {key: image.tag, value: "4.10"}] # c\n',
        ),
        (
            "releases:\n- name: a\n  values: [\n    {key: x, value: y},\n  ]\n",
            'releases:\n- name: a\n  values: [\n    {key: x, value: y},\n    {key: image.tag, value: "4.10"},\n  ]\n',
        ),
        ("releases:\n- name: a\n  values: []\n", 'releases:\n- name: a\n  values: [{key: image.tag, value: "4.10"}]\n'),
        (
            "releases:\n- name: a\n  values: # none\n",
            'releases:\n- name: a\n  values: # none\n    - {key: image.tag, value: "4.10"}\n',
        ),
        (
            "releases:\n- name: a\n  chart: {dir: x} # d\n  wait: true\n",
            "releases:\n- name: a\n  chart: {dir: x} # d\n  values:\n"
            '    - {key: image.tag, value: "4.10"}\n  wait: true\n',
        ),
        (
            "releases:\n- name: a\n  chart:\n    dir: x\n- name: b\n  values:\n  - key: x\n    value: 'y'\n",
            "releases:\n- name: a\n  chart:\n    dir: x\n  values:\n  - key: image.tag\n    value: '4.10'\n"
            "- name: b\n  values:\n  - key: x\n    value: 'y'\n",
        ),
        (
            "releases:\n- name: a\n- name: b\n  values: [{key: x, value: y}]\n",
            'releases:\n- name: a\n  values: [{key: image.tag, value: "4.10"}]\n- name: b\n'
            "  values: [{key: x, value: y}]\n",
        ),
        (
            "releases: [{name: a, chart: {dir: x}}]\n",
            'releases: [{name: a, chart: {dir: x}, values: [{key: image.tag, value: "4.10"}]}]\n',
        ),
        (
            '{"releases": [{"name": "a"}]}\n',
            '{"releases": [{"name": "a", "values": [{"key": "image.tag", "value": "4.10"}]}]}\n',
        ),
        (
            '\ufeffreleases:\n- name: "ä"\n',
            '\ufeffreleases:\n- name: "ä"\n  values:\n    - {key: image.tag, value: "4.10"}\n',
        ),
    ],
)
def test_a_release_gets_a_value_written_like_its_neighbours(before: str, after: str) -> None:
    assert added(before) == after


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("releases:\n- name: a\n  values: [{key: image.tag, value: 1}]\n", (3, 12), "stands already"),
        ("releases:\n- name: a\n  values: {a: 1}\n", (3, 11), "no list"),
        ("releases:\n- name: a\n  values: ~\n", (3, 11), "no list"),
        (
            "x: &v [{key: a, value: b}]\nreleases:\n- name: a\n  values: *v\n",
            (4, 3),
            "an alias of the anchor in line 1",
        ),
        ("releases:\n- &r {name: a}\n- *r\n", (2, 3), "used elsewhere"),
        ("releases:\n- a\n", (2, 3), "no release"),
        ("releases:\n- name: a\n  values: [ # none\n  ]\n", (3, 11), "a comment"),
        ("releases: []\n", (1, 11), "no item 0"),
    ],
)
def test_a_list_that_cannot_be_added_to_is_refused_with_its_place(
    text: str, place: tuple[int, int], message: str
) -> None:
    with pytest.raises(CannotEdit, match=message) as caught:
        added(text)
    assert caught.value.where == Position("f.yaml", *place)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'image:\n  tag: "4.10"\n'),
        ("# values\n", '# values\nimage:\n  tag: "4.10"\n'),
        ("image:\n    repository: x\nb: 1\n", 'image:\n    repository: x\n    tag: "4.10"\nb: 1\n'),
        ("image:\n  repository: 'x' # c\n\nb: 1\n", "image:\n  repository: 'x' # c\n  tag: '4.10'\n\nb: 1\n"),
        ("image: {repository: x}\n", 'image: {repository: x, tag: "4.10"}\n'),
        ("image: {}\n", 'image: {tag: "4.10"}\n'),
        ("image:\nb: 1\n", 'image:\n  tag: "4.10"\nb: 1\n'),
        ("a:\n    b: 1\n", 'a:\n    b: 1\nimage:\n    tag: "4.10"\n'),
        ("a: 1\r\n", 'a: 1\r\nimage:\r\n  tag: "4.10"\r\n'),
        ("a: 1", 'a: 1\nimage:\n  tag: "4.10"'),
        ("---\na: 1\n...\n", '---\na: 1\nimage:\n  tag: "4.10"\n...\n'),
        ('{"a": 1}\n', '{"a": 1, "image": {"tag": "4.10"}}\n'),
        ("image:\n  tag: 4.9.0\n", 'image:\n  tag: "4.10"\n'),
        ("image:\n  a:\n  - x\n  - y\nb: 1\n", 'image:\n  a:\n  - x\n  - y\n  tag: "4.10"\nb: 1\n'),
    ],
)
def test_a_values_file_gets_the_key_where_it_belongs(before: str, after: str) -> None:
    assert set_in_values_file(before.encode(), "v.yaml", ("image", "tag"), "4.10").decode() == after


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("image: x\n", ("image", "tag"), "this is no map"),
        ("d: &d {image: {r: 1}}\n<<: *d\n", ("image", "tag"), "without changing others"),
        ("d: &d {r: 1}\nimage: *d\n", ("image", "tag"), "an alias"),
        ("hosts: [a]\n", ("hosts", 1), "no item 1"),
        ("a: 1\na: 2\n", ("b",), "without changing others|stands already"),
    ],
)
def test_a_key_that_cannot_be_added_is_refused(text: str, path: Path, message: str) -> None:
    with pytest.raises((CannotEdit, InvalidInput), match=message):
        set_in_values_file(text.encode(), "v.yaml", path, "1")


_names = st.text("abc.ö'\" 1", min_size=1, max_size=4)
_maps = st.dictionaries(_names.filter(lambda name: "." not in name), st.text(max_size=3), max_size=3)


@given(_maps, st.lists(st.sampled_from(["a", "1", "on", "x y", "ö:"]), min_size=1, max_size=3), st.text(max_size=6))
def test_a_made_up_values_file_gains_exactly_one_value(values: dict[str, str], path: list[str], new: str) -> None:
    before = {f"k{key}": value for key, value in values.items()}
    text = dump(before) if before else ""
    after = load(set_in_values_file(text.encode(), "v.yaml", tuple(path), new).decode(), "v.yaml")
    expected: object = new
    for name in reversed(path):
        expected = {name: expected}
    assert isinstance(expected, dict)
    assert after == {**before, **expected}


@given(
    st.lists(st.sampled_from(["block", "flow", "none", "list"]), min_size=1, max_size=5),
    st.data(),
    st.sampled_from(["\n", "\r\n"]),
    _names,
    st.text(max_size=6),
)
def test_a_made_up_release_file_gains_exactly_one_entry(
    styles: list[str], data: st.DataObject, newline: str, key: str, value: str
) -> None:
    bodies = {
        "block": "  values:\n    - key: x\n      value: 'y'  # c\n",
        "flow": "  values:\n  - {key: x, value: y}\n\n  # c\n",
        "none": "  chart: {dir: z}\n",
        "list": "  values: [{key: x, value: y}]\n",
    }
    text = "releases:\n" + "".join(f"- name: r{i}\n{bodies[style]}" for i, style in enumerate(styles))
    text = text.replace("\n", newline)
    index = data.draw(st.integers(0, len(styles) - 1))
    before = load(text, "f.yaml")
    result = added(text, ("releases", index), f"k{key}", value)
    release = before["releases"][index]
    release["values"] = [*release.get("values", []), {"key": f"k{key}", "value": value}]
    assert load(result, "f.yaml") == before
    kept = iter(result)
    assert all(character in kept for character in text)
