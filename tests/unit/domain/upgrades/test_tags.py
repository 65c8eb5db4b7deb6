"""Which tags are versions, and their order."""

import itertools

import pytest

from fairway.domain.upgrades.tags import parse_tag


@pytest.mark.parametrize(
    ("text", "core", "pre_release", "build"),
    [
        ("4", (4, 0, 0), "", ""),
        ("v4", (4, 0, 0), "", ""),
        ("1.2", (1, 2, 0), "", ""),
        ("v1.2", (1, 2, 0), "", ""),
        ("1.2.3", (1, 2, 3), "", ""),
        ("v1.2.3", (1, 2, 3), "", ""),
        ("1.2.3-rc.1", (1, 2, 3), "rc.1", ""),
        ("1.2-alpine", (1, 2, 0), "alpine", ""),
        ("1.2.3+5", (1, 2, 3), "", "5"),
        ("1.2.3-rc1_5", (1, 2, 3), "rc1", "5"),
        ("2024.01.05", (2024, 1, 5), "", ""),
    ],
)
def test_a_version_has_one_to_three_numbers(
    text: str, core: tuple[int, int, int], pre_release: str, build: str
) -> None:
    version = parse_tag(text)
    assert version is not None
    assert (version.core, version.pre_release, version.build) == (core, pre_release, build)
    assert version.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "main-3f2c1ab",
        "3f2c1ab",
        "1.2.3.4",
        "1.",
        ".1",
        "v",
        "1.2.x",
        "1.2.3-",
        "1..2",
        "1.2.3-a..b",
        "٣.1",
        "9" * 400,
    ],
)
def test_other_texts_are_no_versions(text: str) -> None:
    assert parse_tag(text) is None


@pytest.mark.parametrize(
    "group", [("1", "v1", "1.0", "1.0.0", "v1.0.0"), ("1.2", "v1.2.0", "1.2.0+5"), ("1.2-rc1", "1.2.0-rc1")]
)
def test_short_and_long_forms_are_the_same_version(group: tuple[str, ...]) -> None:
    precedences = {version.precedence for text in group if (version := parse_tag(text)) is not None}
    assert len(precedences) == 1


def test_the_order_is_that_of_semver() -> None:
    rising = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
    ]
    rising += ["1.0", "1.2", "1.3.0", "1.10", "2"]
    precedences = [version.precedence for text in rising if (version := parse_tag(text)) is not None]
    assert len(precedences) == len(rising)
    assert all(lower < higher for lower, higher in itertools.pairwise(precedences))


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("1.2.3", ""),
        ("1.2.3-rc1", ""),
        ("1.2.3-RC.1", ""),
        ("1.2.3-beta-2", ""),
        ("1.2.3-4", ""),
        ("1.2.3-0.20240101", ""),
        ("1.2.3-alpine", "alpine"),
        ("1.2.3-alpine3.19", "alpine3.19"),
        ("4.0.1-debian-12", "debian-12"),
        ("1.2.3-rcx", "rcx"),
    ],
)
def test_a_suffix_is_a_stage_or_names_a_kind_of_image(text: str, variant: str) -> None:
    version = parse_tag(text)
    assert version is not None
    assert version.variant == variant
