"""Files after `patch`: exactly the versions are new, or the file is as it was and somebody is told why."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.services.upgrades.conftest import ENVIRONMENTS, WEB, Shop

from fairway.domain.errors import Terminal
from fairway.services.upgrades.patching import Patched, patch

TEST = "  - {name: test, clusterName: local, kubeNamespace: test, releasesFiles: [releases.yaml]}\n"
NO_TAG = WEB.replace('      - {key: image.tag, value: "1.0.0"}\n', "")


def reason(patched: Patched) -> str:
    (item,) = patched.not_edited
    assert patched.edited == patched.files == ()
    return str(item.error)


async def test_a_tag_is_changed_and_nothing_else(shop: Shop) -> None:
    text = "\ufeff# kept\r\n" + WEB.replace("\n", "\r\n").replace('"1.0.0"}', '"1.0.0"}   # pinned by Anna')
    shop.write("releases.yaml", text)
    patched = await shop.poll()
    assert patched.files == ("releases.yaml",)
    assert shop.read("releases.yaml") == text.replace('"1.0.0"', '"1.0.1"')
    assert (await shop.check()).upgrades == ()


async def test_the_tag_may_stand_in_a_values_file_of_one_release(shop: Shop) -> None:
    shop.write("releases.yaml", NO_TAG.replace("    values:", "    valuesFile: web.yaml\n    values:"))
    shop.write("web.yaml", "image: {tag: 1.0.0} # short\n")
    assert (await shop.poll()).files == ("web.yaml",)
    assert shop.read("web.yaml") == "image: {tag: 1.0.1} # short\n"


async def test_a_tag_that_only_the_chart_has_becomes_a_value_of_the_release(shop: Shop) -> None:
    shop.write("releases.yaml", NO_TAG)
    shop.registry.push("docker.io/shop/web", "7.0.1")
    await shop.poll()
    values = "      - {key: image.repository, value: shop/web}\n"
    assert shop.read("releases.yaml").replace("'", '"') == NO_TAG.replace(
        values, f'{values}      - {{key: image.tag, value: "7.0.1"}}\n'
    )
    assert (await shop.check()).upgrades == ()


async def test_a_chart_s_version_is_changed(shop: Shop) -> None:
    text = """\
releases:
  - name: redis
    chart:
      reference: stable/redis
      version: 1.0.0  # tested
    trigger: {chart: {track: MinorVersion}}
"""
    shop.write("releases.yaml", text)
    shop.charts.offered["stable/redis"] = ["1.10", "1.9.0", "1.0.0"]
    await shop.poll()
    assert shop.read("releases.yaml") == text.replace("version: 1.0.0 ", 'version: "1.10" ')


async def test_many_upgrades_of_one_file_are_one_write(shop: Shop) -> None:
    releases = (WEB.removeprefix("releases:\n").replace("name: web", f"name: web-{number}") for number in range(9))
    text = "releases:\n" + "".join(releases)
    shop.write("releases.yaml", text)
    patched = await shop.poll()
    assert (len(patched.edited), patched.files) == (9, ("releases.yaml",))
    assert shop.read("releases.yaml") == text.replace('"1.0.0"', '"1.0.1"')


async def test_environments_that_share_a_release_are_edited_by_one_change(shop: Shop) -> None:
    shop.write("environments.yaml", ENVIRONMENTS + TEST)
    patched = await shop.poll()
    assert [look.watch.environment for look in patched.edited] == ["prod", "test"]
    assert shop.read("releases.yaml") == WEB.replace('"1.0.0"', '"1.0.1"')


async def test_environments_that_share_a_release_and_disagree_are_told(shop: Shop) -> None:
    repository = "\n    defaultValues: [{key: image.repository, value: shop/%s}]\n"
    test = "  - name: test\n    clusterName: local\n    kubeNamespace: test\n    releasesFiles: [releases.yaml]"
    shop.write("environments.yaml", ENVIRONMENTS.rstrip("\n") + repository % "web" + test + repository % "fork")
    text = WEB.replace("      - {key: image.repository, value: shop/web}\n", "")
    shop.write("releases.yaml", text)
    shop.registry.push("docker.io/shop/fork", "1.0.7")
    patched = await shop.poll()
    assert len(patched.not_edited) == 2
    assert "want different versions: prod/web 1.0.1, test/web 1.0.7" in str(patched.not_edited[0].error)
    assert shop.read("releases.yaml") == text


async def test_a_values_file_of_several_releases_is_changed_only_for_all_of_them(shop: Shop) -> None:
    one = NO_TAG.replace("    values:", "    valuesFile: both.yaml\n    values:")
    quiet = one.removeprefix("releases:\n").replace("name: web", "name: quiet")
    shop.write("both.yaml", "image: {tag: 1.0.0}\n")
    shop.write("releases.yaml", one + quiet.partition("    triggers:")[0])
    assert "both.yaml holds the values of other releases too: quiet" in reason(await shop.poll())
    shop.write("releases.yaml", one + quiet)
    assert len((await shop.poll()).edited) == 2
    assert shop.read("both.yaml") == "image: {tag: 1.0.1}\n"


TEMPLATES = """\
templates:
  base:
    chart: {dir: chart}
    values: [{key: image.tag, value: 1.0.0}]
"""


@pytest.mark.parametrize(
    ("environments", "releases", "message"),
    [
        (ENVIRONMENTS + "    defaultValues: [{key: image.tag, value: 1.0.0}]\n", NO_TAG, "default of the environment"),
        (
            TEMPLATES + ENVIRONMENTS,
            NO_TAG.replace("chart: {dir: chart}", "extends: base"),
            "comes from a template",
        ),
        (ENVIRONMENTS, WEB.replace('"1.0.0"', '"${TAG}"'), "variables"),
        (ENVIRONMENTS, WEB.replace('value: "1.0.0"', "valueFrom: {env: TAG}"), "it comes from"),
        (
            ENVIRONMENTS,
            WEB.replace(
                '- {key: image.tag, value: "1.0.0"}',
                '- {key: x, value: &t "1.0.0"}\n      - {key: image.tag, value: *t}',
            ),
            "releases.yaml:7:",
        ),
        (ENVIRONMENTS, WEB.replace('"1.0.0"}', '&tag "1.0.0"}\n      - {key: other, value: *tag}'), "releases.yaml:6:"),
        (
            ENVIRONMENTS,
            WEB.replace('- {key: image.tag, value: "1.0.0"}', "- key: image.tag\n        value: >-\n          1.0.0"),
            "block of text",
        ),
    ],
)
async def test_what_cannot_be_edited_safely_is_left_alone_with_the_reason(
    environments: str, releases: str, message: str, shop: Shop
) -> None:
    shop.variables["TAG"] = "1.0.0"
    shop.write("environments.yaml", environments)
    shop.write("releases.yaml", releases)
    assert message in reason(await shop.poll())
    assert shop.read("releases.yaml") == releases
    assert shop.read("environments.yaml") == environments


async def test_a_refused_edit_keeps_no_other_from_its_own(shop: Shop) -> None:
    other = WEB.removeprefix("releases:\n").replace("name: web", "name: other").replace('"1.0.0"', '"${TAG}"')
    shop.variables["TAG"] = "1.0.0"
    shop.write("releases.yaml", WEB + other)
    patched = await shop.poll()
    assert [item.look.watch.release.name for item in patched.not_edited] == ["other"]
    assert shop.read("releases.yaml") == WEB.replace('"1.0.0"', '"1.0.1"') + other


async def test_a_value_that_changed_meanwhile_is_left_alone(shop: Shop) -> None:
    report = await shop.check()
    newer = WEB.replace('"1.0.0"', '"1.0.9"')
    shop.write("releases.yaml", newer)
    patched = await shop.patch(report)
    assert "changed since the repository was read" in reason(patched)
    assert shop.read("releases.yaml") == newer


async def test_a_file_that_cannot_be_read_anymore_is_named(shop: Shop) -> None:
    repository, report = shop.repository, await shop.check()
    (shop.folder / "releases.yaml").unlink()
    patched = await patch(repository, report.upgrades, shop.folder)
    assert reason(patched) == "releases.yaml: cannot be read: No such file or directory"


async def test_a_link_stays_a_link_and_a_mode_stays_a_mode(shop: Shop) -> None:
    real = shop.folder / "kept" / "real.yaml"
    real.parent.mkdir()
    (shop.folder / "releases.yaml").rename(real)
    real.chmod(0o640)
    real.write_text(WEB.replace("{dir: chart}", f"{{dir: {shop.folder}/chart}}"))
    (shop.folder / "releases.yaml").symlink_to("kept/real.yaml")
    await shop.poll()
    assert (shop.folder / "releases.yaml").is_symlink()
    assert '"1.0.1"' in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in real.parent.iterdir()] == ["real.yaml"]


async def test_a_folder_that_cannot_be_written_is_one_clear_error(shop: Shop, tmp_path: Path) -> None:
    if (tmp_path.stat().st_uid, Path("/proc/self").stat().st_uid) == (0, 0):
        pytest.skip("root may write everywhere")
    report = await shop.check()
    shop.folder.chmod(0o500)
    try:
        with pytest.raises(Terminal, match=r"releases\.yaml cannot be written"):
            await shop.patch(report)
    finally:
        shop.folder.chmod(0o700)
    assert shop.read("releases.yaml") == WEB
