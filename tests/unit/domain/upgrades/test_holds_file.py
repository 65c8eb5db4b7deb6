"""Edits of the holds file: another reason, and no other byte."""

from __future__ import annotations

import pytest

from fairway.domain.upgrades.holds_file import with_reason

FIRST = "# ours\nholds:\n  - environment: prod   # all of it\n    release: web\n    version: '1.9.1'\n"
SECOND = "  - {environment: prod, release: web, version: 1.9.2}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    reason: 'leaks'   # see the ticket\n    by: ann\n",
            "    reason: 'it: loses'   # see the ticket\n    by: bob\n",
        ),
        ("    by: ann\n    reason: leaks\n", '    by: bob\n    reason: "it: loses"\n'),
        ("", "    reason: 'it: loses'\n    by: 'bob'\n"),
    ],
)
def test_another_reason_changes_the_words_and_who_said_them(before: str, after: str) -> None:
    changed = with_reason(f"{FIRST}{before}{SECOND}".encode(), "f.yaml", 0, "it: loses", "bob").decode()
    assert changed == f"{FIRST}{after}{SECOND}"


def test_who_is_not_known_replaces_nobody() -> None:
    text = f"{FIRST}    by: ann\n{SECOND}"
    assert "by: ann" in with_reason(text.encode(), "f.yaml", 0, "loses", "").decode()
