"""Pages of a commit on each forge."""

from __future__ import annotations

import pytest

from fairway.domain.forges.addresses import forge_address
from fairway.domain.forges.pages import commit_page


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/shop/d.git", "https://github.com/shop/d/commit/abc"),
        ("git@github.com:shop/d.git", "https://github.com/shop/d/commit/abc"),
        ("https://gitlab.example.com/a/b/d", "https://gitlab.example.com/a/b/d/-/commit/abc"),
        ("https://codeberg.org/shop/d.git", "https://codeberg.org/shop/d/commit/abc"),
        ("git@bitbucket.org:shop/d.git", "https://bitbucket.org/shop/d/commits/abc"),
    ],
)
def test_each_forge_has_its_own(url: str, page: str) -> None:
    assert commit_page(forge_address(url), "abc") == page
    assert commit_page(forge_address(url), "") == ""
