"""One scalar changes and no other byte; what is not safe is refused with its place."""

import pytest

from fairway.domain.errors import InvalidInput, Position, UserError
from fairway.domain.upgrades.splice import scalar_at, splice, splice_all
from fairway.domain.upgrades.written import CannotEdit
from fairway.domain.yaml import Path, load


@pytest.mark.parametrize(
    ("before", "path", "new", "after"),
    [
        ("tag: 4.0.1\n", ("tag",), "4.0.2", "tag: 4.0.2\n"),
        ("tag: '4.0'  # why\nb: 1\n", ("tag",), "4.1", "tag: '4.1'  # why\nb: 1\n"),
        ('tag: "4.0" # why', ("tag",), "4.1", 'tag: "4.1" # why'),
        ("tag: 4.0\n", ("tag",), "4.10", 'tag: "4.10"\n'),
        ("tag: 4.0.1\n", ("tag",), "4.10", 'tag: "4.10"\n'),
        ("tag: v4\n", ("tag",), "v5", "tag: v5\n"),
        ("tag: a1\n", ("tag",), "12345", 'tag: "12345"\n'),
        ("tag: a1\n", ("tag",), "1e3", 'tag: "1e3"\n'),
        ("tag: a1\n", ("tag",), "2026-01-02", 'tag: "2026-01-02"\n'),
        ("tag: a1\n", ("tag",), "22:22", 'tag: "22:22"\n'),
        ("tag: a1\n", ("tag",), "on", 'tag: "on"\n'),
        ("tag: a1\n", ("tag",), "", 'tag: ""\n'),
        ("tag: a1\n", ("tag",), "a: b", 'tag: "a: b"\n'),
        ("tag: a1\n", ("tag",), "a #b", 'tag: "a #b"\n'),
        ("tag: a1\n", ("tag",), "*x", 'tag: "*x"\n'),
        ("tag: 'a'\n", ("tag",), "it's", "tag: 'it''s'\n"),
        ("tag: 'a'\n", ("tag",), "a\tb\n", 'tag: "a\\u0009b\\u000a"\n'),
        ('tag: "a"\n', ("tag",), 'q"\\\u2028\U0001f6a2\x7f', 'tag: "q\\"\\\\\\u2028\U0001f6a2\\u007f"\n'),
        ("- {key: image.tag, value: 4.0.1}\n", (0, "value"), "4.0.2", "- {key: image.tag, value: 4.0.2}\n"),
        ("- {key: image.tag, value: a}\n", (0, "value"), "a,b", '- {key: image.tag, value: "a,b"}\n'),
        ("- key: a\n  value: a\n", (0, "value"), "a,b", "- key: a\n  value: a,b\n"),
        ("a: [x,y , z]\n", ("a", 1), "yy", "a: [x,yy , z]\n"),
        ("a:\n- x\n-   y # c\n", ("a", 1), "z", "a:\n- x\n-   z # c\n"),
        ("a:\r\n  tag: 1.0.0\r\n  b: 2\r\n", ("a", "tag"), "1.0.1", "a:\r\n  tag: 1.0.1\r\n  b: 2\r\n"),
        ("\ufefftag: 1.0.0\n", ("tag",), "1.0.1", "\ufefftag: 1.0.1\n"),
        ("# grün 🚢\nö: ä\ntag: 1.0.0 # ü\n", ("tag",), "1.0.1", "# grün 🚢\nö: ä\ntag: 1.0.1 # ü\n"),
        ("tag: &t 1.0.0\nb: 1\n", ("tag",), "1.0.1", "tag: &t 1.0.1\nb: 1\n"),
        ("a: &a {x: 1}\nb: *a\ntag: 1.0.0\n", ("tag",), "1.0.1", "a: &a {x: 1}\nb: *a\ntag: 1.0.1\n"),
        ("a: &a {x: 1}\nb: {<<: *a, tag: v1}\n", ("b", "tag"), "v2", "a: &a {x: 1}\nb: {<<: *a, tag: v2}\n"),
        ("tag: !!str 4.0\n", ("tag",), "4.1", 'tag: !!str "4.1"\n'),
        ("tag:\nb: 1\n", ("tag",), "v1", "tag: v1\nb: 1\n"),
        ("tag:  # none yet\nb: 1\n", ("tag",), "v1", "tag: v1  # none yet\nb: 1\n"),
        ("{tag: , b: 1}", ("tag",), "v1", "{tag: v1, b: 1}"),
        ("tag: ~\n", ("tag",), "v1", "tag: v1\n"),
        ("1:\n  on: a\n", ("1", "true"), "b", "1:\n  on: b\n"),
        ('{\n  "a": {"tag": "1.0"}\n}\n', ("a", "tag"), "1.1", '{\n  "a": {"tag": "1.1"}\n}\n'),
        ("tag: long\n  text\nb: 1\n", ("tag",), "v1", "tag: v1\nb: 1\n"),
        ("---\ntag: v1\n...\n", ("tag",), "v2", "---\ntag: v2\n...\n"),
    ],
)
def test_the_value_changes_and_keeps_its_quotes(before: str, path: Path, new: str, after: str) -> None:
    assert splice(before.encode(), "f.yaml", path, new).decode() == after


def test_the_text_that_is_there_already_changes_nothing() -> None:
    data = b"tag: '4.0'\r\n"
    assert splice(data, "f.yaml", ("tag",), "4.0") == data


@pytest.mark.parametrize(
    ("text", "path", "place", "message"),
    [
        ("a: &t v1\nb: *t\n", ("b",), (2, 1), "an alias of the anchor in line 1"),
        ("a: &t v1\nb: [*t]\n", ("b", 0), (1, 4), "an alias of the anchor in line 1"),
        ("a: &t v1\nb: *t\n", ("a",), (1, 4), "used elsewhere"),
        ("a: &m {tag: v1}\nb: *m\n", ("a", "tag"), (1, 4), "used elsewhere"),
        ("a: &m {tag: v1}\nb: *m\n", ("b", "tag"), (2, 1), "an alias of the anchor in line 1"),
        ("a: &m {tag: v1}\nb: {<<: *m}\n", ("a", "tag"), (1, 4), "used elsewhere"),
        ("a: &m {tag: v1}\nb:\n  <<: *m\n", ("b", "tag"), (3, 3), "may come in through <<"),
        ("tag: |\n  v1\n", ("tag",), (1, 6), "a block of text"),
        ("tag: >-\n  v1\n", ("tag",), (1, 6), "a block of text"),
        ("tag: v1\ntag: v2\n", ("tag",), (2, 1), "stands twice"),
        ("b: {tag: v1, 'tag': v2}\n", ("b", "tag"), (1, 14), "stands twice"),
        ("tag: '{{tag}}'\n", ("tag",), (1, 6), "made by a template"),
        ("tag: {{tag}}\n", ("tag",), (1, 6), "made by a template"),
        ("tag: {a: 1}\n", ("tag",), (1, 6), "a list or a map"),
        ("tag: [1]\n", ("tag",), (1, 6), "a list or a map"),
        ("tag: v1\n", ("image", "tag"), (1, 1), 'no key "image"'),
        ("image: v1\n", ("image", "tag"), (1, 8), "a single value"),
        ("a: [1]\n", ("a", 1), (1, 4), "there is no item 1"),
        ("a: [1]\n", ("a", "b"), (1, 4), "there is no item b"),
        ("tag: !!int 4\n", ("tag",), (1, 6), "cannot be changed"),
        ("", ("tag",), (0, 0), "empty"),
        ("\ufeff  tag: |\n    x\n", ("tag",), (1, 8), "a block of text"),
    ],
)
def test_what_is_not_safe_is_refused_with_its_place(
    text: str, path: Path, place: tuple[int, int], message: str
) -> None:
    with pytest.raises(CannotEdit, match=message) as caught:
        splice(text.encode(), "f.yaml", path, "v9.9")
    assert caught.value.where == Position("f.yaml", *place)


def test_a_file_that_cannot_be_read_is_reported() -> None:
    with pytest.raises(InvalidInput) as broken:
        splice(b"a: [1\n", "f.yaml", ("a", 0), "2")
    assert broken.value.where == Position("f.yaml", 1, 4)
    with pytest.raises(InvalidInput, match="second document"):
        splice(b"a: 1\n---\na: 2\n", "f.yaml", ("a",), "2")
    with pytest.raises(UserError, match="byte 6 is not UTF-8") as latin:
        splice(b"a: 1\nb\xff: 2\n", "f.yaml", ("a",), "2")
    assert latin.value.where == Position("f.yaml", 2)


def test_a_scalar_is_shown_as_written() -> None:
    assert scalar_at(b"tag: 4.10 # c\n", "f.yaml", ("tag",)) == "4.10"


def releases(count: int, key: str = "releases") -> str:
    """A release file of about 330 characters a release, in the styles that people mix."""
    return f"# all of them\n{key}:\n" + "".join(
        f"""  # release {i}
  - name: service-{i}
    chart: {{reference: stable/web, version: "1.2.{i}"}}
    valuesFile: ./values/service-{i}.yaml
    values:
      - {{key: image.tag, value: "4.0.{i}"}}
      - key: image.repository
        value: registry.example/service-{i}  # grün
    triggers:
      - image: {{track: PatchLevel}}

"""
        for i in range(count)
    )


@pytest.mark.parametrize("index", [0, 150, 299])
@pytest.mark.parametrize("ending", ["", "x-after: {a: 1}\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_large_file_changes_in_one_place(index: int, ending: str, newline: str) -> None:
    before = (releases(300) + ending).replace("\n", newline)
    after = splice(before.encode(), "f.yaml", ("releases", index, "values", 0, "value"), "4.1.10").decode()
    assert after == before.replace(f'"4.0.{index}"', '"4.1.10"')
    values = load(after, "f.yaml")
    assert values["releases"][index]["values"][0] == {"key": "image.tag", "value": "4.1.10"}


def test_a_large_file_of_another_shape_changes_as_well() -> None:
    before = "".join(f"service-{i}:\n  image: {{tag: 4.0.{i}}}\n" for i in range(1000))
    after = splice(before.encode(), "f.yaml", ("service-500", "image", "tag"), "4.1").decode()
    assert after == before.replace("{tag: 4.0.500}", '{tag: "4.1"}')
    dashes = "releases:\n" + "".join(f"  -\n    name: a{i}\n    tag: 4.0.{i}\n" for i in range(1000))
    after = splice(dashes.encode(), "f.yaml", ("releases", 500, "tag"), "4.1.1").decode()
    assert after == dashes.replace("tag: 4.0.500\n", "tag: 4.1.1\n")


def test_a_large_file_with_an_anchor_is_compared_as_a_whole() -> None:
    before = "x-a: &a {b: 1}\n" + releases(100) + "x-b: *a\n"
    after = splice(before.encode(), "f.yaml", ("releases", 7, "values", 0, "value"), "5").decode()
    assert after == before.replace('"4.0.7"', '"5"')


def test_many_values_of_a_file_change_at_once() -> None:
    before = releases(300)
    edits: dict[Path, str] = {("releases", i, "values", 0, "value"): f"5.{i}" for i in range(0, 300, 3)}
    after = splice_all(before.encode(), "f.yaml", edits)
    one_by_one = before
    for i in range(0, 300, 3):
        one_by_one = one_by_one.replace(f'"4.0.{i}"', f'"5.{i}"')
    assert after.decode() == one_by_one


def test_of_many_edits_all_or_none_are_made() -> None:
    with pytest.raises(CannotEdit, match="no key"):
        splice_all(b"a: 1\nb: 2\n", "f.yaml", {("a",): "x", ("c",): "y"})
    assert splice_all(b"a: 1\n", "f.yaml", {}) == b"a: 1\n"
