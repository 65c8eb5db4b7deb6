"""Only who follows a repository is woken by it."""

from datetime import UTC, datetime

import pytest

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.events import GitPushed
from fairway.services.intake.routing import RoutedWakes

PUSH = GitPushed(("github.com/shop/deployments",), "main", "1", "github", "")


@pytest.mark.parametrize(
    ("url", "branch", "wakes"),
    [
        ("https://github.com/shop/deployments.git", "main", True),
        ("git@github.com:shop/deployments", "", True),
        ("git@github.com:shop/deployments", "next", False),
        ("https://github.com/shop/web", "main", False),
        ("", "main", True),
    ],
)
def test_a_push_wakes_who_follows_it(url: str, branch: str, wakes: bool) -> None:
    woken: list[object] = []
    wake = RoutedWakes(woken.append, woken.append, url, branch)
    wake.git(PUSH)
    assert woken == ([PUSH] if wakes else [])


def test_every_image_is_passed_on() -> None:
    images: list[ImagePushed] = []
    event = ImagePushed("docker.io/shop/web", "1", None, datetime(2026, 11, 21, tzinfo=UTC), "generic", "")
    RoutedWakes(lambda push: None, images.append, "https://github.com/a/b").image(event)
    assert images == [event]
