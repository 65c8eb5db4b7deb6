"""Laws of the edit, over made-up documents in all the ways that people write them."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fairway.domain.upgrades.splice import splice, splice_all
from fairway.domain.upgrades.verifying import LARGE
from fairway.domain.yaml import Path, load

_texts = st.sampled_from(["web", "1.10", "yes", "it's", "a b", "grün 🚢", 'q"q', "", "0x1f", "a: b", "# c", "4.0.1"])
_news = _texts | st.text(max_size=12) | st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,2}(-rc[0-9])?", fullmatch=True)
_comments = st.sampled_from(["", "", "  # why: [x", " # ünï"])
_keys = st.sampled_from(["a", "b", "tag", "image", "ö", "x y", "c"])


@dataclass(frozen=True)
class Leaf:
    """A scalar as it is written, with its comment."""

    text: str
    comment: str


def quoted(text: str, style: str) -> str:
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style == '"':
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def in_style(pair: tuple[str, str]) -> str:
    text, style = pair
    plain_is_safe = text not in ("", "a: b", "# c", 'q"q')
    return quoted(text, style if style or plain_is_safe else '"')


_scalars = st.tuples(_texts, st.sampled_from(["", "'", '"'])).map(in_style)
_leaves = st.builds(Leaf, _scalars, _comments)
_flow = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(_keys, inner, min_size=1, max_size=3).map(
            lambda items: "{ " + " , ".join(f"{key}: {value}" for key, value in items.items()) + " }"
        )
    ),
    max_leaves=4,
)
_trees = st.recursive(
    _leaves | st.builds(Leaf, _flow, _comments),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(_keys, inner, min_size=1, max_size=4),
    max_leaves=12,
).filter(lambda tree: not isinstance(tree, Leaf))


def lines(tree: Any, indent: int) -> list[str]:
    """Block style; a comment line before each second entry."""
    out: list[str] = []
    entries = [("-", item) for item in tree] if isinstance(tree, list) else [(f"{k}:", v) for k, v in tree.items()]
    for number, (start, item) in enumerate(entries):
        if number % 2:
            out += ["", " " * indent + "# — note"]
        if isinstance(item, Leaf):
            out.append(f"{' ' * indent}{start} {item.text}{item.comment}".rstrip())
        else:
            out += [" " * indent + start, *lines(item, indent + 2)]
    return out


def scalars(value: Any, path: Path = ()) -> list[Path]:
    if isinstance(value, dict):
        return [one for key, item in value.items() for one in scalars(item, (*path, key))]
    if isinstance(value, list):
        return [one for index, item in enumerate(value) for one in scalars(item, (*path, index))]
    return [path]


def replaced(value: Any, path: Path, new: str) -> Any:
    if not path:
        return new
    if isinstance(value, list):
        return [replaced(item, path[1:], new) if index == path[0] else item for index, item in enumerate(value)]
    return {key: replaced(item, path[1:], new) if key == path[0] else item for key, item in value.items()}


@st.composite
def documents(draw: st.DrawFn) -> str:
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    ends = draw(st.sampled_from(["", newline, newline + newline]))
    return draw(st.sampled_from(["", "\ufeff"])) + newline.join(lines(draw(_trees), 0)) + ends


@settings(max_examples=300)
@given(documents(), _news, st.data())
def test_one_leaf_has_the_new_text_and_everything_else_is_as_before(text: str, new: str, data: st.DataObject) -> None:
    before = load(text, "f.yaml")
    path = data.draw(st.sampled_from(scalars(before)))
    after = splice(text.encode(), "f.yaml", path, new).decode()
    assert load(after, "f.yaml") == replaced(before, path, new)
    assert splice(after.encode(), "f.yaml", path, new).decode() == after


@settings(max_examples=300)
@given(documents(), st.data())
def test_bytes_before_and_behind_the_scalar_stay(text: str, data: st.DataObject) -> None:
    """Two edits of the same scalar agree in everything but one stretch of one line."""
    path = data.draw(st.sampled_from(scalars(load(text, "f.yaml"))))
    one = splice(text.encode(), "f.yaml", path, "AAAA").decode()
    other = splice(text.encode(), "f.yaml", path, "BBBB").decode()
    assert one.replace("AAAA", "BBBB", 1) == other
    prefix, _, suffix = one.partition("AAAA")
    assert "BBBB" not in prefix + suffix
    assert text.startswith(prefix.rstrip("'\" "))
    assert text.endswith(suffix.lstrip("'\""))
    assert text.count("\n") == one.count("\n")
    assert text.count("#") - one.count("#") in (0, 1)


@settings(max_examples=60)
@given(documents(), st.lists(documents(), min_size=1, max_size=4), _news, st.data())
def test_large_files_of_items_follow_the_same_law(text: str, more: list[str], new: str, data: st.DataObject) -> None:
    items = [one.removeprefix("\ufeff").replace("\r\n", "\n") for one in [text, *more]]
    filler = f"  - filler: {'x' * LARGE}\n"
    body = "".join("  - item:\n" + "".join(f"      {line}\n" for line in item.splitlines()) for item in items)
    whole = f"releases:\n{filler}{body}x-end: 1\n"
    before = load(whole, "f.yaml")
    path = data.draw(st.sampled_from(scalars(before)))
    after = splice(whole.encode(), "f.yaml", path, new).decode()
    assert load(after, "f.yaml") == replaced(before, path, new)


@given(documents(), st.data())
def test_edits_made_at_once_are_edits_made_one_by_one(text: str, data: st.DataObject) -> None:
    paths = data.draw(st.lists(st.sampled_from(scalars(load(text, "f.yaml"))), unique=True, max_size=4))
    edits = {path: data.draw(_news) for path in paths}
    one_by_one = text.encode()
    for path, new in edits.items():
        one_by_one = splice(one_by_one, "f.yaml", path, new)
    assert splice_all(text.encode(), "f.yaml", edits) == one_by_one
