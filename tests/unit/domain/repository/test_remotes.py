"""However a clone reaches its repository, it is the same repository."""

from __future__ import annotations

import pytest

from fairway.domain.repository.remotes import canonical_remote


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/shop/deployments.git", "github.com/shop/deployments"),
        ("https://github.com/shop/deployments", "github.com/shop/deployments"),
        ("https://GitHub.com/shop/deployments/", "github.com/shop/deployments"),
        ("https://oauth2@github.com/shop/deployments.git", "github.com/shop/deployments"),
        ("http://github.com:80/shop/deployments", "github.com/shop/deployments"),
        ("git@github.com:shop/deployments.git", "github.com/shop/deployments"),
        ("github.com:shop/deployments", "github.com/shop/deployments"),
        ("ssh://git@github.com/shop/deployments.git", "github.com/shop/deployments"),
        ("ssh://git@github.com:22/shop/deployments.git", "github.com/shop/deployments"),
        ("ssh://git@git.shop.example:7999/shop/deployments.git", "git.shop.example:7999/shop/deployments"),
        ("git@gitlab.com:group/sub/deployments.git", "gitlab.com/group/sub/deployments"),
        ("/srv/git/deployments.git", "/srv/git/deployments"),
        ("file:///srv/git/deployments.git/", "/srv/git/deployments"),
        ("../deployments", "../deployments"),
        ("", ""),
    ],
)
def test_addresses_of_one_repository_have_one_name(address: str, name: str) -> None:
    assert canonical_remote(address) == name
