"""After a rollback Git is told about: what still declares the bad version, or the files edited back and the hold."""

from typing import Any

import pytest
from tests.support.cli import Shop, release

from fairway.domain.yaml import load

pytestmark = pytest.mark.cluster

BAD = """\
releases:
  - name: web
    chart: {dir: charts/app}
    values:
      - {key: image.tag, value: "1.1"}  # newest
"""
TRIGGER = "    triggers:\n      - image: {track: PatchLevel}\n"


def upgraded(shop: Shop) -> None:
    """Revision 1 has 1.0, revision 2 the bad 1.1."""
    shop.write([release("web", "1.0")])
    shop.run("apply", "one")
    shop.put("releases.yaml", BAD + TRIGGER)
    shop.run("apply", "one")


def holds(shop: Shop) -> Any:
    return load((shop.folder / "fairway.holds.yaml").read_text(), "")["holds"]


def test_a_rollback_says_what_git_still_declares_and_how_to_stay(shop: Shop) -> None:
    upgraded(shop)
    told = shop.run("rollback", "one", "web").err
    assert "Git still declares image.tag 1.1 (releases.yaml:5:33)." in told
    assert 'write "1.0" in releases.yaml:5:33, and commit' in told
    command = "fairway holds add one web 1.1 --reason rollback"
    assert command in told
    assert (shop.folder / "releases.yaml").read_text() == BAD + TRIGGER
    shop.run(*command.split()[1:])
    assert [(hold["release"], hold["version"], hold["reason"]) for hold in holds(shop)] == [("web", "1.1", "rollback")]


def test_a_rollback_with_revert_edits_the_version_back_and_holds_the_bad_one(shop: Shop) -> None:
    upgraded(shop)
    told = shop.run("rollback", "one", "web", "--revert").err
    assert "releases.yaml:5:33: image.tag 1.1 → 1.0" in told
    assert (shop.folder / "releases.yaml").read_text() == BAD.replace("1.1", "1.0") + TRIGGER
    (hold,) = holds(shop)
    assert (hold["environment"], hold["release"], hold["version"], hold["reason"]) == (
        "one",
        "web",
        "1.1",
        "rolled back",
    )
    assert shop.run("plan", "one", "--exit-code").code == 0


def test_a_rollback_to_what_git_declares_says_nothing(shop: Shop) -> None:
    upgraded(shop)
    shop.put("releases.yaml", BAD.replace("1.1", "1.0") + TRIGGER)
    told = shop.run("rollback", "one", "web").err
    assert "Git still declares" not in told
    assert "bring it back" not in told


def test_without_triggers_it_is_said_that_git_declares_something_else(shop: Shop) -> None:
    upgraded(shop)
    shop.put("releases.yaml", BAD)
    told = shop.run("rollback", "one", "web", "--revert").err
    assert "nothing to revert" in told
    assert "what that would be: fairway plan one -r web" in told
    assert (shop.folder / "releases.yaml").read_text() == BAD
