"""Upgrades into the lock file: it wins, the file that it wins over keeps every byte, and later edits go on there."""

from __future__ import annotations

import pytest
from tests.unit.services.upgrades.conftest import ENVIRONMENTS, WEB, Shop

from fairway.services.upgrades.patching import patch

LOCK = "fairway.lock.yaml"
ENTRY = 'prod/web:\n  image.tag: "{}"\n'


async def test_what_cannot_be_edited_is_locked(shop: Shop) -> None:
    text = WEB.replace('- {key: image.tag, value: "1.0.0"}', "- key: image.tag\n        value: >-\n          1.0.0")
    shop.write("releases.yaml", text)
    report = await shop.check()
    patched = await patch(shop.repository, report.upgrades, shop.folder, lock=True)
    assert patched.files == (LOCK,)
    assert shop.read("releases.yaml") == text
    assert shop.read(LOCK).endswith('prod/web:\n  image.tag: "1.0.1"\n')
    assert (await shop.check()).upgrades == ()


async def test_a_locked_value_is_upgraded_where_it_is_locked(shop: Shop) -> None:
    shop.write(LOCK, "# ours\n" + ENTRY.format("1.0.0"))
    shop.write("releases.yaml", WEB.replace('"1.0.0"', '"0.9.0"'))
    patched = await shop.poll()
    assert patched.files == (LOCK,)
    assert shop.read(LOCK) == "# ours\n" + ENTRY.format("1.0.1")
    assert '"0.9.0"' in shop.read("releases.yaml")


async def test_an_entry_for_all_environments_stays_the_only_one(shop: Shop) -> None:
    shop.write(LOCK, 'web: {image.tag: "1.0.0"} # both\r\n')
    report = await shop.check()
    await patch(shop.repository, report.upgrades, shop.folder, lock=True)
    assert shop.read(LOCK) == 'web: {image.tag: "1.0.1"} # both\r\n'


async def test_environments_that_share_a_release_have_their_own_entries(shop: Shop) -> None:
    test = "  - {name: test, clusterName: local, kubeNamespace: test, releasesFiles: [releases.yaml]}\n"
    shop.write("environments.yaml", ENVIRONMENTS + test)
    report = await shop.check("test")
    await patch(shop.repository, report.upgrades, shop.folder, lock=True)
    assert shop.read(LOCK).endswith('test/web:\n  image.tag: "1.0.1"\n')
    assert [look.watch.environment for look in (await shop.check()).upgrades] == ["prod"]
    report = await shop.check("prod")
    await patch(shop.repository, report.upgrades, shop.folder, lock=True)
    assert shop.read(LOCK).endswith('test/web:\n  image.tag: "1.0.1"\nprod/web:\n  image.tag: "1.0.1"\n')
    assert shop.read("releases.yaml") == WEB


async def test_a_chart_s_version_can_be_locked(shop: Shop) -> None:
    chart = "{reference: stable/redis, version: 1.0.0}"
    text = f"releases:\n  - name: redis\n    chart: {chart}\n    trigger: {{chart: {{track: MinorVersion}}}}\n"
    shop.write("releases.yaml", text)
    shop.charts.offered["stable/redis"] = ["1.2.0", "1.0.0"]
    report = await shop.check()
    await patch(shop.repository, report.upgrades, shop.folder, lock=True)
    assert shop.read("releases.yaml") == text
    assert shop.read(LOCK).endswith('prod/redis:\n  chart.version: "1.2.0"\n')
    shop.charts.offered["stable/redis"].insert(0, "1.3.0")  # type: ignore[attr-defined]
    assert (await shop.poll()).files == (LOCK,)
    assert 'chart.version: "1.3.0"' in shop.read(LOCK)


@pytest.mark.parametrize("layer", ["defaultValues: [{key: image.tag, value: 1.0.0}]"])
async def test_a_default_of_the_environment_can_be_locked_for_one_release(layer: str, shop: Shop) -> None:
    shop.write("environments.yaml", f"{ENVIRONMENTS}    {layer}\n")
    shop.write("releases.yaml", WEB.replace('      - {key: image.tag, value: "1.0.0"}\n', ""))
    report = await shop.check()
    patched = await patch(shop.repository, report.upgrades, shop.folder, lock=True)
    assert (len(patched.edited), patched.files) == (1, (LOCK,))
    assert (await shop.check()).upgrades == ()


async def test_the_lock_is_the_first_layer_that_is_told(shop: Shop) -> None:
    shop.write(LOCK, ENTRY.format("1.0.0"))
    (look,) = (await shop.check()).looks
    assert [str(origin.layer) for origin in look.watch.origins] == ["lock file", "release value", "chart default"]
    assert str(look.watch.where) == "fairway.lock.yaml:2:14"
