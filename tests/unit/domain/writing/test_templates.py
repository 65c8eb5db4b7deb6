"""Templates, and branches that git takes."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.writing import upgrade

from fairway.domain.writing.templates import branch_of, branch_prefix, fill, unknown_names


def test_every_name_is_filled() -> None:
    text = fill("{environment}/{release}: {image} {old}→{new} ({count})", [upgrade("prod", "web", "1.0.1")])
    assert text == "prod/web: shop/web 1.0.0→1.0.1 (1)"


def test_several_are_listed_and_many_are_counted() -> None:
    many = [upgrade(f"e{n}", f"r{n % 3}", "2.0.0") for n in range(5)]
    assert fill("{environment}: {release} to {new} ({count})", many) == "5 environments: r0, r1, r2 to 2.0.0 (5)"


def test_what_is_put_in_is_not_a_template() -> None:
    assert fill("{release}", [upgrade("prod", "{environment}", "1")]) == "{environment}"


def test_other_braces_stay_and_unknown_names_are_found() -> None:
    assert fill("{} {releases} {release}", [upgrade("prod", "web", "1")]) == "{} {releases} web"
    assert unknown_names("{release} {releases} {new}") == ["releases"]


def test_digests_are_not_shown() -> None:
    assert fill("{new}", [upgrade("prod", "web", "1.0.1@sha256:abc")]) == "1.0.1"


@pytest.mark.parametrize(
    ("template", "prefix"),
    [("fairway/upgrades/{environment}", "fairway/upgrades/"), ("bot", "bot"), ("{release}", ""), ("a-{new}/x", "a-")],
)
def test_the_prefix_is_what_comes_before_the_first_name(template: str, prefix: str) -> None:
    assert branch_prefix(template) == prefix


@pytest.mark.parametrize(
    ("template", "branch"),
    [
        ("fairway/{environment}/{release}", "fairway/prod/web"),
        ("fairway/{release}-{new}", "fairway/web-1.0..x".replace("..", ".")),
        ("fairway/{image}", "fairway/shop/web"),
    ],
)
def test_branches_are_made_of_names(template: str, branch: str) -> None:
    assert branch_of(template, upgrade("prod", "web", "1.0..x")) == branch


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_branch_is_always_one_that_git_takes_below_our_prefix(release: str, new: str) -> None:
    branch = branch_of("fairway/{release}/v-{new}", upgrade("prod", release, new))
    assert branch.startswith("fairway/")
    try:
        done = subprocess.run(["git", "check-ref-format", "--branch", branch], capture_output=True)
    except ValueError:  # a NUL
        pytest.fail(branch)
    assert done.returncode == 0, branch
