"""Whose news it is that something was written into Git."""

from __future__ import annotations

from pathlib import Path

from tests.support.notifying import NOON

from fairway.domain.repository.models import Owner
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.services.agent.telling import news_of
from fairway.services.writing.changes import Edited, Outcome

OWNERS = {("prod", "web"): Owner(slack="#shop")}


def test_each_upgrade_and_each_hold_knows_the_owner_of_its_release() -> None:
    upgrades = [Upgrade("prod", name, "image", f"shop/{name}", "image.tag", "1.0", "1.1") for name in ("web", "api")]
    held = Edited((Path("x"),), "web back", trailers=(("Fairway-Hold", "prod/web * 1.1"),))
    edited = (*(Edited((Path("x"),), one.release, one) for one in upgrades), held)
    outcome = Outcome("3f2c1ab", subject="Upgrade 2 releases", edited=edited)

    def owner_of(environment: str, release: str) -> Owner:
        return OWNERS.get((environment, release), Owner())

    written, hold = news_of(outcome, now=NOON, new_id=lambda: "1", owner_of=owner_of)
    assert [written.owner_of(one).slack for one in written.upgrades] == ["#shop", None]
    assert hold.owner.slack == "#shop"
