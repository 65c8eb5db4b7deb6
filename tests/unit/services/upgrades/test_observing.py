"""What was pushed, and who wants it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.services.upgrades.conftest import MAY, WEB, Shop

from fairway.domain.errors import UserError
from fairway.services.upgrades.checking import Report
from fairway.services.upgrades.observing import Pushed, PushedChart, PushedImage, PushedImages, observe

REDIS = """\
releases:
  - {name: redis, chart: {reference: stable/redis, version: 1.0.0}, trigger: {chart: {track: MinorVersion}}}
  - {name: newest, chart: {reference: stable/redis, version: 1.0.0}, trigger: {chart: {track: Newest}}}
"""


async def look(shop: Shop, pushed: Pushed, *, verify: bool = False) -> Report:
    return await observe(shop.upgrades, shop.repository.environments, pushed, verify=verify)


def image(text: str) -> PushedImage:
    return PushedImage.parse(text, MAY + timedelta(days=2))


@pytest.mark.parametrize("name", ["shop/web", "docker.io/shop/web", "index.docker.io/shop/web"])
async def test_an_image_is_the_same_by_all_its_names(name: str, shop: Shop) -> None:
    report = await look(shop, image(f"{name}:1.0.5"))
    assert [found.new for found in report.upgrades] == ["1.0.5"]
    assert shop.registry.asked == {}


@pytest.mark.parametrize("tag", ["0.9.0", "1.0.0", "1.1.0", "latest"])
async def test_what_the_track_does_not_allow_is_not_wanted(tag: str, shop: Shop) -> None:
    report = await look(shop, image(f"shop/web:{tag}"))
    assert (len(report.looks), report.upgrades) == (1, ())


async def test_the_newest_is_what_was_pushed_last(shop: Shop) -> None:
    shop.write("releases.yaml", WEB.replace("PatchLevel", "Newest"))
    assert [found.new for found in (await look(shop, image("shop/web:build-7"))).upgrades] == ["build-7"]
    shop.registry.push("docker.io/shop/web", "build-6", MAY - timedelta(days=1))
    assert (await look(shop, image("shop/web:build-6"), verify=True)).upgrades == ()


async def test_of_several_tags_of_one_image_the_best_is_taken_in_any_order(shop: Shop) -> None:
    several = [image("shop/web:1.0.5"), image("shop/web:1.0.7"), image("shop/other:9"), image("shop/web:1.0.6")]
    report = await look(shop, PushedImages(tuple(several)))
    assert [found.new for found in report.upgrades] == ["1.0.7"]


async def test_of_several_tags_each_must_be_there_when_they_are_verified(shop: Shop) -> None:
    shop.registry.push("docker.io/shop/web", "1.0.6", MAY)
    several = PushedImages((image("shop/web:1.0.6"), image("shop/web:1.0.9")))
    report = await look(shop, several, verify=True)
    assert str(report.problems[0].error) == "there is no image shop/web:1.0.9"


async def test_a_push_that_is_not_there_is_told(shop: Shop) -> None:
    report = await look(shop, image("shop/web:1.0.9"), verify=True)
    assert str(report.problems[0].error) == "there is no image shop/web:1.0.9"
    shop.registry.push("docker.io/shop/web", "1.0.9", MAY)
    assert [found.new for found in (await look(shop, image("shop/web:1.0.9"), verify=True)).upgrades] == ["1.0.9"]


async def test_a_push_with_a_digest_must_still_have_it(shop: Shop) -> None:
    report = await look(shop, image(f"shop/web:1.0.1@sha256:{'0' * 64}"), verify=True)
    assert "not sha256:0000" in str(report.problems[0].error)
    digest = await shop.registry.digest("docker.io/shop/web", "1.0.1")
    assert len((await look(shop, image(f"shop/web:1.0.1@{digest}"), verify=True)).upgrades) == 1


@pytest.mark.parametrize(
    ("pushed", "names"),
    [("stable/redis:1.2.0", ["redis", "newest"]), ("redis:2.0.0", ["newest"]), ("other:9.0.0", [])],
)
async def test_a_chart_is_known_by_its_name(pushed: str, names: list[str], shop: Shop) -> None:
    shop.write("releases.yaml", REDIS)
    report = await look(shop, PushedChart.parse(pushed))
    assert [found.watch.release.name for found in report.upgrades] == names
    assert shop.charts.asked == []


async def test_a_chart_is_verified_when_asked_for(shop: Shop) -> None:
    shop.write("releases.yaml", REDIS)
    shop.charts.offered["stable/redis"] = ["1.0.0", "1.2.0"]
    assert len((await look(shop, PushedChart.parse("redis:1.2.0"), verify=True)).upgrades) == 2
    refused = await look(shop, PushedChart.parse("redis:1.3.0"), verify=True)
    assert {str(problem.error) for problem in refused.problems} == {"there is no chart stable/redis 1.3.0"}


@pytest.mark.parametrize(
    ("text", "message"), [("shop/web", "has no tag"), ("shop/Web:1", "lower case"), ("a:", "is not an")]
)
def test_an_image_that_cannot_be_meant_is_told(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        PushedImage.parse(text, MAY)
    assert "IMAGE:TAG" in (caught.value.fix or "")


@pytest.mark.parametrize("text", ["redis", ":1.0.0", "redis:", "oci://host:5000/redis"])
def test_a_chart_without_a_version_is_told(text: str) -> None:
    with pytest.raises(UserError, match="not a chart with its version"):
        PushedChart.parse(text)
