"""Which forge an address means, and where its API is."""

from __future__ import annotations

import pytest

from fairway.domain.errors import UserError
from fairway.domain.forges.addresses import ForgeAddress, ForgeKind, forge_address

CASES = [
    ("https://github.com/shop/deployments.git", "github", "https://api.github.com", "shop/deployments"),
    ("git@github.com:shop/deployments.git", "github", "https://api.github.com", "shop/deployments"),
    ("ssh://git@ssh.github.com:443/shop/deployments", "github", "https://api.github.com", "shop/deployments"),
    ("https://github.example.com/shop/d", "github", "https://github.example.com/api/v3", "shop/d"),
    ("https://bot:t0ken@gitlab.com/a/b/c.git", "gitlab", "https://gitlab.com/api/v4", "a/b/c"),
    ("ssh://git@gitlab.example:2222/a/b.git", "gitlab", "https://gitlab.example/api/v4", "a/b"),
    ("https://gitlab.example:8443/a/b/", "gitlab", "https://gitlab.example:8443/api/v4", "a/b"),
    ("git@codeberg.org:shop/d.git", "gitea", "https://codeberg.org/api/v1", "shop/d"),
    ("https://forgejo.example/shop/d", "gitea", "https://forgejo.example/api/v1", "shop/d"),
    ("http://gitea.localhost:3000/o/r", "gitea", "http://gitea.localhost:3000/api/v1", "o/r"),
    ("https://bitbucket.org/shop/d", "bitbucket", "https://api.bitbucket.org/2.0", "shop/d"),
]


@pytest.mark.parametrize(("url", "kind", "api", "repository"), CASES)
def test_an_address_says_which_forge_it_is(url: str, kind: str, api: str, repository: str) -> None:
    found = forge_address(url)
    assert (found.kind.value, found.api, found.repository) == (kind, api, repository)
    assert "t0ken" not in f"{found}"


def test_what_somebody_wrote_down_goes_first() -> None:
    found = forge_address(
        "git@code.example:a/b.git", kind="forgejo", api="http://gitea-http:3000/api/v1/", repository="c/d"
    )
    assert found == ForgeAddress(ForgeKind.GITEA, "http://gitea-http:3000/api/v1", "https://code.example", "c/d")


@pytest.mark.parametrize(
    "url", ["https://code.example/a/b", "/srv/git/shop.git", "https://gitlab-github.example/a/b", ""]
)
def test_a_forge_that_cannot_be_told_is_asked_for(url: str) -> None:
    with pytest.raises(UserError, match="cannot be told") as caught:
        forge_address(url)
    assert "kind: gitlab" in (caught.value.fix or "")


def test_a_token_does_not_go_over_plain_http_by_itself() -> None:
    with pytest.raises(UserError, match="not https"):
        forge_address("http://gitlab.example/a/b")


def test_a_repository_has_an_owner() -> None:
    with pytest.raises(UserError, match='"deployments" is no repository'):
        forge_address("https://github.com/deployments")
