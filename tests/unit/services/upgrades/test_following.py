"""Triggers that pin, follow a platform, or must not take what is held; and what upgrades say of their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.services.upgrades.conftest import ENVIRONMENTS, MAY, WEB, Shop

from fairway.adapters.registry.memory import MemoryRegistry
from fairway.domain.errors import Transient, UserError
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import Environment
from fairway.domain.upgrades.holds import HeldVersions
from fairway.services.upgrades.checking import Look, Report
from fairway.services.upgrades.observing import PushedImage, observe
from fairway.services.upgrades.pulling import ClusterPullSecrets

REPOSITORY = "docker.io/shop/web"
DAY = timedelta(days=1)


def trigger(shop: Shop, fields: str, tag: str = "1.0.0") -> None:
    shop.write("releases.yaml", WEB.replace("track: PatchLevel", fields).replace('"1.0.0"', f'"{tag}"'))


def said(report: Report) -> dict[str, str]:
    (look,) = report.looks
    return {one.tag: one.reason for one in look.choice.verdicts}


async def new(shop: Shop) -> str | None:
    (look,) = (await shop.check()).looks
    return look.new


async def digest(shop: Shop, tag: str, platform: str = "") -> str:
    found = await shop.registry.digest(REPOSITORY, tag, platform)
    assert found
    return found


async def test_rules_of_the_trigger_hold(shop: Shop) -> None:
    for tag in ("b-7-1.0.3", "b-8-1.0.4", "b-9-1.1.0"):
        shop.registry.push(REPOSITORY, tag)
    trigger(shop, "track: MinorVersion, filter: ^b-, extract: '-([^-]+)$', range: <1.1", "b-1-1.0.0")
    report = await shop.check()
    assert report.looks[0].new == "b-8-1.0.4"
    assert said(report)["b-9-1.1.0"] == "not chosen: outside of range <1.1"
    assert said(report)["2.0.0"] == "not chosen: does not match filter ^b-"


async def test_rules_of_a_chart_trigger_hold(shop: Shop) -> None:
    chart = "{reference: stable/redis, version: 1.0.0}"
    rules = "{track: MajorVersion, range: <3, filter: '^[^2]', preReleases: true}"
    shop.write("releases.yaml", f"releases:\n  - {{name: r, chart: {chart}, trigger: {{chart: {rules}}}}}\n")
    shop.charts.offered["stable/redis"] = ["3.1.0", "2.0.0", "1.5.0-rc.1", "1.4.0"]
    assert await new(shop) == "1.5.0-rc.1"


async def test_a_pinned_tag_is_written_with_its_digest(shop: Shop) -> None:
    trigger(shop, "track: PatchLevel, digest: pin")
    assert await new(shop) == f"1.0.1@{await digest(shop, '1.0.1')}"


async def test_a_tag_that_is_to_be_pinned_is_pinned_though_nothing_is_newer(shop: Shop) -> None:
    trigger(shop, "track: PatchLevel, digest: pin", "1.0.1")
    report = await shop.check()
    at = await digest(shop, "1.0.1")
    assert report.looks[0].new == f"1.0.1@{at}"
    assert said(report)["1.0.1"] == f"current, pinned to {at[:19]}"


async def test_a_pinned_tag_is_followed_to_another_digest_and_then_stays(shop: Shop) -> None:
    before = await digest(shop, "1.0.1")
    trigger(shop, "track: PatchLevel, digest: pin", f"1.0.1@{before}")
    assert await new(shop) is None
    shop.registry.push(REPOSITORY, "1.0.1", MAY + DAY)
    after = await digest(shop, "1.0.1")
    report = await shop.check()
    assert report.looks[0].new == f"1.0.1@{after}"
    assert said(report)["1.0.1"] == f"current, moved from {before[:19]} to {after[:19]}"
    patched = await shop.patch(report)
    assert (len(patched.edited), patched.not_edited) == (1, ())
    assert f'"1.0.1@{after}"' in shop.read("releases.yaml")
    assert await new(shop) is None


async def test_a_word_can_be_followed_by_its_digest(shop: Shop) -> None:
    shop.registry.push(REPOSITORY, "main", MAY)
    trigger(shop, "track: PatchLevel, digest: pin", f"main@sha256:{'0' * 64}")
    assert await new(shop) == f"main@{await digest(shop, 'main')}"


async def test_a_tag_pinned_by_hand_is_not_moved(shop: Shop) -> None:
    trigger(shop, "track: PatchLevel", f"1.0.1@sha256:{'0' * 64}")
    assert await new(shop) is None


async def test_a_push_of_another_tag_moves_no_pinned_one(shop: Shop) -> None:
    trigger(shop, "track: PatchLevel, digest: pin", f"1.0.1@sha256:{'0' * 64}")
    environments = shop.repository.environments
    for tag, moved in (("2.0.0", 0), ("1.0.1", 1)):
        report = await observe(shop.upgrades, environments, PushedImage.parse(f"shop/web:{tag}", MAY))
        assert len(report.upgrades) == moved


async def test_a_tag_without_the_platform_is_passed_over(shop: Shop) -> None:
    shop.registry.push(REPOSITORY, "1.0.2", MAY, platforms=("linux/amd64", "linux/arm64"))
    shop.registry.push(REPOSITORY, "1.0.3", MAY, platforms=("linux/amd64",))
    trigger(shop, "track: PatchLevel, platform: linux/arm64")
    report = await shop.check()
    assert report.looks[0].new == "1.0.2"
    assert said(report)["1.0.3"] == "not chosen: has no image for linux/arm64"
    trigger(shop, "track: PatchLevel, platform: linux/arm64, digest: pin")
    assert await new(shop) == f"1.0.2@{await digest(shop, '1.0.2', 'linux/arm64')}"


async def test_the_newest_of_a_platform_is_chosen(shop: Shop) -> None:
    for day, platforms in enumerate((("linux/amd64", "linux/arm64"), ("linux/amd64", "linux/arm64"), ("linux/amd64",))):
        shop.registry.push(REPOSITORY, f"main-{day}", MAY + day * DAY, platforms=platforms)
    trigger(shop, "track: Newest, filter: ^main-, platform: linux/arm64", "main-0")
    report = await shop.check()
    assert report.looks[0].new == "main-1"
    assert said(report)["main-2"] == "not chosen: has no image for linux/arm64"
    assert said(report)["1.0.0"] == "not chosen: does not match filter ^main-"


async def test_a_platform_that_nothing_has_is_a_mistake(shop: Shop) -> None:
    for number in range(2, 40):
        shop.registry.push(REPOSITORY, f"1.0.{number}", MAY)
    trigger(shop, "track: PatchLevel, platform: linux/riscv64")
    (problem,) = (await shop.check()).problems
    assert "the 20 newest versions of shop/web have no image for linux/riscv64" in str(problem.error)


@pytest.mark.parametrize("held", ["1.0.1", "v1.0.1", "1.0.1@sha256:" + "0" * 64])
async def test_what_is_held_is_not_proposed_until_something_newer_is_there(held: str, shop: Shop) -> None:
    shop.held = lambda watch: HeldVersions([(held, f"{watch.release.name} crashed")])
    report = await shop.check()
    assert report.upgrades == ()
    assert said(report)["1.0.1"] == "not chosen: held: web crashed"
    shop.registry.push(REPOSITORY, "1.0.2", MAY)
    assert await new(shop) == "1.0.2"


async def test_what_is_held_is_not_pinned_either(shop: Shop) -> None:
    at = await digest(shop, "1.0.1")
    trigger(shop, "track: PatchLevel, digest: pin")
    shop.held = lambda watch: {f"1.0.1@{at}": "slow"}
    report = await shop.check()
    # 1.0.0 is what there is then, and it is not pinned yet.
    assert report.looks[0].new == f"1.0.0@{await digest(shop, '1.0.0')}"
    assert said(report)["1.0.1"] == "not chosen: held: slow"
    shop.held = lambda watch: {f"1.0.1@{at}": "slow", report.looks[0].new or "": "slow too"}
    report = await shop.check()
    assert report.upgrades == ()
    assert said(report)["1.0.0"] == "not chosen: held: slow too"


async def test_a_held_version_of_a_chart_is_not_proposed(shop: Shop) -> None:
    chart = "{reference: stable/redis, version: 1.0.0}"
    shop.write("releases.yaml", f"releases:\n  - {{name: r, chart: {chart}, trigger: {{chart: {{track: Newest}}}}}}\n")
    shop.charts.offered["stable/redis"] = ["1.1.0", "1.2.0"]
    shop.held = lambda watch: {"1.2.0": "it lost data"}
    assert await new(shop) == "1.1.0"


def labels(revision: str, source: str = "https://github.com/shop/web.git") -> Mapping[str, str]:
    return {"org.opencontainers.image.source": source, "org.opencontainers.image.revision": revision}


async def test_an_upgrade_links_to_what_changed_in_the_sources(shop: Shop) -> None:
    shop.registry.push(REPOSITORY, "1.0.0", MAY, labels=labels("a" * 40))
    shop.registry.push(REPOSITORY, "1.0.1", MAY, labels=labels("b" * 40))
    report = await shop.check()
    (upgrade,) = await shop.upgrades.describe(report.looks)
    assert (upgrade.old, upgrade.new, upgrade.why) == ("1.0.0", "1.0.1", "newest in 1.0.x")
    assert (upgrade.source, upgrade.commit) == ("https://github.com/shop/web", "b" * 40)
    assert upgrade.compare == f"https://github.com/shop/web/compare/{'a' * 40}...{'b' * 40}"


async def test_a_moved_digest_links_to_what_changed_too(shop: Shop) -> None:
    shop.registry.push(REPOSITORY, "main", MAY, labels=labels("a" * 40))
    trigger(shop, "track: Newest, digest: pin", f"main@{await digest(shop, 'main')}")
    shop.registry.push(REPOSITORY, "main", MAY + DAY, labels=labels("b" * 40))
    (upgrade,) = await shop.upgrades.describe((await shop.check()).looks)
    assert upgrade.compare.endswith(f"{'a' * 40}...{'b' * 40}")


class NoLabels(MemoryRegistry):
    async def labels(self, repository: str, tag: str, platform: str = "") -> Mapping[str, str]:
        raise Transient("the registry does not answer")


async def test_an_image_that_does_not_say_its_sources_is_upgraded_all_the_same(shop: Shop) -> None:
    look: Look
    (look,) = (await shop.check()).looks
    for registry in (shop.registry, NoLabels()):
        shop.registry = registry
        (upgrade,) = await shop.upgrades.describe([look])
        assert (upgrade.new, upgrade.source, upgrade.commit, upgrade.compare) == ("1.0.1", "", "", "")


class Cluster:
    """The cluster of `prod`, which holds the Secret `registry`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.taken: list[str] = []

    async def read(self, environment: Environment, ref: ObjectRef) -> Object | None:
        self.asked.append(f"{environment.name} {ref.namespace}/{ref.name}")
        return {"data": {".dockerconfigjson": "e30="}} if ref.name == "registry" else None

    def take(self, name: str, secret: Mapping[str, Any]) -> None:
        self.taken.append(name)

    def secrets(self, always: Sequence[str] = ()) -> ClusterPullSecrets:
        return ClusterPullSecrets(self.read, self.take, always)


async def test_the_cluster_is_asked_once_for_the_secrets_that_triggers_name(shop: Shop) -> None:
    cluster = Cluster()
    shop.pull_secrets = cluster.secrets()
    assert await new(shop) == "1.0.1"
    assert cluster.asked == []
    trigger(shop, "track: PatchLevel, imagePullSecrets: [registry, registry]")
    two = shop.read("releases.yaml") + shop.read("releases.yaml").removeprefix("releases:\n").replace(
        "web\n", "api\n", 1
    )
    shop.write("releases.yaml", two)
    assert len((await shop.check()).upgrades) == 2
    assert (cluster.asked, cluster.taken) == (["prod prod/registry"], ["prod/registry"])


async def test_a_push_that_is_believed_or_not_wanted_asks_no_cluster(shop: Shop) -> None:
    cluster = Cluster()
    shop.pull_secrets = cluster.secrets()
    trigger(shop, "track: PatchLevel, imagePullSecrets: [registry]")
    environments = shop.repository.environments
    await observe(shop.upgrades, environments, PushedImage.parse("shop/web:1.0.1", MAY))
    await observe(shop.upgrades, environments, PushedImage.parse("shop/other:1.0.1", MAY), verify=True)
    assert cluster.asked == []
    await observe(shop.upgrades, environments, PushedImage.parse("shop/web:1.0.1", MAY), verify=True)
    assert cluster.asked == ["prod prod/registry"]


async def test_secrets_of_every_environment_are_used_without_a_trigger_naming_them(shop: Shop) -> None:
    cluster = Cluster()
    shop.pull_secrets = cluster.secrets(["registry"])
    assert await new(shop) == "1.0.1"
    assert cluster.taken == ["prod/registry"]


@pytest.mark.parametrize("here", [True, False])
async def test_a_secret_that_is_not_there_hides_no_other_release(here: bool, shop: Shop) -> None:
    if here:
        shop.pull_secrets = Cluster().secrets()
    shop.write("environments.yaml", ENVIRONMENTS)
    other = WEB.removeprefix("releases:\n").replace("name: web", "name: api")
    shop.write("releases.yaml", WEB.replace("PatchLevel", "PatchLevel, imagePullSecrets: [gone]") + other)
    report = await shop.check()
    assert [look.watch.release.name for look in report.upgrades] == ["api"]
    (problem,) = report.problems
    assert isinstance(problem.error, UserError)
    message = (
        "there is no Secret prod/gone in the cluster of prod" if here else "imagePullSecrets of prod cannot be read"
    )
    assert message in problem.error.message
