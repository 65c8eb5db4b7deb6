"""From a webhook to what is looked at: an event wakes, and only when it is trusted does it say what there is."""

import json
from datetime import timedelta

from tests.unit.services.upgrades.conftest import MAY, WEB, Shop

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.delivery import Delivery
from fairway.services.intake import PendingWakes, Woken
from fairway.services.intake.intake import Intake
from fairway.services.intake.looking import concerned, evidence
from fairway.services.upgrades.checking import Wanted
from fairway.services.upgrades.observing import observe

DIGEST = "sha256:" + "3f" * 32


def heard(*images: str) -> Woken:
    wake = PendingWakes()
    intake = Intake(wake, lambda kind: ("s3cret",))
    for image in images:
        body = json.dumps({"image": image, "digest": DIGEST}).encode()
        intake.registry("generic", Delivery({"authorization": "s3cret"}, body, MAY + timedelta(days=2)))
    return wake.take()


async def test_an_event_makes_its_own_image_be_looked_at_and_no_other(shop: Shop) -> None:
    other = WEB.replace("name: web", "name: api").replace("shop/web", "shop/api")
    shop.write("releases.yaml", WEB + other.removeprefix("releases:\n"))
    shop.registry.push("docker.io/shop/api", "1.0.0", MAY)
    report = await shop.check(wanted=Wanted(concerns=concerned(heard("shop/api:1.0.0"))))
    assert [look.watch.release.name for look in report.looks] == ["api"]
    assert shop.registry.asked == {"docker.io/shop/api": 1}


async def test_what_it_says_is_not_believed(shop: Shop) -> None:
    report = await shop.check(wanted=Wanted(concerns=concerned(heard("shop/web:1.0.9"))))
    assert [look.new for look in report.upgrades] == ["1.0.1"]


async def test_more_than_was_kept_makes_everything_be_looked_at(shop: Shop) -> None:
    report = await shop.check(wanted=Wanted(concerns=concerned(Woken(overflow=True))))
    assert len(report.looks) == 1
    assert (await shop.check(wanted=Wanted(concerns=concerned(Woken())))).looks == ()


async def test_a_trusted_event_is_believed_and_nobody_is_asked(shop: Shop) -> None:
    (pushed,) = evidence(heard("index.docker.io/shop/web:1.0.9").images)
    report = await observe(shop.upgrades, shop.repository.environments, pushed)
    assert [look.new for look in report.upgrades] == ["1.0.9"]
    assert shop.registry.asked == {}


def test_an_event_without_a_tag_is_no_evidence() -> None:
    assert evidence([ImagePushed("docker.io/shop/web", "", DIGEST, MAY, "cdevents", "")]) == []
    assert evidence([ImagePushed("docker.io/shop/web", "a b", None, MAY, "generic", "")]) == []
