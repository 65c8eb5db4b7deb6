"""A narrow terminal gets narrow tables; what goes into a file or a pipe is whole."""

from __future__ import annotations

import pytest
from tests.system.upgrades.conftest import Shop

REASON = "leaks memory after some hours under load, and the team that knows why is away until Monday"


def held(shop: Shop) -> None:
    shop.push("orders", "1.4.1", "1.4.2", "1.4.3")
    assert shop("holds", "add", "prod", "orders", "1.4.3", "--reason", REASON).code == 0


@pytest.mark.parametrize("columns", [60, 80])
def test_tables_are_as_narrow_as_the_screen(shop: Shop, columns: int) -> None:
    held(shop)
    upgrades, closing = "\n".join(shop.on_screen(columns, "poll", "prod", "-r", "orders")).split("\n\n")
    assert max(len(line) for line in upgrades.splitlines()) <= columns
    assert "1.4.2" in upgrades
    assert "edit the files: fairway poll prod -r orders --patch" in closing

    listed = shop.on_screen(columns, "holds", "list")
    assert max(len(line) for line in listed) <= columns
    assert "leaks" in listed[1]

    explained = shop.on_screen(columns, "upgrades", "prod", "-r", "orders", "--explain")
    assert [line for line in explained if len(line) > columns] == []
    assert REASON in " ".join(" ".join(explained).split())


def test_a_pipe_gets_all_of_it(shop: Shop) -> None:
    held(shop)
    assert REASON in shop("holds", "list").out
    assert f"{shop.registry}/orders" in shop("poll", "prod", "-r", "orders").out
    assert f"held: {REASON}" in shop("upgrades", "prod", "-r", "orders", "--explain").out
