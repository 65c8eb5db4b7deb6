"""HelmRelease objects in resource files: watched by triggers, edited in their own document and nowhere else."""

from __future__ import annotations

import pytest
from tests.unit.services.upgrades.conftest import MAY, Shop
from tests.unit.services.upgrades.test_changes import changes

from fairway.services.upgrades.patching import patch

RELEASES = """\
releases:
  - name: flux
    resourceFiles: [flux.yaml]
    triggers:
      - image: {track: PatchLevel}
      - chart: {track: MinorVersion}
"""
OBJECTS = """\
# ours
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  image: "1.0.0"
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
spec:
  chart:
    spec:
      chart: web
      version: 2.1.0   # checked by Anna
      sourceRef: {kind: HelmRepository, name: stable}
  values:
    image:
      repository: shop/web
      tag: '1.0.0' # pinned
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: other}
spec: {values: {worker: {tag: "1.0.0"}}}
"""


@pytest.fixture
def flux(shop: Shop) -> Shop:
    shop.write("releases.yaml", RELEASES)
    shop.write("flux.yaml", OBJECTS)
    shop.charts.offered["stable/web"] = ["2.1.0", "2.2.0", "3.0.0"]
    return shop


async def problems(shop: Shop) -> str:
    report = await shop.check()
    return "\n".join(f"{item.error}" for item in report.problems)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
async def test_tag_and_version_are_edited_and_no_other_byte(ends: str, flux: Shop) -> None:
    flux.write("flux.yaml", "\ufeff" + OBJECTS.replace("\n", ends))
    report = await flux.check()
    assert [(look.watch.kind, look.watch.name, look.new) for look in report.upgrades] == [
        ("chart", "stable/web", "2.2.0"),
        ("image", "shop/web", "1.0.1"),
    ]
    assert str(report.upgrades[1].watch.where).endswith("flux.yaml:21:12")
    await flux.patch(report)
    expected = OBJECTS.replace("tag: '1.0.0'", "tag: '1.0.1'").replace("version: 2.1.0 ", "version: 2.2.0 ")
    assert flux.read("flux.yaml") == "\ufeff" + expected.replace("\n", ends)
    assert (await flux.check()).upgrades == ()


async def test_changes_for_the_writer_find_their_objects_again(flux: Shop) -> None:
    found = await changes(flux)
    flux.write("flux.yaml", "# a line more\n---\n" + OBJECTS)
    for change in found:
        assert await change.make(flux.repository) is not None
    assert "tag: '1.0.1'" in flux.read("flux.yaml")
    assert [await change.make(flux.repository) for change in found] == [None, None]


async def test_an_oci_repository_beside_the_object_gives_the_chart_s_address(flux: Shop) -> None:
    source = """\
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: stable}
spec: {type: oci, url: "oci://registry.example/charts"}
"""
    flux.write("flux.yaml", OBJECTS + source)
    flux.charts.offered["oci://registry.example/charts/web"] = ["2.1.5"]
    (look, _) = (await flux.check()).looks
    assert (look.watch.name, look.new) == ("oci://registry.example/charts/web", "2.1.5")


async def test_a_value_that_two_objects_have_is_not_guessed(flux: Shop) -> None:
    flux.write("releases.yaml", RELEASES.replace("{track: Patch", "{tagValue: worker.tag, track: Patch"))
    flux.write("flux.yaml", OBJECTS.replace("    image:\n", "    worker: {tag: '1'}\n    image:\n"))
    assert 'of the HelmRelease objects of release "flux", web, other has worker.tag' in await problems(flux)


async def test_a_value_that_no_object_has_is_told_at_the_trigger(flux: Shop) -> None:
    flux.write("releases.yaml", RELEASES.replace("{track: Patch", "{tagValue: none.tag, track: Patch"))
    assert "releases.yaml:5:" in await problems(flux)
    assert "none has none.tag" in await problems(flux)


async def test_what_cannot_be_edited_is_refused_with_its_line(flux: Shop) -> None:
    flux.write("flux.yaml", OBJECTS.replace("tag: '1.0.0' # pinned", "tag: &tag '1.0.0'\n    again: *tag"))
    patched = await flux.patch(await flux.check())
    assert [str(item.error) for item in patched.not_edited] == [
        f"{flux.folder}/flux.yaml:21:12: this value has an anchor and is used elsewhere too; "
        "the change would reach those places"
    ]
    assert "version: 2.2.0" in flux.read("flux.yaml")


async def test_plain_files_cannot_be_locked(flux: Shop) -> None:
    report = await flux.check()
    patched = await patch(flux.repository, report.upgrades, flux.folder, lock=True)
    assert all("cannot be locked" in str(item.error) for item in patched.not_edited)
    assert (len(patched.not_edited), flux.read("flux.yaml")) == (2, OBJECTS)


async def test_a_release_of_plain_files_without_triggers_is_not_read(flux: Shop) -> None:
    flux.write("releases.yaml", RELEASES.partition("    triggers:")[0])
    flux.write("flux.yaml", "{{ not: yaml")
    report = await flux.check()
    assert (report.looks, report.problems) == ((), ())


async def test_a_digest_pinned_tag_stays_pinned(flux: Shop) -> None:
    digest = await flux.registry.digest("docker.io/shop/web", "1.0.0")
    flux.write("flux.yaml", OBJECTS.replace("tag: '1.0.0'", f"tag: '1.0.0@{digest}'"))
    flux.registry.push("docker.io/shop/web", "1.0.2", MAY)
    await flux.patch(await flux.check())
    assert f"tag: '1.0.2@{await flux.registry.digest('docker.io/shop/web', '1.0.2')}'" in flux.read("flux.yaml")
