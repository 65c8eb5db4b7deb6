"""Changes for the writer: made on the newest files, or not made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.unit.services.upgrades.conftest import ENVIRONMENTS, MAY, WEB, Shop

from fairway.domain.errors import FairwayError, UserError
from fairway.domain.repository.models import Repository
from fairway.domain.upgrades.holds import Hold
from fairway.domain.upgrades.written import CannotEdit
from fairway.services.upgrades.changes import HoldChange, Opened, RevertChange, UpgradeChange
from fairway.services.upgrades.checking import Upgrades
from fairway.services.upgrades.holding import Holding
from fairway.services.writing.changes import Edited
from fairway.services.writing.making import make_all

TEST = "  - {name: test, clusterName: local, kubeNamespace: test, releasesFiles: [releases.yaml]}\n"


def opened_of(shop: Shop) -> Opened:
    @asynccontextmanager
    async def opened(repository: Repository) -> AsyncIterator[Upgrades]:
        yield shop.upgrades

    return opened


async def changes(shop: Shop) -> list[UpgradeChange]:
    report = await shop.check()
    found = [UpgradeChange.of(look, opened_of(shop)) for look in report.upgrades]
    return [replace(one, shown_from=shop.folder) for one in found]


async def test_an_upgrade_is_written_and_told_in_a_trailer(shop: Shop) -> None:
    (change,) = await changes(shop)
    edited = await change.make(shop.repository)
    assert shop.read("releases.yaml") == WEB.replace('"1.0.0"', '"1.0.1"')
    assert edited is not None
    assert edited.files == (shop.folder / "releases.yaml",)
    assert edited.summary == "web 1.0.0 → 1.0.1 (prod)"
    assert edited.trailers == (("Fairway-Upgrade", "prod/web image.tag 1.0.0 1.0.1"),)
    assert edited.upgrade is not None
    assert (edited.upgrade.name, edited.upgrade.why) == ("shop/web", "newest in 1.0.x")
    assert (change.key, change.environment, change.release) == ("prod/web image.tag", "prod", "web")


async def test_an_upgrade_says_which_better_versions_are_held(shop: Shop) -> None:
    for tag in ("0.9.0", "1.0.2", "1.0.3"):
        shop.registry.push("docker.io/shop/web", tag)
    shop.held = lambda watch: {"1.0.3": "it crashed", "0.9.0": "too old", "2.0.0": "too new"}
    (change,) = await changes(shop)
    edited = await change.make(shop.repository)
    assert edited is not None
    assert edited.upgrade is not None
    assert (edited.upgrade.new, edited.upgrade.why) == ("1.0.2", "newest in 1.0.x; 1.0.3 held: it crashed")


async def test_a_change_that_was_made_is_not_made_again(shop: Shop) -> None:
    (change,) = await changes(shop)
    assert await change.make(shop.repository) is not None
    assert await change.make(shop.repository) is None


@pytest.mark.parametrize(
    "newer",
    [
        WEB.replace('"1.0.0"', '"1.0.2"'),
        WEB.replace("name: web", "name: shop"),
        WEB.partition("    triggers:")[0],
        WEB.replace("{track: PatchLevel}", "{tagValue: other.tag, track: PatchLevel}"),
    ],
    ids=["somebody was faster", "the release is gone", "the trigger is gone", "the trigger is about another value"],
)
async def test_what_no_longer_makes_sense_is_left_alone(newer: str, shop: Shop) -> None:
    (change,) = await changes(shop)
    shop.write("releases.yaml", newer)
    assert await change.make(shop.repository) is None
    assert shop.read("releases.yaml") == newer


async def test_a_version_that_was_held_since_is_not_written(shop: Shop) -> None:
    (change,) = await changes(shop)

    @asynccontextmanager
    async def opened(repository: Repository) -> AsyncIterator[Upgrades]:
        holding = Holding((Hold("prod", "web", "1.0.1"),))
        found = shop.upgrades
        yield Upgrades(found.registry, found.charts, found.values, holding)

    assert await replace(change, opened=opened).make(shop.repository) is None
    assert shop.read("releases.yaml") == WEB


async def test_a_release_that_moved_in_its_file_is_found_again(shop: Shop) -> None:
    (change,) = await changes(shop)
    other = WEB.removeprefix("releases:\n").partition("    triggers:")[0].replace("name: web", "name: other")
    moved = f"# moved\nreleases:\n{other}{WEB.removeprefix('releases:')}"
    shop.write("releases.yaml", moved)
    assert await change.make(shop.repository) is not None
    assert shop.read("releases.yaml") == f"1.0.1{''}".join(moved.rsplit("1.0.0", 1))


async def test_changes_made_one_after_the_other_on_one_reading_find_their_places(shop: Shop) -> None:
    """Each of the first ones adds a line, so that the places of the others move."""
    one = WEB.removeprefix("releases:\n").replace('      - {key: image.tag, value: "1.0.0"}\n', "")
    shop.write("releases.yaml", "releases:\n" + "".join(one.replace("name: web", f"name: web-{n}") for n in range(3)))
    shop.registry.push("docker.io/shop/web", "7.0.1", MAY)
    repository = shop.repository
    found = await changes(shop)
    for change in found:
        assert await change.make(repository) is not None
    assert shop.read("releases.yaml").count("7.0.1") == 3
    assert (await shop.check()).upgrades == ()


async def test_many_changes_are_one_edit_and_each_has_its_answer(shop: Shop) -> None:
    shop.write("environments.yaml", ENVIRONMENTS + TEST)
    alias = WEB.removeprefix("releases:\n").replace("name: web", "name: odd").replace('"1.0.0"', '&tag "1.0.0"')
    alias = alias.replace("    triggers:", "      - {key: other, value: *tag}\n    triggers:")
    shop.write("releases.yaml", WEB + alias)
    found = await changes(shop)
    hold = HoldChange(Hold("prod", "web", "1.0.2"), shop.folder)
    made = await make_all(shop.repository, [found[0], hold, *found[1:]])
    assert [type(one) for one in made] == [Edited, Edited, CannotEdit, Edited, CannotEdit]
    assert shop.read("releases.yaml") == WEB.replace('"1.0.0"', '"1.0.1"') + alias
    again = await make_all(shop.repository, found)
    assert [isinstance(one, FairwayError) for one in again] == [False, True, False, True]


async def test_what_all_changes_share_answers_for_each_of_them(shop: Shop) -> None:
    @asynccontextmanager
    async def broken(repository: Repository) -> AsyncIterator[Upgrades]:
        raise UserError("fairway.holds.yaml cannot be read")
        yield shop.upgrades

    (change,) = await changes(shop)
    hold = HoldChange(Hold("prod", "web", "1.0.2"), shop.folder)
    refused, edited = await make_all(shop.repository, [replace(change, opened=broken), hold])
    assert isinstance(refused, UserError)
    assert isinstance(edited, Edited)


async def test_a_hold_is_written_once(shop: Shop) -> None:
    hold = Hold("prod", "web", "1.0.1", "shop/web", "leaks", "ann", datetime(2026, 5, 1, tzinfo=UTC))
    edited = await HoldChange(hold, shop.folder).make(shop.repository)
    assert edited is not None
    assert edited.trailers == (("Fairway-Hold", "prod/web shop/web 1.0.1"),)
    assert "reason: leaks" in shop.read("fairway.holds.yaml")
    assert await HoldChange(hold, shop.folder).make(shop.repository) is None


async def test_a_revert_brings_the_old_version_back_and_holds_the_new_one(shop: Shop) -> None:
    shop.write("releases.yaml", WEB.replace('"1.0.0"', '"1.0.1"'))
    revert = RevertChange(
        "prod", "web", "image.tag", "1.0.1", "1.0.0", "it did not start", opened_of(shop), shown_from=shop.folder
    )
    edited = await revert.make(shop.repository)
    assert edited is not None
    assert edited.summary == "take web back from 1.0.1 to 1.0.0 in prod"
    assert edited.why == "it did not start"
    assert edited.trailers == (
        ("Fairway-Revert", "prod/web image.tag 1.0.1 1.0.0"),
        ("Fairway-Hold", "prod/web * 1.0.1"),
    )
    assert {path.name for path in edited.files} == {"releases.yaml", "fairway.holds.yaml"}
    assert shop.read("releases.yaml") == WEB
    assert "it did not start" in shop.read("fairway.holds.yaml")
    assert await revert.make(shop.repository) is None


async def test_a_revert_of_what_somebody_changed_meanwhile_does_nothing(shop: Shop) -> None:
    revert = RevertChange("prod", "web", "image.tag", "1.0.9", "1.0.0", "", opened_of(shop), shown_from=shop.folder)
    assert await revert.make(shop.repository) is None
    assert shop.read("releases.yaml") == WEB
    assert not (shop.folder / "fairway.holds.yaml").exists()


@pytest.mark.parametrize(
    ("holds", "releases"),
    [("holds: &all []\nx-again: *all\n", WEB), ("holds:\n", WEB.replace('"1.0.0"', '"${TAG}"'))],
    ids=["the hold cannot be written", "the value cannot be edited"],
)
async def test_a_revert_that_is_refused_in_part_leaves_everything_as_it_was(
    holds: str, releases: str, shop: Shop
) -> None:
    shop.variables["TAG"] = "1.0.0"
    shop.write("fairway.holds.yaml", holds)
    shop.write("releases.yaml", releases)
    revert = RevertChange("prod", "web", "image.tag", "1.0.0", "0.9.0", "", opened_of(shop), shown_from=shop.folder)
    with pytest.raises(CannotEdit):
        await revert.make(shop.repository)
    assert (shop.read("fairway.holds.yaml"), shop.read("releases.yaml")) == (holds, releases)
