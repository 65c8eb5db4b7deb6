"""Which image of several is meant by a platform."""

from __future__ import annotations

import pytest

from fairway.domain.upgrades.platforms import pick


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/arm64", ["linux/arm64/v8"], "linux/arm64/v8"),
        ("linux/arm64/v8", ["linux/arm64"], "linux/arm64"),
        ("linux/arm", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm", ["linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v6", ["linux/arm/v7"], None),
        ("linux/amd64", ["linux/amd64/v3"], "linux/amd64/v3"),
        ("linux/amd64", ["windows/amd64"], None),
        ("linux/amd64", [""], None),
        ("linux/amd64", [], None),
    ],
)
def test_a_platform_means_one_image(wanted: str, offered: list[str], expected: str | None) -> None:
    assert pick(wanted, offered) == expected
