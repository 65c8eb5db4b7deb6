"""Laws of the edit in other kinds of files: JSON, anchors, several documents, lists of entries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.domain.upgrades.test_splice_laws import documents, replaced, scalars

from fairway.domain.upgrades.adding import add_value, set_in_values_file
from fairway.domain.upgrades.documents import edit_document, slices
from fairway.domain.upgrades.listing import append_item, remove_item
from fairway.domain.upgrades.scalars import write_scalar
from fairway.domain.upgrades.splice import splice
from fairway.domain.upgrades.verifying import LARGE
from fairway.domain.upgrades.written import CannotEdit
from fairway.domain.yaml import load, load_all

_versions = st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,2}(-rc[0-9])?", fullmatch=True)
_texts = _versions | st.text(max_size=8) | st.sampled_from(["a: b", "# c", "- d", "'", "{{x}}", "null", "1e3", "<"])
_names = st.sampled_from(["a", "b", "tag", "image", "ö", "x y"])
_json = st.recursive(
    st.sampled_from(["web", "1.10", 'q"q']) | st.integers(0, 99) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_names, inner, min_size=1, max_size=3),
    max_leaves=8,
)
_maps = st.dictionaries(_names, _json, min_size=1, max_size=4)


@settings(max_examples=200)
@given(_maps, st.sampled_from([None, 2, 4]), st.booleans(), _versions | st.text(max_size=6), st.data())
def test_json_stays_json_and_one_value_differs(
    value: dict[str, Any], indent: int | None, ascii_only: bool, new: str, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only) + "\n"
    path = data.draw(st.sampled_from(scalars(value)))
    try:
        after = splice(text.encode(), "v.json", path, new).decode()
    except CannotEdit:
        assert any(ord(character) > 0xFFFF for character in new)  # escapes of JSON and YAML differ there
        return
    assert json.loads(after) == replaced(value, path, new)


@given(_maps, st.sampled_from([None, 2]), st.lists(_names, min_size=1, max_size=3), _versions)
def test_a_json_values_file_gains_exactly_one_value(
    value: dict[str, Any], indent: int | None, path: list[str], new: str
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    expected: Any = json.loads(text)
    holder = expected
    for part in path[:-1]:
        holder = holder.setdefault(part, {})
        assume(isinstance(holder, dict) and holder is not None)
    assume(not isinstance(holder.get(path[-1]), dict | list))
    holder[path[-1]] = new
    assert json.loads(set_in_values_file(text.encode(), "v.json", tuple(path), new).decode()) == expected


@settings(max_examples=200)
@given(documents(), _versions, st.data())
def test_an_anchor_is_never_moved_by_an_edit_elsewhere(text: str, new: str, data: st.DataObject) -> None:
    """One scalar gets an anchor and another becomes its alias; the edit of any leaf changes that leaf or nothing."""
    before = load(text, "f.yaml")
    paths = scalars(before)
    assume(len(paths) > 1)
    anchored, alias = data.draw(st.lists(st.sampled_from(paths), min_size=2, max_size=2, unique=True))
    shared = splice(splice(text.encode(), "f.yaml", anchored, "ANCHORED"), "f.yaml", alias, "ALIAS").decode()
    assume(shared.find("ANCHORED") < shared.find("ALIAS"))
    for quote in ('"', "'", ""):
        shared = (
            shared.replace(f"{quote}ANCHORED{quote}", f"&one {quote}ANCHORED{quote}", 1)
            if "&" not in shared
            else shared
        )
        shared = shared.replace(f"{quote}ALIAS{quote}", "*one ", 1)
    expected = load(shared, "f.yaml")
    path = data.draw(st.sampled_from(paths))
    if path in (anchored, alias):
        with pytest.raises(CannotEdit):
            splice(shared.encode(), "f.yaml", path, new)
        return
    after = splice(shared.encode(), "f.yaml", path, new).decode()
    assert load(after, "f.yaml") == replaced(expected, path, new)


@settings(max_examples=150)
@given(st.lists(documents(), min_size=1, max_size=4), _versions, st.booleans(), st.data())
def test_of_several_documents_one_leaf_of_one_changes(
    texts: list[str], new: str, windows: bool, data: st.DataObject
) -> None:
    parts = [one.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n" for one in texts]
    whole = "# first\n" + "--- # next\n".join(parts)
    whole = whole.replace("\n", "\r\n") if windows else whole
    number = data.draw(st.integers(0, len(parts) - 1))
    before = load_all(whole, "f.yaml")
    path = data.draw(st.sampled_from(scalars(before[number])))
    after = edit_document(whole.encode(), "f.yaml", number, path, new, splice).decode()
    assert load_all(after, "f.yaml") == [
        replaced(one, path, new) if at == number else one for at, one in enumerate(before)
    ]
    part, changed = slices(whole.encode(), "f.yaml")[number], slices(after.encode(), "f.yaml")[number]
    assert after[: changed.start] == whole[: part.start]
    assert after[changed.end :] == whole[part.end :]


@settings(max_examples=60)
@given(st.lists(documents(), min_size=1, max_size=4), _versions, st.data())
def test_large_values_files_follow_the_same_laws(texts: list[str], new: str, data: st.DataObject) -> None:
    bodies = [one.removeprefix("\ufeff").replace("\r\n", "\n") for one in texts]
    entries = "".join(
        f"# entry {n}\nk{n}:\n" + "".join(f"  {line}\n" for line in body.splitlines()) for n, body in enumerate(bodies)
    )
    whole = f"filler: {'x' * LARGE}\n{entries}last: &l {{a: 1}}\nagain: *l\n"
    before = load(whole, "v.yaml")
    path = data.draw(st.sampled_from([one for one in scalars(before) if one[0] not in ("last", "again")]))
    after = splice(whole.encode(), "v.yaml", path, new).decode()
    assert load(after, "v.yaml") == replaced(before, path, new)
    number = data.draw(st.integers(0, len(bodies) - 1))
    if isinstance(before[f"k{number}"], dict):
        more = set_in_values_file(whole.encode(), "v.yaml", (f"k{number}", "added", "tag"), new).decode()
        assert load(more, "v.yaml") == {**before, f"k{number}": {**before[f"k{number}"], "added": {"tag": new}}}


@settings(max_examples=60)
@given(st.lists(_versions, min_size=1, max_size=5), _versions, st.booleans(), st.data())
def test_a_large_file_of_releases_gains_exactly_one_value(
    tags: list[str], new: str, flow: bool, data: st.DataObject
) -> None:
    start, end = ("{", "}") if flow else ("", "")
    entries = "".join(
        f"  # {'n' * 30}\n  - name: r{n}\n    values:\n"
        + (f'      - {start}key: a, value: "{tag}"{end}\n' if flow else f'      - key: a\n        value: "{tag}" # c\n')
        for n, tag in enumerate(tags)
    )
    whole = f"x-filler: {'x' * LARGE}\nreleases:\n{entries}resourceFiles: []\n"
    expected = load(whole, "r.yaml")
    number = data.draw(st.integers(0, len(tags) - 1))
    after = add_value(whole.encode(), "r.yaml", ("releases", number), "image.tag", new).decode()
    release = expected["releases"][number]
    release["values"] = [*release["values"], {"key": "image.tag", "value": new}]
    assert load(after, "r.yaml") == expected


_items = st.dictionaries(st.sampled_from(["environment", "release", "version"]), _texts, min_size=1)
_lists = st.lists(_items, min_size=0, max_size=3)


@given(
    _lists, _items, st.sampled_from(["block", "flow", "tight", "json"]), st.booleans(), st.sampled_from(["", "\ufeff"])
)
def test_a_list_gains_and_loses_exactly_one_item(
    items: list[dict[str, str]], item: dict[str, str], style: str, windows: bool, bom: str
) -> None:
    text = written(items, style)
    text = bom + (text.replace("\n", "\r\n") if windows else text)
    more = append_item(text.encode(), "h.yaml", "holds", item)
    assert load(more.decode(), "h.yaml") == {"holds": [*items, item], "note": "x"}
    assert more.decode().startswith(bom)
    for number in range(len(items) + 1):
        left = [*items, item]
        del left[number]
        less = remove_item(more, "h.yaml", "holds", number).decode()
        assert load(less, "h.yaml") == {"holds": left or (None if style != "json" and not items else []), "note": "x"}
        assert "# kept" in less


def _quoted(value: str) -> str:
    return write_scalar(value, '"', in_flow=True)


def written(items: list[dict[str, str]], style: str) -> str:
    rows = [[f"{name}: {_quoted(value)}" for name, value in item.items()] for item in items]
    if style == "json":
        inside = ", ".join("{" + ", ".join(row) + "}" for row in rows)
        return f"# kept\nholds: [{inside}]\nnote: x\n"
    lines = ["# kept", "holds:"]
    for row in rows:
        if style == "flow":
            lines.append(f"  - {{{', '.join(row)}}} # one")
        else:
            indent = "  " if style == "block" else ""
            lines += [f"{indent}{'-' if not n else ' '} {entry}" for n, entry in enumerate(row)]
    return "\n".join([*lines, "note: x", ""])
