"""Where an image's labels say that its sources are, and the page that compares two images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.upgrades.sources import Source, compare_url, forge_of, source_of, web_address

OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://github.com/shop/web", "https://github.com/shop/web"),
        ("https://github.com/shop/web.git", "https://github.com/shop/web"),
        ("https://github.com/shop/web/", "https://github.com/shop/web"),
        ("https://github.com/shop/web/tree/main/api", "https://github.com/shop/web"),
        ("https://gitlab.example/shop/team/web/-/tree/main", "https://gitlab.example/shop/team/web"),
        ("git@github.com:shop/web.git", "https://github.com/shop/web"),
        ("ssh://git@git.example:2222/shop/web.git", "https://git.example/shop/web"),
        ("git+https://git.example:8443/shop/web.git#main", "https://git.example:8443/shop/web"),
        ("http://git.example/shop/web", "http://git.example/shop/web"),
        ("https://anna:hunter2@git.example/shop/web", "https://git.example/shop/web"),
        (" https://github.com/shop/web\n", "https://github.com/shop/web"),
        ("https://github.com/shop/web)[x](https://evil.example", ""),
        ("https://github.com/shop/../web", ""),
        ("javascript:alert(1)", ""),
        ("https://[::1/x", ""),
        ("https://github.com:x/shop/web", ""),
        ("https://github.com", ""),
        ("shop/web", ""),
        ("", ""),
    ],
)
def test_an_address_of_git_is_a_page(text: str, expected: str) -> None:
    assert web_address(text) == expected


@pytest.mark.parametrize(
    ("url", "forge", "compare"),
    [
        ("https://github.com/shop/web", "github", f"/compare/{OLD}...{NEW}"),
        ("https://github.shop.example/shop/web", "github", f"/compare/{OLD}...{NEW}"),
        ("https://gitlab.com/shop/team/web", "gitlab", f"/-/compare/{OLD}...{NEW}"),
        ("https://codeberg.org/shop/web", "gitea", f"/compare/{OLD}...{NEW}"),
        ("https://forgejo.example/shop/web", "gitea", f"/compare/{OLD}...{NEW}"),
        ("https://bitbucket.org/shop/web", "bitbucket", f"/branches/compare/{NEW}%0D{OLD}#diff"),
    ],
)
def test_each_forge_compares_in_its_own_way(url: str, forge: str, compare: str) -> None:
    assert forge_of(url) == forge
    assert compare_url(Source(url, OLD), Source(url, NEW)) == url + compare


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Source("https://github.com/a/b", OLD), Source("https://github.com/a/c", NEW)),
        (Source("https://github.com/a/b", OLD), Source("https://github.com/a/b", OLD)),
        (Source("https://github.com/a/b"), Source("https://github.com/a/b", NEW)),
        (Source("https://git.example/a/b", OLD), Source("https://git.example/a/b", NEW)),
        (Source(), Source()),
    ],
)
def test_what_cannot_be_compared_has_no_page(old: Source, new: Source) -> None:
    assert compare_url(old, new) == ""


def test_newer_labels_go_before_older_ones() -> None:
    labels = {
        "org.label-schema.vcs-url": "https://old.example/a/b",
        "org.label-schema.vcs-ref": OLD,
        "org.opencontainers.image.source": "https://new.example/a/b",
        "org.opencontainers.image.revision": NEW,
    }
    assert source_of(labels) == Source("https://new.example/a/b", NEW)
    del labels["org.opencontainers.image.revision"]
    assert source_of(labels).revision == OLD
    assert source_of({"org.opencontainers.image.revision": "main"}) == Source()


@given(st.text(max_size=60) | st.text("htps:/@.gi(t)[]<>\"' \nab", max_size=60))
def test_no_label_makes_a_link_that_holds_more_than_an_address(text: str) -> None:
    found = web_address(text)
    assert not found or found.startswith(("https://", "http://"))
    assert not set(found) & set(" \n\t()[]<>\"'@?#`|\\")
