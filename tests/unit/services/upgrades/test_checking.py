"""Which upgrades are found, and what is said where none can be looked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.services.upgrades.conftest import ENVIRONMENTS, MAY, WEB, Shop

from fairway.domain.errors import Position
from fairway.domain.upgrades.images import ImageReference
from fairway.services.upgrades.checking import Report, Wanted

TWO = ENVIRONMENTS + "  - {name: test, clusterName: local, kubeNamespace: test, releasesFiles: [releases.yaml]}\n"


def found(report: Report) -> list[tuple[str, str, str, str | None]]:
    return [(look.watch.environment, look.watch.release.name, look.watch.current, look.new) for look in report.upgrades]


def only_problem(report: Report) -> str:
    (problem,) = report.problems
    return str(problem.error)


async def test_an_upgrade_names_what_it_is_and_where_it_stands(shop: Shop) -> None:
    report = await shop.check()
    (look,) = report.looks
    assert (look.watch.name, look.watch.kind, look.watch.key) == ("shop/web", "image", "image.tag")
    assert (look.watch.current, look.new, look.watch.where) == ("1.0.0", "1.0.1", Position("releases.yaml", 6, 33))
    assert look.choice.verdicts[0].reason == "newest in 1.0.x"


@pytest.mark.parametrize(
    ("track", "new"),
    [("PatchLevel", "1.0.1"), ("MinorVersion", "1.1.0"), ("MajorVersion", "2.0.0"), ("Newest", "nightly")],
)
async def test_the_track_says_how_far(track: str, new: str, shop: Shop) -> None:
    shop.write("releases.yaml", WEB.replace("PatchLevel", track))
    shop.registry.push("docker.io/shop/web", "nightly", MAY + timedelta(days=1))
    assert found(await shop.check()) == [("prod", "web", "1.0.0", new)]


async def test_each_repository_is_asked_once_however_many_want_to_know(shop: Shop) -> None:
    shop.write("environments.yaml", TWO)
    more = WEB.removeprefix("releases:\n").replace("name: web", "name: other")
    shop.write("releases.yaml", WEB + more)
    report = await shop.check()
    assert [(one[0], one[1]) for one in found(report)] == [
        ("prod", "web"),
        ("prod", "other"),
        ("test", "web"),
        ("test", "other"),
    ]
    assert shop.registry.asked == {"docker.io/shop/web": 1}


async def test_values_of_other_names_hold_prefix_repository_and_tag(shop: Shop) -> None:
    shop.write(
        "releases.yaml",
        """\
releases:
  - name: kafka
    chart: {dir: chart}
    values:
      - {key: zookeeper.image, value: {registry: registry.example/mirror, name: zk, version: v3}}
    trigger: {image: {track: MinorVersion, tagValue: zookeeper.image.version,
                      repoValue: zookeeper.image.name, prefixValue: zookeeper.image.registry}}
""",
    )
    shop.registry.push("registry.example/mirror/zk", "v3.1.0")
    assert found(await shop.check()) == [("prod", "kafka", "v3", "v3.1.0")]


async def test_an_empty_tag_means_the_chart_s_app_version(shop: Shop) -> None:
    shop.write("releases.yaml", WEB.replace('      - {key: image.tag, value: "1.0.0"}\n', ""))
    shop.registry.push("docker.io/shop/web", "7.0.3")
    assert found(await shop.check()) == [("prod", "web", "7.0.0", "7.0.3")]


async def test_a_tag_pinned_by_its_digest_stays_pinned(shop: Shop) -> None:
    shop.write("releases.yaml", WEB.replace('"1.0.0"', f'"1.0.0@sha256:{"0" * 64}"'))
    digest = await shop.registry.digest("docker.io/shop/web", "1.0.1")
    assert found(await shop.check()) == [("prod", "web", "1.0.0", f"1.0.1@{digest}")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('value: "1.0.0"', f'value: "@sha256:{"0" * 64}"', "pinned by its digest alone"),
        ('value: "1.0.0"', "valueFrom: {secret: {name: s, key: k}}", "cannot be looked up"),
        ("value: shop/web", "value: Shop/Web", "lower case"),
        ("{track: PatchLevel}", "{track: PatchLevel, tagValue: nothing.here}", "no value nothing.here"),
        ("image: {track", "chart: {track", "no dependency with an exact version"),
        ("{dir: chart}", "{reference: stable/web, version: ^1}\n    triggers: [chart: {track: Newest}]", ""),
        ("value: shop/web", "value: shop/none", "there is no image repository docker.io/shop/none"),
    ],
)
async def test_what_cannot_be_looked_at_is_told(old: str, new: str, message: str, shop: Shop) -> None:
    text = WEB.replace(old, new)
    if not message:
        text, message = text[: text.index("    values:")], "not chosen by an exact version"
    shop.write("releases.yaml", text)
    report = await shop.check()
    assert report.looks == ()
    assert message in only_problem(report)


async def test_a_release_that_cannot_be_looked_at_hides_no_other(shop: Shop) -> None:
    broken = WEB.removeprefix("releases:\n").replace("name: web", "name: broken").replace("dir: chart", "dir: bad")
    shop.write("bad/Chart.yaml", "name: bad\n")
    shop.write("releases.yaml", WEB + broken)
    report = await shop.check()
    assert found(report) == [("prod", "web", "1.0.0", "1.0.1")]
    assert [problem.release for problem in report.problems] == ["broken"]


async def test_chart_versions_are_raised_by_their_track(shop: Shop) -> None:
    shop.write(
        "releases.yaml",
        """\
releases:
  - {name: patch, chart: {reference: stable/redis, version: 1.0.0}, trigger: {chart: {track: PatchLevel}}}
  - {name: minor, chart: {reference: stable/redis, version: 1.0.0}, trigger: {chart: {track: MinorVersion}}}
  - {name: newest, chart: {reference: stable/redis, version: 1.0.0}, trigger: {chart: {track: Newest}}}
  - {name: gone, chart: {reference: stable/gone, version: 1.0.0}, trigger: {chart: {track: Newest}}}
""",
    )
    shop.charts.offered["stable/redis"] = ["2.1.0", "2.2.0-rc.1", "1.3.0", "1.0.4", "1.0.0"]
    report = await shop.check()
    assert [(one[1], one[3]) for one in found(report)] == [("patch", "1.0.4"), ("minor", "1.3.0"), ("newest", "2.1.0")]
    assert only_problem(report) == "there is no chart stable/gone"
    assert sorted(shop.charts.asked) == ["stable/gone", "stable/redis"]


async def test_releases_without_a_trigger_or_a_chart_are_left_alone(shop: Shop) -> None:
    shop.write("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    shop.write(
        "releases.yaml",
        "releases:\n  - {name: a, chart: {dir: chart}}\n  - {name: b, resourceFiles: [map.yaml]}\n",
    )
    assert await shop.check() == Report()


async def test_what_is_looked_at_can_be_chosen(shop: Shop) -> None:
    other = WEB.removeprefix("releases:\n").replace("name: web", "name: other").replace("shop/web", "shop/other")
    shop.write("releases.yaml", WEB + other)
    shop.registry.push("docker.io/shop/other", "1.0.9")
    only = Wanted(concerns=lambda watch: watch.subject == ImageReference("docker.io", "shop/other", "1.0.0"))
    assert found(await shop.check(wanted=only)) == [("prod", "other", "1.0.0", "1.0.9")]
    assert shop.registry.asked == {"docker.io/shop/other": 1}
    assert found(await shop.check(wanted=Wanted(frozenset({"web"})))) == [("prod", "web", "1.0.0", "1.0.1")]
    assert (await shop.check(wanted=Wanted(images=False))).looks == ()
