"""The lock file through the command line: written where nothing else can be, first of the layers, checked by lint."""

from __future__ import annotations

from tests.system.upgrades.conftest import PROD, Shop

LOCK = "releases/fairway.lock.yaml"
ALIAS = """\
releases:
  - name: orders
    chart: {dir: ../charts/service}
    values:
      - {key: image.repository, value: REGISTRY/orders}
      - {key: image.tag, value: &tag "1.4.1"}
      - {key: label, value: *tag}
    triggers:
      - image: {track: PatchLevel}
"""


def test_what_cannot_be_edited_goes_into_the_lock_file_and_wins(shop: Shop) -> None:
    shop.write("releases/prod.yaml", ALIAS)
    shop.commit()
    shop.push("orders", "1.4.1", "1.4.3")
    refused = shop("poll", "prod", "--patch")
    assert refused.code == 2
    assert "releases/prod.yaml:6:" in refused.err
    assert "write them into the lock file, which wins: fairway poll prod --patch --lock" in refused.err
    assert shop.changed_lines() == []

    locked = shop("poll", "prod", "--patch", "--lock")
    assert (locked.code, locked.out) == (0, f"{LOCK}  prod/orders  image.tag  1.4.1 → 1.4.3\n"), locked.err
    assert shop.changed_lines() == []
    assert (shop.folder / LOCK).read_text().endswith('prod/orders:\n  image.tag: "1.4.3"\n')

    explained = shop("values", "prod", "orders", "--explain", "image.tag", "--offline")
    assert "lock file" in explained.out.splitlines()[1], explained.out + explained.err
    assert "← wins" in explained.out.splitlines()[1]
    assert "release value" in explained.out.splitlines()[2]
    assert shop("lint", "--no-render").code == 0
    assert shop("poll", "prod").out == "nothing to do: 1 trigger looked at\n"


def test_lint_tells_of_entries_that_fit_nothing_or_say_nothing_new(shop: Shop) -> None:
    shop.write(LOCK, 'orders: {image.tag: "1.4.1"}\nprod/ordres: {image.tag: "2"}\n')
    linted = shop("lint", "--no-render", "--output", "json")
    found = {(item["rule"], item["severity"], item["line"]) for item in linted.data["diagnostics"]}
    assert {("needless-lock", "warning", 1), ("unknown-lock", "warning", 2)} <= found
    shop.write(LOCK, "orders: {image.tag: 1.4\n")
    assert shop("lint", "--no-render").code == 2
    assert "releases/fairway.lock.yaml:1:" in shop("poll", "prod").err


def test_a_lock_needs_a_patch(shop: Shop) -> None:
    answer = shop("poll", "prod", "--lock")
    assert answer.code == 2
    assert "give both: --patch --lock" in answer.err


def test_a_locked_tag_is_what_is_rendered(shop: Shop) -> None:
    before = shop("render", "prod", "-r", "orders", "--kube-version", "1.34").out
    shop.write(LOCK, 'prod/orders: {image.tag: "1.4.9"}\n')
    after = shop("render", "prod", "-r", "orders", "--kube-version", "1.34").out
    assert before.replace("1.4.1", "1.4.9") == after != before
    assert PROD.replace("REGISTRY", shop.registry) == (shop.folder / "releases/prod.yaml").read_text()
