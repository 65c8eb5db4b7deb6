"""One comment that is kept up to date, and its hidden first line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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


@given(
    scope=st.text()
    | st.sampled_from(["prod", "deploy/environments.yaml prod", "--> <b>", "a)b\nc", "- - ->", "-)-", "-" * 9])
)
def test_a_marker_is_one_hidden_line(scope: str) -> None:
    html, plain = marker(scope), marker(scope, html=False)
    assert html.startswith("<!-- fairway:plan")
    assert html.find("--", 4) == len(html) - 3
    assert plain.startswith("[//]: # (fairway:plan")
    assert plain.find(")") == len(plain) - 1
    assert len(html.splitlines()) == len(plain.splitlines()) == 1


def test_every_forge_has_a_form_of_comments() -> None:
    assert set(FORMS) == set(ForgeKind)
