"""Pull requests: which branch, rebuilt from what, closed when, and never over somebody else's work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.support.git_remotes import Remote, run_git
from tests.support.writing import NoteChange, TagChange, change, section
from tests.unit.services.writing.conftest import Desk, desk

from fairway.adapters.forges.memory import MemoryForge
from fairway.domain.errors import Refused, Transient, UserError
from fairway.domain.repository.models import Repository
from fairway.services.forges.ports import Proposed, PullRequest
from fairway.services.writing.changes import Edited

PROD = "fairway/upgrades/prod"


async def flushed(found: Desk, *changes: object) -> None:
    found.writer.add(changes)  # type: ignore[arg-type]
    await found.writer.flush_all()


async def open_requests(found: Desk) -> dict[str, str]:
    return {one.branch: one.title for one in await found.forge.open_requests("")}


async def test_each_branch_of_the_template_is_a_request_and_the_base_stays(requests: Desk) -> None:
    requests.writer.add(
        [change("prod", "web", "1.0.1"), change("staging", "web", "1.0.1"), change("prod", "orders", "1.1.0")]
    )
    outcomes = await requests.writer.flush_all()
    assert await open_requests(requests) == {
        PROD: "Upgrade 2 releases in prod",
        "fairway/upgrades/staging": "Upgrade web to 1.0.1 in staging",
    }
    assert requests.log() == ["Begin"]
    assert requests.tags("prod", PROD) == ["1.0.1", "1.1.0"]
    assert requests.log(PROD) == ["Upgrade 2 releases in prod", "Begin"]
    assert [(one.pull_request, one.branch, one.url) for one in outcomes] == [
        (1, PROD, "memory://forge/pulls/1"),
        (2, "fairway/upgrades/staging", "memory://forge/pulls/2"),
    ]
    body = next(one.body for one in await requests.forge.open_requests(PROD))
    assert "| prod | orders | shop/orders | `1.0.0` → `1.1.0` |" in body


async def test_an_open_request_is_updated_and_keeps_what_it_had(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1", why="newest in 1.x", source="https://git.example/web"))
    first = requests.remote.git("rev-parse", PROD)
    await flushed(requests, change("prod", "orders", "1.1.0"))
    assert await open_requests(requests) == {PROD: "Upgrade 2 releases in prod"}
    assert requests.tags("prod", PROD) == ["1.0.1", "1.1.0"]
    assert requests.remote.git("rev-list", "--count", f"main..{PROD}") == "1"
    assert requests.remote.git("rev-parse", PROD) != first
    (request,) = await requests.forge.open_requests(PROD)
    assert "newest in 1.x" in request.body
    assert "[shop/web](https://git.example/web)" in request.body


async def test_a_newer_version_takes_the_place_of_the_proposed_one(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"))
    await flushed(requests, change("prod", "web", "1.0.2"))
    (request,) = await requests.forge.open_requests(PROD)
    assert request.title == "Upgrade web to 1.0.2 in prod"
    assert "1.0.1" not in request.body
    assert requests.tags("prod", PROD) == ["1.0.2", "1.0.0"]


async def test_the_same_again_pushes_nothing_and_tells_nobody(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"))
    first = requests.remote.git("rev-parse", PROD)
    requests.remote.write("README.md", "elsewhere\n")
    requests.remote.publish("Elsewhere")
    requests.writer.add([change("prod", "web", "1.0.1")])
    (outcome,) = await requests.writer.flush_all()
    assert outcome.unchanged
    assert outcome.pull_request == 1
    assert requests.remote.git("rev-parse", PROD) == first
    assert len(requests.told) == 1


async def test_a_base_that_changed_the_same_file_is_built_upon(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"))
    text = (requests.remote.work / "prod.yaml").read_bytes()
    requests.remote.write("prod.yaml", b"# checked by Anna\r\n" + text)
    anna = requests.remote.publish("Check")
    await flushed(requests, change("prod", "web", "1.0.1"))
    assert requests.remote.git("rev-parse", f"{PROD}~1") == anna
    assert requests.remote.show("prod.yaml", PROD).startswith("# checked by Anna")


async def test_a_request_is_closed_when_the_base_has_all_of_it(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"))
    text = (requests.remote.work / "prod.yaml").read_bytes()
    requests.remote.write("prod.yaml", text.replace(b"'1.0.0'}]   # tag of web", b"'1.0.1'}]   # tag of web"))
    requests.remote.publish("By hand")
    requests.writer.add([change("staging", "web", "1.0.1")])
    outcomes = await requests.writer.flush_all()
    assert await open_requests(requests) == {"fairway/upgrades/staging": "Upgrade web to 1.0.1 in staging"}
    assert requests.forge.bodies(1) == [
        "Nothing is left to do here: the changes are in the base branch, or are no longer wanted."
    ]
    assert [one.closed for one in outcomes] == [(1,), ()]


async def test_what_is_no_longer_wanted_is_taken_out(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"), change("prod", "orders", "1.1.0"))
    requests.writer.settle(["prod/web image.tag"])
    await requests.writer.flush_all()
    assert await open_requests(requests) == {PROD: "Upgrade orders to 1.1.0 in prod"}
    requests.writer.settle(["prod/orders image.tag"])
    await requests.writer.flush_all()
    assert await open_requests(requests) == {}


async def test_a_branch_that_a_person_pushed_to_is_left_alone(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"))
    run_git(requests.remote.work, "fetch", "-q", "origin")
    run_git(requests.remote.work, "checkout", "-q", f"origin/{PROD}")
    requests.remote.write("fix.txt", "by Anna\n")
    anna = requests.remote.publish("Fix", branch=PROD)
    requests.writer.add([change("prod", "web", "1.0.2")])
    (outcome,) = await requests.writer.flush_all()
    assert isinstance(outcome.failed[0].error, Refused)
    assert requests.remote.git("rev-parse", PROD) == anna


async def test_two_writers_that_propose_at_once_both_get_in(requests: Desk, remote: Remote, tmp_path: Path) -> None:
    other = desk(remote, tmp_path / "other", requests.writer.section, known=requests.forge)
    await asyncio.gather(
        flushed(requests, change("prod", "web", "1.0.1")), flushed(other, change("prod", "orders", "1.1.0"))
    )
    assert requests.tags("prod", PROD) == ["1.0.1", "1.1.0"]
    assert len(await open_requests(requests)) == 1


async def test_requests_of_people_below_the_prefix_are_theirs(requests: Desk) -> None:
    requests.remote.publish("Anna's own", branch="fairway/upgrades/annas")
    await requests.forge.propose(Proposed("fairway/upgrades/annas", "main", "Mine", "hands off"))
    requests.writer.add([change("prod", "web", "1.0.1")])
    outcomes = await requests.writer.flush_all()
    assert [one.branch for one in outcomes] == [PROD]
    assert (await open_requests(requests))["fairway/upgrades/annas"] == "Mine"


async def test_labels_reviewers_title_and_merging_are_as_configured(remote: Remote, tmp_path: Path) -> None:
    look = {
        "branch": "bot/{release}",
        "title": "{release}: {new}",
        "body": "Look at {environment} first.",
        "labels": ["upgrade"],
        "reviewers": ["anna"],
        "autoMerge": "patch",
    }
    found = desk(remote, tmp_path / "copy", section(write="pullRequest", pullRequests=look))
    await flushed(found, change("prod", "web", "1.0.1"), change("prod", "orders", "2.0.0"))
    web, orders = await found.forge.open_requests("bot/")
    assert (web.title, web.branch, web.labels, web.auto_merge) == ("web: 1.0.1", "bot/web", ("upgrade",), True)
    assert orders.auto_merge is False
    assert web.body.startswith("Look at prod first.")
    assert found.forge.reviewers(1) == ["anna"]


async def test_one_rule_commits_and_another_proposes(remote: Remote, tmp_path: Path) -> None:
    rules = [{"environments": ["staging"], "write": "commit"}, {"level": "patch", "write": "commit"}]
    found = desk(remote, tmp_path / "copy", section(write="pullRequest", rules=rules))
    found.writer.add(
        [change("prod", "web", "1.0.1"), change("prod", "orders", "2.0.0"), change("staging", "orders", "2.0.0")]
    )
    direct, request = await found.writer.flush_all()
    assert (direct.branch, request.branch) == ("main", PROD)
    assert found.tags("prod") == ["1.0.1", "1.0.0"]
    assert found.tags("prod", PROD) == ["1.0.1", "2.0.0"]
    assert found.tags("staging") == ["1.0.0", "2.0.0"]


async def test_without_a_forge_a_request_cannot_be_made(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(write="pullRequest"), forge=False)
    found.writer.add([change("prod", "web", "1.0.1")])
    outcome = await found.writer.flush()
    assert outcome is not None
    assert "git.forge" in (outcome.failed[0].error.fix or "")


async def test_a_template_that_begins_as_the_base_does_is_refused(remote: Remote, tmp_path: Path) -> None:
    for branch in ("{environment}", "main"):
        found = desk(remote, tmp_path / "copy", section(write="pullRequest", pullRequests={"branch": branch}))
        found.writer.add([change("prod", "web", "1.0.1")])
        outcome = await found.writer.flush()
        assert outcome is not None
        assert isinstance(outcome.failed[0].error, UserError)
    assert requests_of(remote) == ["main"]


def requests_of(remote: Remote) -> list[str]:
    return remote.git("for-each-ref", "--format=%(refname:short)", "refs/heads/").splitlines()


async def test_a_merged_request_is_followed_by_a_new_one(requests: Desk) -> None:
    await flushed(requests, change("prod", "web", "1.0.1"))
    requests.remote.git("update-ref", "refs/heads/main", PROD)
    requests.remote.git("update-ref", "-d", f"refs/heads/{PROD}")
    await requests.forge.close(1, "merged")
    await flushed(requests, change("prod", "web", "1.0.2", "1.0.1"))
    assert requests.log(PROD) == ["Upgrade web to 1.0.2 in prod", "Upgrade web to 1.0.1 in prod", "Begin"]


async def test_nothing_leaves_a_request_because_something_outside_was_away(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(write="pullRequest"), most=2)
    await flushed(found, change("prod", "web", "1.0.1"))
    away = desk(remote, tmp_path / "copy", section(write="pullRequest"), most=2, known=found.forge, remake=Away)
    away.writer.add([change("prod", "orders", "1.1.0")])
    (outcome,) = await away.writer.flush_all()
    assert isinstance(outcome.failed[0].error, Transient)
    assert found.tags("prod", PROD) == ["1.0.1", "1.0.0"]


class Away(TagChange):
    async def make(self, repository: Repository) -> Edited | None:
        raise Transient("the chart repository does not answer")


async def test_a_hold_is_a_request_of_its_own_that_later_rounds_leave_alone(requests: Desk) -> None:
    await flushed(requests, NoteChange("prod", "web 1.0.1 leaks"), change("prod", "web", "1.0.2"))
    beside = f"{PROD}-also-prod-note.txt"
    assert await open_requests(requests) == {beside: "Note web 1.0.1 leaks", PROD: "Upgrade web to 1.0.2 in prod"}
    first = requests.remote.git("rev-parse", beside)
    requests.remote.write("README.md", "elsewhere\n")
    requests.remote.publish("Elsewhere")
    requests.writer.add([change("prod", "orders", "1.1.0")])
    outcomes = await requests.writer.flush_all()
    assert [one.branch for one in outcomes] == [PROD]
    assert requests.remote.git("rev-parse", beside) == first
    assert len(await open_requests(requests)) == 2


async def test_a_hold_that_the_base_has_is_no_longer_requested(requests: Desk) -> None:
    await flushed(requests, NoteChange("prod", "web 1.0.1 leaks"))
    requests.remote.write("note.txt", "web 1.0.1 leaks")
    requests.remote.publish("By hand")
    requests.writer.settle(["prod/web image.tag"])
    await requests.writer.flush_all()
    assert await open_requests(requests) == {}


async def test_a_template_without_names_is_one_branch(remote: Remote, tmp_path: Path) -> None:
    found = desk(remote, tmp_path / "copy", section(write="pullRequest", pullRequests={"branch": "bot/upgrades"}))
    remote.publish("Anna's", branch="bot/upgrades-of-anna")
    await found.forge.propose(Proposed("bot/upgrades-of-anna", "main", "Mine", ""))
    await flushed(found, change("prod", "web", "1.0.1"), change("staging", "web", "1.0.1"), NoteChange("prod", "x"))
    assert sorted(await open_requests(found)) == [
        "bot/upgrades",
        "bot/upgrades-also-prod-note.txt",
        "bot/upgrades-of-anna",
    ]
    assert found.tags("staging", "bot/upgrades")[0] == "1.0.1"


async def test_an_earlier_yes_to_merging_is_taken_back_before_more_is_pushed(remote: Remote, tmp_path: Path) -> None:
    pushed: list[list[str]] = []

    class Watching(MemoryForge):
        async def stop_merging(self, number: int) -> None:
            pushed.append(found.tags("prod", PROD))
            await super().stop_merging(number)

    look = section(write="pullRequest", pullRequests={"autoMerge": "patch"})
    found = desk(remote, tmp_path / "copy", look, known=Watching())
    await flushed(found, change("prod", "web", "1.0.1"))
    assert found.forge.merges(1)
    await flushed(found, change("prod", "orders", "2.0.0"))
    assert pushed == [["1.0.1", "1.0.0"]]
    assert found.tags("prod", PROD) == ["1.0.1", "2.0.0"]
    assert not found.forge.merges(1)


async def test_what_the_forge_declines_is_told_and_the_request_stands(remote: Remote, tmp_path: Path) -> None:
    class Declining(MemoryForge):
        async def propose(self, proposed: Proposed) -> PullRequest:
            return replace(await super().propose(proposed), notes=("nobody could not be asked for a review",))

    found = desk(remote, tmp_path / "copy", section(write="pullRequest"), known=Declining())
    await flushed(found, change("prod", "web", "1.0.1"))
    (outcome,) = found.told
    assert (outcome.pull_request, outcome.notes) == (1, ("nobody could not be asked for a review",))
