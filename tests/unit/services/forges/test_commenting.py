"""One comment that is kept up to date, and its hidden first line."""

from __future__ import annotations

import pytest

from fairway.adapters.forges.memory import MemoryForge
from fairway.domain.forges.addresses import ForgeKind
from fairway.domain.forges.requests import Proposed
from fairway.services.forges.commenting import FORMS, keep_comment, marker


async def test_a_comment_with_the_same_first_line_is_changed_and_no_other() -> None:
    forge = MemoryForge()
    number = (await forge.propose(Proposed("x", "main", "t", "b"))).number
    for body in ("hello", f"{marker('')}\none", f"{marker('prod')}\ntwo"):
        await forge.add_comment(number, body)
    await keep_comment(forge, number, f"{marker('prod')}\nthree")
    await keep_comment(forge, number, f"{marker('qa')}\nfour")
    assert [body.rpartition("\n")[2] for body in forge.bodies(number)] == ["hello", "one", "three", "four"]


@pytest.mark.parametrize("scope", ["", "prod", "deploy/environments.yaml prod", "--> <b>", "a)b\nc"])
def test_a_marker_is_one_hidden_line(scope: str) -> None:
    assert marker(scope).count("-->") == 1
    assert marker(scope).endswith(" -->")
    assert "\n" not in marker(scope)
    assert marker(scope, html=False).count(")") == 1
    assert set(FORMS) == set(ForgeKind)
