"""Direct commits: what is collected, what is told, and what happens when somebody is faster."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.git_remotes import Remote
from tests.support.writing import NoteChange, TagChange, change, section
from tests.unit.services.writing.conftest import Desk, desk

from fairway.domain.errors import InvalidInput, Terminal, Transient, UserError
from fairway.domain.upgrades.upgrade import Level


async def test_all_changes_become_one_commit_that_explains_itself(commits: Desk) -> None:
    commits.writer.add([change("prod", "web", "1.0.1", why="newest in 1.0.x"), change("prod", "orders", "1.1.0")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert commits.log() == ["Upgrade 2 releases in prod", "Begin"]
    assert (outcome.subject, outcome.branch, outcome.attempts) == ("Upgrade 2 releases in prod", "main", 1)
    assert outcome.commit == commits.remote.git("rev-parse", "main")
    assert outcome.url == f"memory://forge/commit/{outcome.commit}"
    assert commits.remote.git("log", "-1", "--format=%b", "main") == (
        "- prod/web: shop/web 1.0.0 → 1.0.1\n"
        "  image.tag: newest in 1.0.x\n"
        "- prod/orders: shop/orders 1.0.0 → 1.1.0\n"
        "  image.tag\n"
        "\n"
        "Fairway-Upgrade: prod/web image.tag 1.0.0 1.0.1\n"
        "Fairway-Upgrade: prod/orders image.tag 1.0.0 1.1.0"
    )
    assert commits.tags("prod") == ["1.0.1", "1.1.0"]
    assert commits.tags("staging") == ["1.0.0", "1.0.0"]
    assert commits.told == [outcome]


async def test_every_other_byte_stays(commits: Desk) -> None:
    before = (commits.remote.work / "prod.yaml").read_bytes()
    commits.writer.add([change("prod", "web", "1.0.1")])
    await commits.writer.flush()
    commits.remote.pull()
    after = (commits.remote.work / "prod.yaml").read_bytes()
    assert after == before.replace(b"'1.0.0'}]   # tag of web", b"'1.0.1'}]   # tag of web")


async def test_a_later_change_of_the_same_value_takes_the_place_of_an_earlier_one(commits: Desk) -> None:
    commits.writer.add([change("prod", "web", "1.0.1")])
    commits.writer.add([change("prod", "web", "1.0.2")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert [one.upgrade.new for one in outcome.edited if one.upgrade] == ["1.0.2"]


async def test_what_is_so_already_makes_no_commit_and_no_noise(commits: Desk) -> None:
    commits.writer.add([change("prod", "web", "1.0.1", old="0.9")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert (outcome.commit, outcome.failed) == ("", ())
    assert commits.told == []
    assert commits.log() == ["Begin"]


async def test_nothing_added_is_nothing_done(commits: Desk) -> None:
    assert await commits.writer.flush() is None


async def test_a_change_that_cannot_be_made_holds_up_no_other(commits: Desk) -> None:
    commits.writer.add([change("prod", "gone", "2.0.0"), change("prod", "web", "1.0.1")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert commits.log()[0] == "Upgrade web to 1.0.1 in prod"
    (failed,) = outcome.failed
    assert failed.change.release == "gone"
    assert failed.error.message == "there is no release gone in prod.yaml"  # no folder of this machine


async def test_a_repository_with_mistakes_is_said_with_their_places(commits: Desk) -> None:
    commits.remote.write("prod.yaml", "releases: [{nmae: web}]\n")
    commits.remote.publish("Oops")
    commits.writer.add([change("prod", "web", "1.0.1")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    error = outcome.failed[0].error
    assert isinstance(error, InvalidInput)
    assert {one.position.file for one in error.diagnostics if one.position} == {"prod.yaml"}
    assert commits.told == [outcome]


class Racing(TagChange):
    """Somebody else pushes while this change is made, `times` times."""

    def __init__(self, remote: Remote, times: int) -> None:
        super().__init__(change("prod", "web", "1.0.1").upgrade)
        self.remote, self.times = remote, times

    async def make(self, repository):  # type: ignore[no-untyped-def]
        if self.times:
            self.times -= 1
            self.remote.pull()
            line = (self.remote.work / "staging.yaml").read_bytes()
            self.remote.write("staging.yaml", line + b"# Anna was here\r\n")
            self.remote.publish(f"Anna {self.times}")
        return await super().make(repository)


async def test_a_lost_race_is_repeated_at_once_on_the_new_head(commits: Desk) -> None:
    racing = Racing(commits.remote, 1)
    commits.writer.add([racing])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert (outcome.attempts, racing.made, commits.pauses) == (2, 2, [])
    assert commits.log() == ["Upgrade web to 1.0.1 in prod", "Anna 0", "Begin"]


async def test_races_that_are_lost_again_and_again_are_given_up_loudly(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(), most=3)
    found.writer.add([Racing(remote, 99)])
    outcome = await found.writer.flush()
    assert outcome is not None
    assert outcome.commit == ""
    assert isinstance(outcome.failed[0].error, Transient)
    assert "others pushed to main 3 times" in outcome.failed[0].error.message
    assert found.told == [outcome]
    assert found.log()[0].startswith("Anna")


async def test_a_server_that_refuses_five_times_gets_the_commit_in_the_end(commits: Desk) -> None:
    count = commits.remote.folder / "count"
    commits.remote.hook("pre-receive", f'echo x >> {count}; test "$(wc -l < {count})" -gt 5 || exit 1')
    commits.writer.add([change("prod", "web", "1.0.1")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert outcome.attempts == 6
    assert commits.log() == ["Upgrade web to 1.0.1 in prod", "Begin"]
    assert commits.pauses == sorted(commits.pauses)
    assert len(commits.pauses) == 5


async def test_a_server_that_never_wants_it_is_given_up_with_its_words(remote: Remote, tmp_path: Path) -> None:
    remote.hook("pre-receive", "echo 'no deployments in December' >&2; exit 1")
    found = desk(remote, tmp_path / "copy", section(), most=3)
    found.writer.add([change("prod", "web", "1.0.1")])
    outcome = await found.writer.flush()
    assert outcome is not None
    error = outcome.failed[0].error
    assert isinstance(error, Terminal)
    assert error.message == "the server refused the push to main 3 times: no deployments in December"


async def test_a_protected_branch_is_not_tried_again(commits: Desk) -> None:
    commits.remote.hook("pre-receive", "echo 'error: GH006: Protected branch update failed' >&2; exit 1")
    commits.writer.add([change("prod", "web", "1.0.1")])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert isinstance(outcome.failed[0].error, UserError)
    assert "pullRequest" in (outcome.failed[0].error.fix or "")
    assert commits.pauses == []


async def test_a_remote_that_is_away_is_tried_again_and_then_told(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(), most=2)
    found.writer.add([change("prod", "web", "1.0.1")])
    await found.writer.flush()
    away = remote.bare.rename(remote.folder / "away")
    found.writer.add([change("prod", "orders", "1.0.1")])
    outcome = await found.writer.flush()
    assert outcome is not None
    assert outcome.failed
    away.rename(remote.bare)
    found.writer.add([change("prod", "orders", "1.0.1")])
    assert (await found.writer.flush()).commit  # type: ignore[union-attr]


async def test_two_writers_at_once_both_get_their_changes_in(remote: Remote, tmp_path: Path) -> None:
    one = desk(remote, tmp_path / "one", section())
    two = desk(remote, tmp_path / "two", section())
    for number in range(1, 4):
        one.writer.add([change("prod", "web", f"1.0.{number}", f"1.0.{number - 1}")])
        two.writer.add([change("prod", "orders", f"1.0.{number}", f"1.0.{number - 1}")])
        done = await asyncio.gather(one.writer.flush(), two.writer.flush())
        assert all(outcome is not None and outcome.commit for outcome in done)
    assert one.tags("prod") == ["1.0.3", "1.0.3"]
    assert len(one.log()) == 7


class Shifting(TagChange):
    """Moves every line of the file down, which makes the places that others know stale."""

    async def make(self, repository):  # type: ignore[no-untyped-def]
        path = Path(repository.root) / "prod.yaml"
        path.write_bytes(b"# moved\r\n" + path.read_bytes())
        return await super().make(repository)


class Placed(TagChange):
    """Needs to find its release where it is declared."""

    async def make(self, repository):  # type: ignore[no-untyped-def]
        release = repository.environment("prod").release(self.release)
        lines = (Path(repository.root) / "prod.yaml").read_bytes().splitlines()
        assert f"name: {self.release} ".encode() in lines[release.position.line - 1]
        return await super().make(repository)


async def test_changes_that_follow_an_edit_see_the_files_as_they_are_then(commits: Desk) -> None:
    commits.writer.add(
        [Shifting(change("prod", "web", "1.0.1").upgrade), Placed(change("prod", "orders", "1.0.1").upgrade)]
    )
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert outcome.failed == ()
    assert commits.tags("prod") == ["1.0.1", "1.0.1"]


async def test_a_revert_is_written_as_the_upgrade_was(remote: Remote, tmp_path: Path) -> None:
    class Revert(NoteChange):
        level = Level.PATCH

    rules = [{"level": "patch", "write": "commit"}, {"write": "nothing"}]
    found = desk(remote, tmp_path / "copy", section(rules=rules))
    assert found.writer.way_of(Revert("prod", "x")) == "commit"
    assert found.writer.way_of(NoteChange("prod", "x")) == "nothing"


async def test_a_hold_is_written_in_its_own_words(commits: Desk) -> None:
    commits.writer.add([NoteChange("prod", "web 1.0.1 leaks")])
    await commits.writer.flush()
    assert commits.log()[0] == "Note web 1.0.1 leaks"
    assert commits.remote.git("log", "-1", "--format=%(trailers:key=Fairway-Hold,valueonly)", "main").strip() == (
        "prod/web * 1.0.1"
    )


async def test_running_collects_what_comes_within_a_window_into_one_commit(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(timedelta(milliseconds=200)))
    written = asyncio.Event()
    found.writer.on_written = lambda outcome: (found.told.append(outcome), written.set())  # type: ignore[assignment]
    running = asyncio.ensure_future(found.writer.run())
    for release, new in (("web", "1.0.1"), ("orders", "1.0.2")):
        found.writer.add([change("prod", release, new)])
        await asyncio.sleep(0.01)
    await asyncio.wait_for(written.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert found.log() == ["Upgrade 2 releases in prod", "Begin"]


async def test_a_stream_that_does_not_end_is_written_all_the_same(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(timedelta(milliseconds=50)))
    running = asyncio.ensure_future(found.writer.run())
    for number in range(2000):
        found.writer.add([change("prod", "web", f"1.0.{number}")])
        await asyncio.sleep(0.01)
        if found.told:
            break
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert found.told


async def test_what_was_added_is_written_before_a_cancelled_run_ends(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(timedelta(hours=1)))
    running = asyncio.ensure_future(found.writer.run())
    found.writer.add([change("prod", "web", "1.0.1")])
    await asyncio.sleep(0.05)
    assert found.log() == ["Begin"]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert found.log()[0] == "Upgrade web to 1.0.1 in prod"


class Slow(TagChange):
    """Lets others act while it is made."""

    def __init__(self, begun: asyncio.Event) -> None:
        super().__init__(change("prod", "web", "1.0.1").upgrade)
        self.begun = begun

    async def make(self, repository):  # type: ignore[no-untyped-def]
        self.begun.set()
        await asyncio.sleep(0.2)
        return await super().make(repository)


async def test_a_round_that_has_begun_is_brought_to_its_end(commits: Desk) -> None:
    begun = asyncio.Event()
    running = asyncio.ensure_future(commits.writer.run())
    commits.writer.add([Slow(begun)])
    await asyncio.wait_for(begun.wait(), 20)
    commits.writer.add([change("prod", "orders", "1.0.1")])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert commits.log() == ["Upgrade orders to 1.0.1 in prod", "Upgrade web to 1.0.1 in prod", "Begin"]


async def test_a_flush_waits_for_the_round_that_is_under_way(commits: Desk) -> None:
    commits.writer.add([change("prod", "web", "1.0.1")])
    first, second = await asyncio.gather(commits.writer.flush(), commits.writer.flush())
    assert first is not None
    assert first == second
    assert len(commits.log()) == 2


async def test_rules_keep_what_nobody_wants_written_out_of_git(remote: Remote, tmp_path: Path) -> None:
    rules = [
        {"environments": ["prod"], "level": "patch", "write": "commit"},
        {"environments": ["prod"], "write": "nothing"},
    ]
    found = desk(remote, tmp_path / "copy", section(rules=rules))
    found.writer.add([change("prod", "web", "1.0.1"), change("prod", "orders", "2.0.0")])
    await found.writer.flush()
    assert found.tags("prod") == ["1.0.1", "1.0.0"]


async def test_a_template_makes_the_subject(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(message="{environment}: {release} {old} -> {new} ({image})"))
    found.writer.add([change("prod", "web", "1.0.1")])
    await found.writer.flush()
    assert found.log()[0] == "prod: web 1.0.0 -> 1.0.1 (shop/web)"


class Crashing(TagChange):
    async def make(self, repository):  # type: ignore[no-untyped-def]
        raise RuntimeError("a mistake of ours")


async def test_a_mistake_of_ours_is_told_and_ends_nothing(commits: Desk) -> None:
    commits.writer.add([Crashing(change("prod", "web", "1.0.1").upgrade)])
    outcome = await commits.writer.flush()
    assert outcome is not None
    assert isinstance(outcome.failed[0].error, Terminal)
    commits.writer.add([change("prod", "web", "1.0.1")])
    assert (await commits.writer.flush()).commit  # type: ignore[union-attr]
