"""Holds through the command line: a version that somebody took back does not come again until it is lifted."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
from tests.system.upgrades.conftest import Shop

from fairway.domain.yaml import load

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/spec/schemas/holds.schema.json").read_text())
FILE = "fairway.holds.yaml"
TRAILER = "Fairway-Upgrade: prod/orders image.tag 1.4.1 1.4.3"


def upgraded(shop: Shop) -> None:
    """As the agent upgrades: the edit, and a commit that says so."""
    shop.push("orders", "1.4.1", "1.4.3")
    assert shop("poll", "prod", "--patch", "-r", "orders").code == 0
    shop.git("commit", "-q", "-a", "-m", f"orders 1.4.1 → 1.4.3 (prod)\n\nBecause it is there.\n\n{TRAILER}")


def explained(shop: Shop) -> str:
    return shop("upgrades", "prod", "-r", "orders", "--explain").out


def test_a_reverted_upgrade_is_held_until_it_is_lifted_or_something_newer_comes(shop: Shop) -> None:
    upgraded(shop)
    assert shop("holds", "list").out == "nothing is held\n"
    shop.git("revert", "--no-edit", "HEAD")
    commit = shop.git("rev-parse", "HEAD")[:10]
    reason = f'reverted by anna@example.org in {commit}: Revert "orders 1.4.1 → 1.4.3 (prod)"'
    assert f"1.4.3   not chosen: held: {reason}" in explained(shop)
    assert shop("poll", "prod", "-r", "orders", "--exit-code").code == 0
    (held,) = shop("holds", "list", "prod", "--output", "json").data["holds"]
    assert (held["environment"], held["release"], held["version"]) == ("prod", "orders", "1.4.3")
    assert (held["reason"], held["by"], held["where"]) == (reason, "anna@example.org", None)

    shop.push("orders", "1.4.4")
    assert "→ 1.4.4" in explained(shop)

    removed = shop("holds", "remove", "prod", "orders", "1.4.3")
    assert (removed.code, removed.out) == (0, f"prod/orders 1.4.3 is not held any more; commit {FILE}\n")
    written = load((shop.folder / FILE).read_text(), FILE)
    jsonschema.validate(written, SCHEMA)
    assert written["holds"][0]["lifted"] is True
    assert shop("holds", "list").out == "nothing is held\n"
    assert "held" not in explained(shop)


def test_an_upgrade_that_was_edited_back_by_hand_is_held_too(shop: Shop) -> None:
    upgraded(shop)
    text = (shop.folder / "releases/prod.yaml").read_text()
    shop.write("releases/prod.yaml", text.replace('"1.4.3"', '"1.4.0"'))
    shop.git("commit", "-q", "-a", "-m", "orders loses mail")
    assert "1.4.3   not chosen: held: reverted by anna@example.org" in explained(shop)
    assert "orders loses mail" in shop("holds", "list").out
    assert "→ 1.4.1" in explained(shop)


def test_a_hold_is_added_and_removed_by_hand(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    added = shop("holds", "add", "prod", "orders", "1.4.3", "--reason", "leaks: memory")
    assert (added.code, added.out) == (0, f"prod/orders 1.4.3 is held; commit {FILE}\n")
    before = (shop.folder / FILE).read_text()
    assert shop("holds", "add", "prod", "orders", "1.4.3").out.startswith(
        "prod/orders 1.4.3 is held already: leaks: memory"
    )
    assert (shop.folder / FILE).read_text() == before
    assert "1.4.3   not chosen: held: leaks: memory" in explained(shop)
    listed = shop("holds", "list").out
    assert listed.splitlines()[1].startswith("prod         orders   1.4.3")
    assert f"{FILE}:3:5" in listed
    jsonschema.validate(load(before, FILE), SCHEMA)

    assert shop("holds", "remove", "prod", "orders").code == 0
    assert (shop.folder / FILE).read_text().endswith("holds:\n")
    assert shop("poll", "prod", "-r", "orders", "--exit-code").code == 1
    again = shop("holds", "remove", "prod", "orders")
    assert again.code == 2
    assert "nothing of orders is held in prod" in again.err


def test_another_reason_replaces_the_one_that_is_written(shop: Shop) -> None:
    text = "# ours\nholds:\n  - {environment: prod, release: orders, version: v1.4.3} # no why\n"
    shop.write(FILE, text)
    shop.env = {"FAIRWAY_USER": "bob"}
    told = shop("holds", "add", "prod", "orders", "1.4.3", "--reason", "loses: mail")
    assert (told.code, told.out) == (
        0,
        f"prod/orders 1.4.3 is held already, now because: loses: mail; commit {FILE}\n",
    )
    written = (shop.folder / FILE).read_text()
    assert written == text.replace("v1.4.3}", 'v1.4.3, reason: "loses: mail", by: "bob"}')
    again = shop("holds", "add", "prod", "orders", "1.4.3", "--reason", "loses: mail")
    assert again.out == "prod/orders 1.4.3 is held already: loses: mail (bob)\n"
    assert (shop.folder / FILE).read_text() == written


def test_a_hold_of_another_image_holds_nothing(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    assert shop("holds", "add", "prod", "orders", "1.4.3", "--image", "shop/other").code == 0
    assert shop("poll", "prod", "-r", "orders", "--exit-code").code == 1
    assert shop("holds", "add", "prod", "orders", "1.4.3", "--image", f"{shop.registry}/orders").code == 0
    assert shop("poll", "prod", "-r", "orders", "--exit-code").code == 0


def test_mistakes_in_the_file_are_all_told_and_nothing_is_upgraded(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    shop.write(FILE, "holds:\n  - {environment: prod, release: orders, version: 1.4}\n  - {environment: prod}\n")
    answer = shop("poll", "prod", "--patch")
    assert answer.code == 2
    assert {"fairway.holds.yaml:2:51", "fairway.holds.yaml:3:5"} <= {
        word.rstrip(":") for word in answer.err.split() if word.startswith(FILE)
    }
    assert shop.changed_lines() == []
    linted = shop("lint", "--no-render", "--output", "json").data["diagnostics"]
    assert {(one["file"], one["line"]) for one in linted if one["severity"] == "error"} == {(FILE, 2), (FILE, 3)}


def test_lint_tells_of_holds_that_hold_nothing(shop: Shop) -> None:
    shop.write(FILE, 'holds:\n  - {environment: prod, release: order, version: "1"}\n')
    (found,) = shop("lint", "--no-render", "--output", "json").data["diagnostics"]
    assert (found["rule"], found["severity"], found["line"]) == ("unknown-hold", "warning", 2)


def test_a_release_that_is_not_declared_is_told(shop: Shop) -> None:
    answer = shop("holds", "add", "prod", "order", "1.4.3")
    assert answer.code == 2
    assert 'no release "order" in prod; did you mean "orders"?' in answer.err
    assert "is no version" in shop("holds", "add", "prod", "orders", "").err
    assert not (shop.folder / FILE).exists()
