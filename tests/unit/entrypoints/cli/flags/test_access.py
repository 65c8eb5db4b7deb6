"""The flags of team access."""

from __future__ import annotations

import dataclasses

import pytest
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.access import ACCESS, access_options
from fairway.services.access.options import AccessOptions

given = Trial(ACCESS)


def options(*words: str) -> AccessOptions:
    return access_options(given(*words))


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


def test_each_field_has_a_flag_and_each_flag_a_field() -> None:
    assert {flag.fills for flag in ACCESS.flags} == {field.name for field in dataclasses.fields(AccessOptions)}


def test_without_any_it_is_the_database() -> None:
    assert options() == AccessOptions()
    assert not options().in_s3


def test_all_of_them_reach_their_fields() -> None:
    assert options(
        "--s3-endpoint=minio:9000", "--s3-access-key=a", "--s3-secret-key=s", "--s3-bucket-name=b",
        "--s3-bucket-location=l", "--s3-secure=false", "--s3-create-bucket=false", "--access-cache=5s",
    ) == AccessOptions("minio:9000", "a", "s", "b", "l", False, False, 5.0)  # fmt: skip


def test_an_answer_may_not_be_kept_for_long() -> None:
    with pytest.raises(UserError, match=r"--access-cache \(FAIRWAY_ACCESS_CACHE\): 60 s is too long"):
        options("--access-cache=1m")
