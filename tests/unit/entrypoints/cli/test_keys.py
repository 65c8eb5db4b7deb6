"""`fairway keys` on a database of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.cli import Done

from fairway.entrypoints.cli.main import run

Call = Callable[..., Done]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("FAIRWAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FAIRWAY_LEDGER_URL", f"sqlite:///{tmp_path / 'l.db'}")

    def called(*arguments: str) -> Done:
        code = run(["keys", *arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return called


def test_a_key_is_made_replaced_and_ended(call: Call) -> None:
    first = call("rotate", "Shop")
    assert re.fullmatch(r"[0-9a-f]{64}\n", first.out)
    assert first.err == ""
    second = call("rotate", "shop", "--keep-old", "1h30m")
    assert second.out != first.out
    assert second.err == "the former keys of shop stay good for 1h30m\n"
    (listed,) = call("list", "-o", "json").json
    assert (listed["team"], listed["keys"], listed["oldUntil"] > listed["newestAt"]) == ("shop", 2, True)
    assert call("revoke", "SHOP", "--yes").out == "the keys of shop are good no longer: 2 ended\n"
    assert call("list").out == "no team has a key; fairway keys rotate TEAM makes one\n"


def test_a_key_that_got_lost_ends_at_once(call: Call) -> None:
    call("rotate", "shop")
    assert call("rotate", "shop", "--keep-old", "0s").err == "the former keys of shop are good no longer\n"
    assert call("list", "-o", "json").json[0]["keys"] == 1


def test_a_list_shows_no_key(call: Call) -> None:
    made = call("rotate", "shop", "-o", "json").json["key"]
    for form in ("table", "json", "yaml"):
        assert made not in call("list", "-o", form).out
    assert call("list").out.splitlines()[0].split() == ["TEAM", "KEYS", "NEWEST", "FORMER", "ONES", "UNTIL"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["revoke", "shop", "--yes"], "team shop has no key"),
        (["rotate", " "], "no team is named"),
        (["rotate", "Shop team"], "'Shop team' is no slug of a team"),
        (["rotate", "a\nb"], "can't be a team"),
        (["rotate", "shop", "--keep-old", "soon"], "no length of time"),
        (["rotate", "shop", "--keep-old", "100d"], "100 days are too long; at most 90d"),
        (["rotate", "shop", "--secret-key-file", "/nowhere"], "there is no file of secret keys at /nowhere"),
    ],
)
def test_what_is_wrong_is_said_once(call: Call, arguments: list[str], says: str) -> None:
    done = call(*arguments)
    assert (done.code, says in done.err, done.out) == (2, True, "")


def test_without_a_ledger_there_is_nowhere_to_keep_them(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_LEDGER_URL", "none")
    assert "FAIRWAY_LEDGER_URL is none" in call("rotate", "shop").err


def test_another_server_key_can_list_and_revoke_but_not_rotate_in_silence(call: Call, tmp_path: Path) -> None:
    call("rotate", "shop")
    (tmp_path / "other").write_text("ab" * 32)
    other = ("--secret-key-file", str(tmp_path / "other"))
    assert call("list", "-o", "json", *other).json[0]["team"] == "shop"
    assert "cannot be opened with the server's key" in call("rotate", "shop", *other).err
    assert call("revoke", "shop", "--yes", *other).code == 0
