"""Drift that is reported says which objects, and who wrote to them."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.engine import config_map, plain, with_policy
from tests.unit.services.watching.conftest import Watching

from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.notifications.event import EventKind
from fairway.services.watching.telling import drift_found


async def test_it_names_the_objects_who_changed_them_and_where_to_look(watching: Watching) -> None:
    declared = plain("web", config_map("web", password="old"), config_map("web-more", size="s"))
    declared = with_policy(declared, drift="report")
    await watching.world.apply(declared)
    await watching.over(declared)
    await watching.until(lambda: watching.watch.watches == 1)
    await watching.a_while()
    await watching.world.put(config_map("web", password="hunter2"))
    await watching.world.kube.delete(ObjectRef("v1", "ConfigMap", "default", "web-more"))
    await watching.until(lambda: bool(watching.reported))
    told = drift_found(watching.reported[0], id="1", at=datetime(2026, 11, 21, tzinfo=UTC))
    assert (told.kind, told.environment, told.release) == (EventKind.DRIFT_FOUND, "test", "web")
    assert told.title == "test/web: 2 objects are no longer as applied"
    assert told.lines == (
        "ConfigMap web: changed by kubectl-edit",
        "ConfigMap web-more: was deleted",
        "look: fairway drift test -r web",
    )
    assert "hunter2" not in str(told)
