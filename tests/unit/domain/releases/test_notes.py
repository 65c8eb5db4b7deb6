"""What Fairway writes on a revision for itself can be read back, and can be lost without harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.releases.blast_radius import Deletion
from fairway.domain.releases.notes import (
    INVENTORY,
    PARTS,
    InventoryItem,
    decode_inventory,
    decode_parts,
    digest_of,
    encode_inventory,
    inputs_digest,
)

WORDS = st.text(min_size=1, max_size=12)
ITEMS = st.lists(
    st.builds(InventoryItem, st.builds(ObjectRef, st.just("apps/v1"), WORDS, WORDS, WORDS), st.text(max_size=16)),
    unique_by=lambda item: item.ref.key,
    max_size=8,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(ITEMS)
def test_an_inventory_is_read_back_as_written(items: list[InventoryItem]) -> None:
    text = encode_inventory(items)
    assert text is not None
    assert decode_inventory({INVENTORY: text}) == {item.ref.key: item for item in items}


def test_an_inventory_that_would_not_fit_an_annotation_is_left_out() -> None:
    many = [InventoryItem(ObjectRef("v1", "ConfigMap", "shop", f"{n:0200}"), "") for n in range(2000)]
    assert encode_inventory(many) is None


@pytest.mark.parametrize("text", ["", "{", "[[1]]", '{"a": 1}', "7"])
def test_an_unreadable_inventory_is_none(text: str) -> None:
    assert decode_inventory({INVENTORY: text}) is None


@pytest.mark.parametrize("text", ["", "[", "[]", "7"])
def test_unreadable_parts_are_empty(text: str) -> None:
    assert decode_parts({PARTS: text}) == {}


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_a_digest_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    assert digest_of(value) == digest_of(dict(reversed(value.items())))


@given(st.dictionaries(WORDS, WORDS, min_size=1, max_size=4), WORDS)
def test_any_other_part_gives_another_digest(parts: dict[str, str], other: str) -> None:
    name = next(iter(parts))
    changed = {**parts, name: parts[name] + other}
    assert inputs_digest(changed) != inputs_digest(parts)


@pytest.mark.parametrize(
    ("count", "total", "share", "exceeds"),
    [
        (0, 0, 0.0, False),
        (1, 1, 0.5, False),
        (1, 1, 0.0, True),
        (2, 4, 0.5, False),
        (3, 4, 0.5, True),
        (2, 2, 1.0, False),
    ],
)
def test_the_limit_of_deletions(count: int, total: int, share: float, exceeds: bool) -> None:
    assert Deletion("releases", count, total, share).exceeds is exceeds
