"""A changed field names its line only where one line alone can have given it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Position
from fairway.domain.manifests.origins import Written, origin_of, with_origins
from fairway.domain.releases.plan import ABSENT, MASKED, FieldChange

IMAGE = "spec.template.spec.containers[app].image"


def at(line: int) -> Position:
    return Position("releases/web.yaml", line)


def written(key: str, value: Any, line: int) -> Written:
    return Written(tuple(key.split(".")), value, at(line))


VALUES = [
    written("image.repository", "shop/web", 11),
    written("image.tag", "1.9.1", 12),
    written("replicaCount", 5, 13),
    written("other.count", 5, 14),
    written("env.LOG_LEVEL", "debug", 15),
    written("debug", True, 16),
    written("host", "shop.example.com", 17),
    written("legacy.host", "old.example.com", 18),
    written("twin.one", "the-same-text", 19),
    written("twin.two", "the-same-text", 20),
    written("port", 8080, 21),
    written("short", "abc", 22),
]


@pytest.mark.parametrize(
    ("path", "old", "new", "line"),
    [
        (IMAGE, "shop/web:1.9.0", "shop/web:1.9.1", 12),
        (IMAGE, "shop/api:1.9.1", "shop/web:1.9.1", 11),
        (IMAGE, ABSENT, "shop/web:1.9.1", 11),
        ("spec.replicas", 3, 5, 13),
        ("spec.limit", 3, 5, None),
        ("spec.template.spec.containers[app].env[LOG_LEVEL].value", "info", "debug", 15),
        ('data["app.properties"]', "url=http://x", "url=http://shop.example.com", 17),
        ("data.text", "x", "the-same-text", None),
        ("data.text", "x", "abc", None),
        ("spec.ports[80].targetPort", 80, 8080, 21),
        ("data.text", "x", "1.9.12", None),
        ("spec.debug", False, True, 16),
        ("spec.x", "gone", ABSENT, None),
        ("data.password", MASKED, MASKED, None),
        ("spec.x", 1, {"image": "1.9.1"}, None),
    ],
)
def test_a_line_is_told_when_one_alone_fits(path: str, old: Any, new: Any, line: int | None) -> None:
    assert origin_of(FieldChange(path, old, new), VALUES) == (None if line is None else at(line))


def test_a_value_that_was_there_before_did_not_change_it() -> None:
    assert origin_of(FieldChange(IMAGE, "shop/web:1.9.0", "shop/web:2.0.0"), VALUES) is None


def test_one_line_that_gives_a_value_twice_is_still_one_line() -> None:
    twice = [written("a.one", "the-same-text", 1), written("a.two", "the-same-text", 1)]
    assert origin_of(FieldChange("data.text", "x", "the-same-text"), twice) == at(1)


def test_every_change_of_an_object_gets_its_own_line() -> None:
    changes = [FieldChange("spec.replicas", 3, 5), FieldChange("spec.x", 1, 2)]
    assert [change.origin for change in with_origins(changes, VALUES)] == [at(13), None]


@given(st.text(max_size=12), st.lists(st.text(min_size=4, max_size=6), max_size=4))
def test_a_told_line_holds_a_part_of_the_new_value(new: str, values: list[str]) -> None:
    known = [Written((f"k{n}",), value, at(n + 1)) for n, value in enumerate(values)]
    found = origin_of(FieldChange("data.text", ABSENT, new), known)
    assert found is None or values[found.line - 1] in new
