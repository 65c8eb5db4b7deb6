"""docs/spec/ownership.md names exactly the managers that the code knows."""

from __future__ import annotations

import re
from pathlib import Path

from fairway.domain.manifests.managed_fields import PEOPLE
from fairway.domain.manifests.takeover import CLIENT_SIDE_MANAGERS

TEXT = (Path(__file__).parents[4] / "docs/spec/ownership.md").read_text()


def listed_after(opening: str) -> set[str]:
    paragraph = TEXT[TEXT.index(opening) :].split("\n\n")[0]
    return set(re.findall(r"`([\w-]+)`", paragraph.partition(":")[2]))


def test_the_tools_of_people_are_documented() -> None:
    assert listed_after("Managers whose names begin") == set(PEOPLE)


def test_the_managers_that_are_taken_over_are_documented() -> None:
    assert listed_after("such an object, Fairway moves") == set(CLIENT_SIDE_MANAGERS)
