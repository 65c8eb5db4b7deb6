"""What a build says when it pushed something, through the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.system.upgrades.conftest import MAY, Shop


def test_a_pushed_image_is_taken_in_without_asking_anybody(shop: Shop) -> None:
    listed = shop("observe", "prod", "-i", f"{shop.registry}/orders:1.4.9")
    assert listed.code == 0, listed.err
    assert f"fairway observe prod -i {shop.registry}/orders:1.4.9 --patch" in listed.out
    assert shop("observe", "prod", "-i", f"{shop.registry}/orders:1.4.9", "--patch").code == 0
    assert shop.changed_lines()[1] == '+      - {key: image.tag, value: "1.4.9"}   # Anna checks before majors'


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ("1.4.0", "not chosen: older"),
        ("1.4.1", "current"),
        ("1.5.0", "not chosen: MinorVersion change"),
        ("1.4.2-rc1", "not chosen: pre-release"),
        ("latest", "not chosen: not a version"),
    ],
)
def test_a_track_is_kept_and_nothing_is_lowered(shop: Shop, tag: str, why: str) -> None:
    answer = shop("observe", "prod", "-i", f"{shop.registry}/orders:{tag}", "--patch", "--exit-code")
    assert (answer.code, answer.out) == (0, f"prod/orders  {tag}  {why}\nnothing to do: 1 trigger looked at\n")
    assert shop.changed_lines() == []


def test_an_image_that_nobody_watches_changes_nothing(shop: Shop) -> None:
    answer = shop("observe", "-i", f"{shop.registry}/other:1.0.0")
    assert (answer.code, answer.out) == (0, "nothing to do: no release here has such a trigger\n")


def test_a_push_is_verified_when_asked_for(shop: Shop) -> None:
    image = f"{shop.registry}/orders:1.4.9"
    refused = shop("observe", "prod", "-i", image, "--verify", "--patch")
    assert refused.code == 2
    assert f"there is no image {image}" in refused.err
    assert shop.changed_lines() == []
    shop.push("orders", "1.4.9")
    assert shop("observe", "prod", "-i", image, "--verify", "--patch").code == 0
    assert len(shop.changed_lines()) == 2


def test_the_newest_is_what_was_pushed_last(shop: Shop) -> None:
    shop.push("orders", "main-1", created=MAY)
    shop.push("orders", "main-0", created=MAY - timedelta(days=1))
    late, early = (shop("observe", "staging", "-i", f"{shop.registry}/orders:{tag}") for tag in ("main-2", "main-0"))
    assert "main-2" in late.out
    assert "main-0" in early.out
    verified = shop("observe", "staging", "-i", f"{shop.registry}/orders:main-0", "--verify")
    assert verified.out.endswith("nothing to do: 1 trigger looked at\n")
