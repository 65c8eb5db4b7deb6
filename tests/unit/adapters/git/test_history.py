"""The log as holds are derived from it: what real git says of real repositories, and silence where there is none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fairway.adapters.git.history import GitLog
from fairway.domain.upgrades.reverted import Commit, history_of, reverted
from fairway.services.upgrades.holding import NoCommits

UPGRADE = "web 1.0 → 1.1\n\nBecause it is there.\n\nFairway-Upgrade: prod/web image.tag 1.0 1.1\nSigned-off-by: x <x@y>"


class Deployments:
    """A Git repository whose `shop` folder holds release files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "shop").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, who: str = "ann") -> str:
        names = {f"GIT_{role}_{what}": who for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        env = {**os.environ, **names, **quiet}
        return subprocess.run(
            ["git", *words], cwd=self.folder, env=env, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str, who: str = "ann", **files: str) -> str:
        for name, text in files.items():
            (self.folder / "shop" / f"{name}.yaml").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, who=who)
        return self.git("rev-parse", "HEAD")

    async def log(self, limit: int = 100) -> list[Commit]:
        return list(await GitLog(self.folder / "shop", os.environ).recent(limit))


@pytest.fixture
def deployments(tmp_path: Path) -> Deployments:
    return Deployments(tmp_path / "repository")


async def test_commits_come_newest_first_with_their_trailers_and_what_they_took_away(deployments: Deployments) -> None:
    deployments.commit("start", web="tag: 1.0\n")
    upgrade = deployments.commit(UPGRADE, "fairway", web="tag: 1.1\n")
    back = deployments.commit("Back: it leaks", "bob", web="tag: 1.0\n")
    newest, second, _ = await deployments.log()
    assert (newest.id, newest.author, newest.subject) == (back, "bob", "Back: it leaks")
    assert newest.removed == (("shop/web.yaml", "tag: 1.1"),)
    assert (second.id, second.trailers[0]) == (upgrade, ("Fairway-Upgrade", "prod/web image.tag 1.0 1.1"))
    assert second.at is not None
    (hold,) = reverted(history_of([newest, second]), ("prod", "web", "image.tag"), "1.0")
    assert (hold.version, hold.by) == ("1.1", "bob")


async def test_a_revert_by_git_names_what_it_reverts(deployments: Deployments) -> None:
    deployments.commit("start", web="tag: 1.0\n")
    deployments.commit(UPGRADE, "fairway", web="tag: 1.1\n")
    deployments.git("revert", "--no-edit", "HEAD")
    newest, second, _ = await deployments.log()
    assert newest.reverts(second)
    assert newest.trailers == ()


async def test_commits_of_a_merged_branch_are_there(deployments: Deployments) -> None:
    deployments.commit("start", web="tag: 1.0\n", other="a: 1\n")
    deployments.git("checkout", "-q", "-b", "upgrades")
    deployments.commit(UPGRADE, "fairway", web="tag: 1.1\n")
    deployments.git("checkout", "-q", "main")
    deployments.commit("meanwhile", other="a: 2\n")
    deployments.git("merge", "-q", "--no-ff", "-m", "Merge", "upgrades")
    assert {commit.subject for commit in await deployments.log()} >= {"start", "web 1.0 → 1.1", "meanwhile"}


async def test_odd_texts_do_not_break_the_reading(deployments: Deployments) -> None:
    odd = "tag: '--- a/x'\n@@ -1,9 +1 @@\n-- tag: 1.0\nend\n"
    deployments.commit(UPGRADE, "fairway", **{"wéb x": odd})
    deployments.commit("empty \x1f fields: @@", "grün", **{"wéb x": "end\n"})
    newest, _ = await deployments.log()
    assert newest.author == "grün"
    assert newest.removed == tuple(("shop/wéb x.yaml", line) for line in odd.splitlines()[:-1])


async def test_no_more_than_the_limit_is_read(deployments: Deployments) -> None:
    for number in range(5):
        deployments.commit(f"n{number}", web=f"tag: {number}\n")
    assert [commit.subject for commit in await deployments.log(2)] == ["n4", "n3"]


async def test_a_shallow_clone_has_the_commits_that_it_has(deployments: Deployments, tmp_path: Path) -> None:
    for number in range(3):
        deployments.commit(f"n{number}", web=f"tag: {number}\n")
    clone = tmp_path / "clone"
    deployments.git("clone", "-q", "--depth=1", f"file://{deployments.folder}", str(clone))
    found = await GitLog(clone / "shop", os.environ).recent(10)
    assert [commit.subject for commit in found] == ["n2"]


async def test_a_clone_without_old_contents_fetches_none_and_still_has_the_trailers(
    deployments: Deployments, tmp_path: Path
) -> None:
    deployments.commit("start", web="tag: 1.0\n")
    deployments.commit(UPGRADE, "fairway", web="tag: 1.1\n")
    deployments.commit("Back", "bob", web="tag: 1.0 # again\n")
    deployments.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    deployments.git("clone", "-q", "--filter=blob:none", f"file://{deployments.folder}", str(clone))
    found = await GitLog(clone / "shop", os.environ).recent(10)
    assert [commit.subject for commit in found] == ["Back", "web 1.0 → 1.1", "start"]
    assert all(commit.removed == () for commit in found)
    assert history_of(found).moves.keys() == {("prod", "web", "image.tag")}


@pytest.mark.parametrize("where", ["no repository", "no folder", "no commit"])
async def test_where_there_is_no_log_there_is_silence(where: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    if where != "no folder":
        folder.mkdir()
    if where == "no commit":
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    assert list(await GitLog(folder, env).recent(10)) == list(await NoCommits().recent(10)) == []
