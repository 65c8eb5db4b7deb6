"""Versions of Kubernetes as people and servers write them."""

import pytest

from fairway.domain.errors import UserError
from fairway.domain.kubernetes.versions import NEWEST, OLDEST, full_version, minor_of, minor_text


@pytest.mark.parametrize(
    ("written", "full", "minor"),
    [
        ("1.34", "v1.34.0", (1, 34)),
        ("v1.34", "v1.34.0", (1, 34)),
        ("1.36.3", "v1.36.3", (1, 36)),
        ("v1.33.4-gke.1172000", "v1.33.4-gke.1172000", (1, 33)),
        ("v1.31.2+k3s1", "v1.31.2+k3s1", (1, 31)),
        (" 1.16 ", "v1.16.0", (1, 16)),
        ("1.30+", "v1.30.0", (1, 30)),
    ],
)
def test_a_version_is_read_in_each_of_its_forms(written: str, full: str, minor: tuple[int, int]) -> None:
    assert full_version(written) == full
    assert minor_of(full) == minor
    assert minor_text(minor) == f"{minor[0]}.{minor[1]}"


@pytest.mark.parametrize("written", ["", "latest", "1", "1.x", "v1.34.", "1.34 1.35", "١.٣"])
def test_what_is_no_version_is_refused(written: str) -> None:
    for read in (full_version, minor_of):
        with pytest.raises(UserError, match="is no Kubernetes version"):
            read(written)


def test_versions_older_than_the_table_are_refused() -> None:
    with pytest.raises(UserError, match=r"known from 1\.16 on"):
        full_version("1.15")
    assert minor_of(full_version(minor_text(OLDEST))) == OLDEST


def test_the_newest_version_is_one() -> None:
    assert full_version(NEWEST) == NEWEST
