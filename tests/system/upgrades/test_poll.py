"""From an image in a real registry to the one line that changes, through the command line."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import validate
from tests.system.upgrades.conftest import MAY, OLD_DIALECT, WEB, Shop

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/spec/schemas/upgrades.schema.json").read_text())


def test_from_a_pushed_image_to_one_changed_line(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.3", "1.5.0", "latest")
    shop.push("web", "5.1")
    listed = shop("poll", "prod")
    assert listed.code == 0, listed.err
    assert f"prod         orders   {shop.registry}/orders  1.4.1  1.4.3  releases/prod.yaml:7:33" in listed.out
    assert "1 upgrade · edit the files: fairway poll prod --patch" in listed.out
    narrowed = shop("poll", "prod", "-r", "orders", "-i", f"{shop.registry}/orders")
    assert f"edit the files: fairway poll prod -r orders -i {shop.registry}/orders --patch" in narrowed.out
    assert shop.changed_lines() == []

    patched = shop("poll", "prod", "--patch")
    assert (patched.code, patched.out) == (0, "releases/prod.yaml:7:33  prod/orders  image.tag  1.4.1 → 1.4.3\n")
    assert shop.changed_lines() == [
        '-      - {key: image.tag, value: "1.4.1"}   # Anna checks before majors',
        '+      - {key: image.tag, value: "1.4.3"}   # Anna checks before majors',
    ]
    linted = shop("lint")
    assert linted.code == 0, linted.out + linted.err
    again = shop("poll", "prod", "--patch", "--exit-code")
    assert (again.code, again.out) == (0, "nothing to do: 2 triggers looked at\n")


def test_values_files_keep_everything_but_the_tag(shop: Shop) -> None:
    shop.push("orders", "1.4.1")
    shop.push("web", "5.1", "5.2.0", "6.0.0")
    mode = (shop.folder / "releases/web.yaml").stat().st_mode
    os.chmod(shop.folder / "releases/web.yaml", 0o600)
    assert shop("poll", "prod", "-p").code == 0
    assert shop.changed_lines() == ["-  tag: 5.1   # short on purpose", "+  tag: 5.2.0   # short on purpose"]
    assert (shop.folder / "releases/web.yaml").stat().st_mode & 0o777 == 0o600 != mode & 0o777


def test_a_release_that_says_no_tag_gets_an_entry_of_its_own(shop: Shop) -> None:
    shop.push("orders", "main-1", created=MAY)
    shop.push("orders", "main-2", created=MAY + timedelta(hours=1))
    assert shop("poll", "staging", "--patch").code == 0
    assert shop.changed_lines() == ["+      - key: image.tag", '+        value: "main-2"']
    assert shop("poll", "staging").out == "nothing to do: 1 trigger looked at\n"
    assert shop("lint").code == 0


def test_the_old_dialect_is_polled_alike(shop: Shop) -> None:
    shop.write("environments.yaml", OLD_DIALECT)
    shop.commit()
    shop.push("orders", "1.4.1", "1.4.2")
    shop.push("web", "5.1", "5.1.1")
    assert shop("poll", "-p").code == 0
    assert [line for line in shop.changed_lines() if line[0] == "+"] == [
        '+      - {key: image.tag, value: "1.4.2"}   # Anna checks before majors',
        "+  tag: 5.1.1   # short on purpose",
    ]


def test_the_listing_is_data_for_programs(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.2")
    shop.push("web", "5.1")
    answer = shop("poll", "prod", "-o", "json", "--exit-code")
    assert answer.code == 1
    validate(answer.data, SCHEMA)
    assert answer.data == {
        "apiVersion": "fairway.dev/v1",
        "kind": "Upgrades",
        "upgrades": [
            {
                "environment": "prod",
                "release": "orders",
                "kind": "image",
                "name": f"{shop.registry}/orders",
                "key": "image.tag",
                "track": "PatchLevel",
                "current": "1.4.1",
                "new": "1.4.2",
                "where": "releases/prod.yaml:7:33",
            }
        ],
        "problems": [],
    }


def test_edits_and_what_went_wrong_are_data_too(shop: Shop) -> None:
    shop.write("releases/web.yaml", WEB.replace("5.1 ", "&tag 5.1 ") + "label: *tag\n")
    shop.push("web", "5.1", "5.1.1")
    answer = shop("poll", "prod", "--patch", "-o", "json")
    validate(answer.data, SCHEMA)
    assert answer.code == 2
    assert [(row["release"], row["edited"]) for row in answer.data["upgrades"]] == [("web", False)]
    assert answer.data["notEdited"][0]["where"] == "releases/web.yaml:4:8"
    assert answer.data["problems"][0]["release"] == "orders"


def test_one_image_or_release_can_be_asked_for(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.2")
    shop.push("web", "5.1", "5.1.1")
    by_image = shop("poll", "-i", f"{shop.registry}/web", "-o", "json").data
    by_release = shop("poll", "prod", "-r", "web", "-o", "json").data
    assert [row["release"] for row in by_image["upgrades"]] == ["web"]
    assert by_image == by_release


def test_one_repository_that_is_missing_hides_no_other(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.2")
    answer = shop("poll", "prod", "--patch")
    assert answer.code == 2
    assert "1.4.1 → 1.4.2" in answer.out
    assert f"prod/web: error: there is no image repository {shop.registry}/web" in answer.err
    again = shop("poll", "prod", "--patch")
    assert (again.code, again.out) == (2, "no upgrades: 1 trigger looked at, 1 problem\n")


def test_every_version_is_explained(shop: Shop) -> None:
    shop.push("orders", "1.4.0", "1.4.1", "1.4.2", "1.5.0", "1.4.3-rc1", "latest")
    answer = shop("upgrades", "prod", "--explain", "-r", "orders")
    assert answer.code == 0, answer.err
    assert answer.out == (
        f"orders   image.tag 1.4.1 ({shop.registry}/orders, track PatchLevel) ← releases/prod.yaml:7:33\n"
        "  → 1.4.2       newest in 1.4.x\n"
        "    1.5.0       not chosen: MinorVersion change\n"
        "    1.4.3-rc1   not chosen: pre-release\n"
        "    1.4.1       current\n"
        "    1.4.0       not chosen: older\n"
        "    latest      not chosen: not a version\n"
    )
    data = shop("upgrades", "prod", "--explain", "-r", "orders", "-o", "json").data
    validate(data, SCHEMA)
    assert data["triggers"][0]["verdicts"][0] == {"tag": "1.4.2", "chosen": True, "reason": "newest in 1.4.x"}


def test_without_explain_upgrades_lists_what_could_be_done(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.2")
    assert "fairway poll prod -r orders --patch" in shop("upgrades", "prod", "-r", "orders").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["poll", "prd"], 'no environment "prd"; did you mean "prod"?'),
        (["poll", "-r", "ordres"], 'no release "ordres" in staging, prod; did you mean "orders"?'),
        (["poll", "-i", "Shop/Web"], "lower case"),
        (["observe"], "what was pushed?"),
        (["observe", "-i", "shop/web:1", "--chart", "a:1"], "what was pushed?"),
        (["observe", "-i", "shop/web"], '"shop/web" has no tag'),
        (["observe", "-i", "shop/web:1:2"], "is not an image"),
        (["observe", "--chart", "redis"], "not a chart with its version"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_error(shop: Shop, arguments: list[str], message: str) -> None:
    answer = shop(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
