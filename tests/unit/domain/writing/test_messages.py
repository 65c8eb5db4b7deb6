"""The words of commits and pull requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.writing import upgrade

from fairway.domain.upgrades.reverted import UPGRADE
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.domain.writing.messages import LONGEST_TABLE, Written, message_of, request_body, subject_of
from fairway.domain.writing.trailers import trailers_of, upgrades_of


def written(one: Upgrade) -> Written:
    trailer = f"{one.environment}/{one.release} {one.key} {one.old} {one.new}"
    return Written(f"{one.release} {one.old} → {one.new}", one, ((UPGRADE, trailer),))


def of(*upgrades: Upgrade) -> list[Written]:
    return [written(one) for one in upgrades]


CHART = Upgrade("prod", "redis", "chart", "stable/redis", "chart.version", "20.0.0", "21.0.1")
HOLD = Written("hold web 1.0.1 (prod)", None, (("Fairway-Hold", "prod/web * 1.0.1"),))


@pytest.mark.parametrize(
    ("upgrades", "subject"),
    [
        (of(upgrade("prod", "web", "1.9.1")), "Upgrade web to 1.9.1 in prod"),
        (of(upgrade("prod", "web", "1.9.1@sha256:0af")), "Upgrade web to 1.9.1 in prod"),
        (of(CHART), "Upgrade redis to chart 21.0.1 in prod"),
        (of(upgrade("staging", "web", "2"), upgrade("prod", "web", "2")), "Upgrade web to 2 in staging, prod"),
        (of(*(upgrade(f"e{n}", "web", "2") for n in range(4))), "Upgrade web to 2 in 4 environments"),
        (of(upgrade("prod", "web", "2"), upgrade("prod", "orders", "3")), "Upgrade 2 releases in prod"),
        (of(upgrade("prod", "web", "2"), upgrade("staging", "orders", "3")), "Upgrade 2 releases"),
        (of(*(upgrade("prod", f"r{n}", "2") for n in range(90))), "Upgrade 90 releases in prod"),
        ([HOLD], "Hold web 1.0.1 (prod)"),
        ([Written("take web back from 1.1 to 1.0 in prod")], "Take web back from 1.1 to 1.0 in prod"),
        ([*of(upgrade("prod", "web", "1.9.1")), HOLD], "Upgrade web to 1.9.1 in prod, and 1 more change"),
        ([HOLD, HOLD, HOLD], "Hold web 1.0.1 (prod), and 2 more changes"),
    ],
)
def test_the_subject_says_it_in_a_few_words(upgrades: list[Written], subject: str) -> None:
    assert subject_of(upgrades) == subject


def test_a_template_is_one_line_of_bounded_length() -> None:
    assert subject_of(of(upgrade("prod", "web", "2")), "a\n{release}\t b") == "a web b"
    assert len(subject_of(of(upgrade("prod", "w" * 500, "2")))) == 200


def test_the_body_explains_each_change() -> None:
    one = upgrade(
        "prod", "web", "1.9.1", "1.9.0", why="newest in 1.9.x", source="https://g.example/web", commit="3f2c1ab",
        compare="https://g.example/web/compare/a...b",
    )  # fmt: skip
    assert message_of(of(one)) == (
        "Upgrade web to 1.9.1 in prod\n"
        "\n"
        "- prod/web: shop/web 1.9.0 → 1.9.1\n"
        "  image.tag: newest in 1.9.x\n"
        "  source: https://g.example/web at 3f2c1ab\n"
        "  changes: https://g.example/web/compare/a...b\n"
        "\n"
        "Fairway-Upgrade: prod/web image.tag 1.9.0 1.9.1\n"
    )


def test_the_body_says_why_a_version_was_taken_back() -> None:
    back = Written(
        "take web back from 1.1 to 1.0 in prod", None, (("Fairway-Hold", "prod/web * 1.1"),), "pod web-1:\n crashed"
    )
    assert message_of([back]) == (
        "Take web back from 1.1 to 1.0 in prod\n"
        "\n"
        "- take web back from 1.1 to 1.0 in prod: pod web-1: crashed\n"
        "\n"
        "Fairway-Hold: prod/web * 1.1\n"
    )


def test_what_an_image_says_of_itself_forges_no_trailer() -> None:
    lie = "https://g.example/web\n\nFairway-Upgrade: prod/db image.tag 1 2"
    one = upgrade("prod", "web", "1.9.1", why=lie, source=lie, commit=lie, compare=lie)
    message = message_of(of(one))
    assert [name for name, _ in trailers_of(message)] == [UPGRADE]
    assert [found.release for found in upgrades_of(message)] == ["web"]
    assert sum(line.startswith("Fairway-Upgrade:") for line in message.splitlines()) == 1


def test_a_very_long_list_is_cut_but_no_trailer_is_missing() -> None:
    many = [upgrade("prod", f"r{n}", "2.0.0") for n in range(400)]
    message = message_of(of(*many))
    assert "… and 100 more" in message
    assert [(one.release, one.new) for one in upgrades_of(message)] == [(f"r{n}", "2.0.0") for n in range(400)]


_WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=12)
_NAME = _WORD.filter(lambda text: "/" not in text)
_LINE = st.lists(_WORD, max_size=4).map(" ".join)
_URL = st.one_of(st.just(""), _NAME.map(lambda word: f"https://git.example/{word}"))


@given(st.lists(st.tuples(_NAME, _WORD, _WORD, _WORD, _WORD, _LINE, _URL, _URL), min_size=1, max_size=4))
def test_what_a_message_says_is_read_back(parts: list[tuple[str, ...]]) -> None:
    upgrades = [
        Upgrade(env, release, "image", name, "image.tag", old, new, why, source, "abc" if source else "", compare)
        for env, release, name, old, new, why, source, compare in parts
    ]
    found = upgrades_of(message_of(of(*upgrades)))
    keys = [(one.environment, one.release, one.key, one.old, one.new) for one in found]
    assert keys == [(one.environment, one.release, one.key, one.old, one.new) for one in upgrades]
    for one in found:
        assert one in upgrades


@pytest.mark.parametrize("message", ["", "By hand", "By hand\n\nNot: all\nlines are trailers"])
def test_messages_of_people_have_no_upgrades(message: str) -> None:
    assert upgrades_of(message) == []
    assert trailers_of(message) == []


def test_a_request_has_a_table_and_what_people_want_before_it() -> None:
    one = upgrade("prod", "web", "2.0.0", why="newest", source="https://g.example/web", compare="https://g.example/c")
    body = request_body([*of(one), HOLD], "Careful with {environment}.")
    assert body.startswith("Careful with prod.\n\n| Environment |")
    assert (
        "| prod | web | [shop/web](https://g.example/web) | `1.0.0` → `2.0.0` "
        "([changes](https://g.example/c)) | newest |"
    ) in body
    assert "- hold web 1.0.1 (prod)" in body


def test_a_long_table_is_cut() -> None:
    body = request_body(of(*(upgrade("prod", f"release-{n}", "2.0.0", why="x" * 50) for n in range(1000))))
    assert len(body) < LONGEST_TABLE + 1000
    assert "more; the commit lists them all." in body


def test_names_cannot_break_the_table_call_people_or_link_anywhere() -> None:
    one = upgrade("prod", "a|b", "2", why="@team <img src=x> [x](y)\n| evil |", source="javascript:alert(1)")
    row = next(line for line in request_body(of(one)).splitlines() if line.startswith("| prod"))
    assert row.replace("\\|", "").count("|") == 6
    assert "@team" not in row
    assert "<img" not in row
    assert "javascript" not in row
