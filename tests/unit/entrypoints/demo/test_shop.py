"""The demo's edits fit the example: each leaves a repository without mistakes that says what the story tells."""

from pathlib import Path

import pytest

from fairway.domain.errors import Terminal
from fairway.domain.repository.models import Release
from fairway.entrypoints.demo.shop import Shop
from fairway.services.loading import load_repository


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    copied = Shop(tmp_path / "shop")
    copied.copy("demo")
    return copied


def release(shop: Shop, environment: str, name: str) -> Release:
    repository = load_repository(shop.environments)
    [found] = [e for e in repository.environments if e.name == environment]
    [wanted] = [r for r in found.releases if r.name == name]
    return wanted


def tag(shop: Shop, name: str) -> object:
    [value] = [v for v in release(shop, "prod", name).values if v.key == "image.tag"]
    return value.value


def test_the_copy_is_deployed_to_the_demo_cluster(shop: Shop) -> None:
    [cluster] = load_repository(shop.environments).clusters
    assert cluster.provider.settings == {"name": "demo"}


def test_both_environments_hold_ten_releases_in_their_own_namespaces(shop: Shop) -> None:
    environments = load_repository(shop.environments).environments
    assert [(e.name, e.namespace, len(e.releases)) for e in environments] == [
        ("staging", "shop-staging", 10),
        ("prod", "shop-prod", 10),
    ]


def test_one_chart_moves_into_a_chart_repository(shop: Shop, tmp_path: Path) -> None:
    shop.take_chart_from("http://127.0.0.1:1", tmp_path / "charts")
    assert not (shop.folder / "charts" / "search").exists()
    assert (tmp_path / "charts" / "search-1.2.0.tgz").is_file()
    chart = release(shop, "prod", "search").chart
    assert chart is not None
    assert "search" in str(chart)
    assert [(r.name, r.url) for r in load_repository(shop.environments).helm_repos] == [
        ("shop-charts", "http://127.0.0.1:1")
    ]


def test_the_good_change_is_one_tag(shop: Shop) -> None:
    before = shop.releases.read_text()
    shop.better_orders()
    assert tag(shop, "orders") == "1.4.2"
    lines = zip(before.splitlines(), shop.releases.read_text().splitlines(), strict=True)
    assert sum(old != new for old, new in lines) == 1


def test_the_bad_change_crashes_orders_and_moves_what_needs_it(shop: Shop) -> None:
    shop.better_orders()
    shop.broken_orders()
    assert (tag(shop, "orders"), tag(shop, "payments")) == ("1.5.0", "3.1.0")
    [annotations] = [v.value for v in release(shop, "prod", "orders").values if v.key == "podAnnotations"]
    assert annotations["devcluster.fairway.dev/fail"] == "crash-loop"
    assert "orders" in [need.release for need in release(shop, "prod", "payments").needs]


def test_an_edit_that_does_not_fit_says_so_instead_of_going_on(shop: Shop) -> None:
    with pytest.raises(Terminal, match="not as the demo expects"):
        shop.broken_orders()
