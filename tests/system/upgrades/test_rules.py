"""Triggers with rules, against a real registry, through the command line."""

from __future__ import annotations

from tests.support.images import push_image
from tests.system.upgrades.conftest import MAY, PROD, Shop


def write_trigger(shop: Shop, fields: str) -> None:
    shop.write("releases/prod.yaml", PROD[: PROD.index("  - name: web")].replace("track: PatchLevel", fields))
    shop.commit()


def test_a_pinned_tag_is_written_with_the_digest_of_its_platform_and_followed(shop: Shop) -> None:
    host, _, team = shop.registry.partition("/")
    for tag, platforms in (("1.4.1", ()), ("1.4.2", ("linux/amd64", "linux/arm64")), ("1.4.3", ("linux/amd64",))):
        push_image(host, f"{team}/orders", tag, MAY, platforms=platforms)
    write_trigger(shop, "track: PatchLevel, range: '>=1.4 <2', platform: linux/arm64, digest: pin")
    patched = shop("poll", "prod", "--patch")
    assert patched.code == 0, patched.err
    line = shop.changed_lines()[1]
    written = line[line.index('"') + 1 : line.rindex('"')]
    tag, _, digest = written.partition("@")
    assert (tag, len(digest)) == ("1.4.2", 71)
    assert f"1.4.1 → 1.4.2@{digest[:19]}\n" in patched.out
    shop.commit()
    explained = shop("upgrades", "prod", "--explain").out
    assert f"({shop.registry}/orders, track PatchLevel, range >=1.4 <2, linux/arm64, digest pinned)" in explained
    assert "1.4.3   not chosen: has no image for linux/arm64" in explained
    assert "1.4.2   current\n" in explained
    assert shop("poll", "prod").out == "nothing to do: 1 trigger looked at\n"

    push_image(host, f"{team}/orders", "1.4.2", MAY.replace(day=9), platforms=("linux/amd64", "linux/arm64"))
    moved = shop("poll", "prod", "--patch")
    assert "1.4.2 → 1.4.2@sha256:" in moved.out
    assert digest not in shop.changed_lines()[1]
    assert "anna checks" in shop.changed_lines()[1].lower()


def test_a_part_of_the_tag_is_compared(shop: Shop) -> None:
    shop.push("orders", "b-7-1.4.1", "b-8-1.4.2", "b-9-1.4.10", "x-1-1.4.11")
    write_trigger(shop, "track: PatchLevel, filter: ^b-, extract: '^b-[0-9]+-(?P<version>.*)$'")
    shop.write("releases/prod.yaml", (shop.folder / "releases/prod.yaml").read_text().replace('"1.4.1"', "b-7-1.4.1"))
    shop.commit()
    assert shop("poll", "prod", "--patch").code == 0
    assert shop.changed_lines()[1].startswith("+      - {key: image.tag, value: b-9-1.4.10}")


def test_a_rule_that_cannot_be_read_is_told_with_its_place(shop: Shop) -> None:
    write_trigger(shop, "track: PatchLevel, filter: '(', range: x y, platform: arm64, digest: never")
    answer = shop("lint", "--no-render")
    assert answer.code == 2
    lines = [line for line in answer.out.splitlines() if line.startswith("releases/prod.yaml:9:")]
    for line, message in zip(lines, ("'(' is not a regular", '"x y" is not a version', "platform", "pin"), strict=True):
        assert message in line
