"""What the writer may expect of its working copy, against real servers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.contract.git.conftest import ENV
from tests.support.git_remotes import QUIET, Remote, over_http, run_git, ssh_key

from fairway.adapters.git.login import Login
from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.signing import Signing
from fairway.adapters.git.working_copy import GitWorkingCopy
from fairway.domain.errors import UserError
from fairway.domain.writing.pushing import Pushed

AUTHOR = ("Fairway", "fairway@shop.example")
OWN = "fairway/upgrades/"


def copy_of(remote: Remote, folder: Path, **more: object) -> GitWorkingCopy:
    return GitWorkingCopy(parse_remote(remote.url), folder, ENV, AUTHOR, **more)  # type: ignore[arg-type]


@pytest.fixture
def copy(remote: Remote, tmp_path: Path) -> GitWorkingCopy:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish("Begin")
    return copy_of(remote, tmp_path / "copy")


async def committed(copy: GitWorkingCopy, name: str, text: str | bytes, message: str = "Upgrade web\n") -> str:
    """A commit on the newest base that writes one file."""
    head = await copy.newest()
    top = await copy.start(head.commit)
    (top / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return await copy.commit(head.commit, message, [top / name])


async def test_a_commit_is_made_of_the_edited_files_and_pushed(remote: Remote, copy: GitWorkingCopy) -> None:
    async with copy.opened():
        commit = await committed(copy, "a.yaml", "tag: 2\n", "Upgrade web\n\nFairway-Upgrade: prod/web tag 1 2\n")
        answer = await copy.push(commit)
    assert answer.result is Pushed.DONE
    assert remote.git("rev-parse", "main") == commit
    assert remote.show("a.yaml") == "tag: 2"
    shown = remote.git("log", "-1", "--format=%an <%ae> %cn|%s|%(trailers)", "main")
    assert shown.split("|") == [
        "Fairway <fairway@shop.example> Fairway",
        "Upgrade web",
        "Fairway-Upgrade: prod/web tag 1 2",
    ]
    assert remote.git("rev-list", "--count", "main") == "2"


async def test_nothing_edited_is_no_commit(copy: GitWorkingCopy) -> None:
    async with copy.opened():
        assert await committed(copy, "a.yaml", "tag: 1\n") == ""


async def test_new_files_are_committed_also_when_they_are_ignored(remote: Remote, copy: GitWorkingCopy) -> None:
    remote.write(".gitignore", "*.lock.yaml\n")
    remote.publish()
    async with copy.opened():
        commit = await committed(copy, "fairway.lock.yaml", "x: 1\n")
        await copy.push(commit)
    assert remote.show("fairway.lock.yaml") == "x: 1"


async def test_no_other_byte_changes_whatever_the_attributes_wish(remote: Remote, copy: GitWorkingCopy) -> None:
    mixed = b"\xef\xbb\xbfa: 1\r\nb: 2\nc: 3\r\n"
    remote.write("dos.yaml", mixed)
    remote.publish()
    remote.write(".gitattributes", "*.yaml text eol=crlf\n")
    run_git(remote.work, "add", ".gitattributes")
    run_git(remote.work, "commit", "-qm", "attributes")
    run_git(remote.work, "push", "-q", "origin", "HEAD:main")
    async with copy.opened():
        commit = await committed(copy, "dos.yaml", mixed.replace(b"a: 1", b"a: 9"))
        await copy.push(commit)
    raw = subprocess.run(["git", "cat-file", "blob", "main:dos.yaml"], cwd=remote.bare, capture_output=True, check=True)
    assert raw.stdout == mixed.replace(b"a: 1", b"a: 9")
    assert remote.git("diff", "--name-only", "main~1", "main") == "dos.yaml"


async def test_a_file_edited_through_a_link_is_the_file(remote: Remote, copy: GitWorkingCopy) -> None:
    (remote.work / "link.yaml").symlink_to("a.yaml")
    remote.publish()
    async with copy.opened():
        await copy.push(await committed(copy, "link.yaml", "tag: 2\n"))
    assert remote.show("a.yaml") == "tag: 2"


async def test_whoever_is_slower_is_told_and_overwrites_nothing(remote: Remote, copy: GitWorkingCopy) -> None:
    async with copy.opened():
        commit = await committed(copy, "a.yaml", "tag: 2\n")
        remote.write("b.yaml", "anna\n")
        theirs = remote.publish("Anna was faster")
        answer = await copy.push(commit)
        assert answer.result is Pushed.BEHIND
        assert remote.git("rev-parse", "main") == theirs
        await copy.push(await committed(copy, "a.yaml", "tag: 2\n"))
    assert remote.git("log", "--format=%s", "main").splitlines() == ["Upgrade web", "Anna was faster", "Begin"]


async def test_a_commit_that_was_not_pushed_is_forgotten(remote: Remote, copy: GitWorkingCopy, tmp_path: Path) -> None:
    async with copy.opened():
        await committed(copy, "a.yaml", "tag: 2\n")
    (copy._clone.work / ".git" / "index.lock").write_text("")
    async with (again := copy_of(remote, tmp_path / "copy")).opened():
        await again.push(await committed(again, "a.yaml", "tag: 3\n"))
    assert remote.git("rev-list", "--count", "main") == "2"
    assert remote.show("a.yaml") == "tag: 3"


@pytest.mark.parametrize("name", ["index", "HEAD", "config"])
async def test_a_clone_that_broke_is_made_anew_on_the_way(name: str, remote: Remote, copy: GitWorkingCopy) -> None:
    async with copy.opened():
        await committed(copy, "a.yaml", "tag: 2\n")
        head = await copy.newest()
        (copy._clone.work / ".git" / name).write_bytes(b"nonsense")
        top = await copy.start(head.commit)
        (top / "a.yaml").write_text("tag: 3\n")
        await copy.push(await copy.commit(head.commit, "Upgrade web\n", [top / "a.yaml"]))
    assert remote.show("a.yaml") == "tag: 3"


async def test_a_broken_clone_inside_of_a_repository_harms_nobody(remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish()
    home = tmp_path / "home"
    home.mkdir()
    run_git(home, "init", "-q")
    (home / "notes.txt").write_text("not committed")
    copy = copy_of(remote, home / "cache")
    async with copy.opened():
        head = await copy.newest()
        (copy._clone.work / ".git" / "HEAD").unlink()
        await copy.start(head.commit)
    assert (home / "notes.txt").read_text() == "not committed"
    assert sorted(path.name for path in home.iterdir()) == [".git", "cache", "notes.txt"]


async def test_a_hook_that_says_no_is_quoted(remote: Remote, copy: GitWorkingCopy) -> None:
    remote.hook("pre-receive", "echo 'password=hunter2 the moon is full' >&2; exit 1")
    async with copy.opened():
        answer = await copy.push(await committed(copy, "a.yaml", "tag: 2\n"))
    assert answer.result is Pushed.DECLINED
    assert "the moon is full" in answer.said
    assert "hunter2" not in answer.said


@pytest.mark.parametrize(
    "words",
    [
        "error: GH006: Protected branch update failed for refs/heads/main.",
        "GitLab: You are not allowed to push code to protected branches on this project.",
        "Gitea: Not allowed to push to protected branch main",
        "error: GH013: Repository rule violations found for refs/heads/main.",
        "Branch refs/heads/main can only be modified through pull requests. Permission denied to update branch main.",
    ],
)
async def test_a_protected_branch_is_said_with_the_way_out(words: str, remote: Remote, copy: GitWorkingCopy) -> None:
    remote.hook("pre-receive", f"echo '{words}' >&2; exit 1")
    async with copy.opened():
        commit = await committed(copy, "a.yaml", "tag: 2\n")
        with pytest.raises(UserError, match=r"the branch main of .* is protected") as caught:
            await copy.push(commit)
    assert "pullRequest" in (caught.value.fix or "")


async def test_own_branches_are_made_replaced_and_deleted(remote: Remote, copy: GitWorkingCopy) -> None:
    remote.publish("by a person", branch="feature")
    async with copy.opened():
        first = await committed(copy, "a.yaml", "tag: 2\n", "One\n")
        assert (await copy.replace_own(f"{OWN}prod", first, "")).result is Pushed.DONE
        found = await copy.own_branches(OWN)
        assert list(found) == [f"{OWN}prod"]
        branch = found[f"{OWN}prod"]
        assert (branch.commit, branch.message, branch.intact) == (first, "One", True)
        second = await committed(copy, "a.yaml", "tag: 3\n", "Two\n")
        assert await copy.edits("refs/fairway/base", second) != branch.edits
        assert (await copy.replace_own(f"{OWN}prod", second, first)).result is Pushed.DONE
        assert (await copy.own_branches(OWN))[f"{OWN}prod"].commit == second
        assert (await copy.delete_own(f"{OWN}prod", second)).result is Pushed.DONE
        assert await copy.own_branches(OWN) == {}
    assert remote.show("a.yaml") == "tag: 1"


async def test_an_own_branch_that_moved_meanwhile_is_not_replaced(remote: Remote, copy: GitWorkingCopy) -> None:
    async with copy.opened():
        first = await committed(copy, "a.yaml", "tag: 2\n")
        await copy.replace_own(f"{OWN}prod", first, "")
        other = await committed(copy, "a.yaml", "tag: 3\n")
        assert (await copy.replace_own(f"{OWN}prod", other, "")).result is Pushed.BEHIND
        assert (await copy.replace_own(f"{OWN}prod", other, remote.commits[0])).result is Pushed.BEHIND
        assert (await copy.delete_own(f"{OWN}prod", other)).result is Pushed.BEHIND
    assert remote.git("rev-parse", f"{OWN}prod") == first


async def test_a_branch_that_a_person_pushed_to_is_no_longer_intact(remote: Remote, copy: GitWorkingCopy) -> None:
    async with copy.opened():
        await copy.replace_own(f"{OWN}prod", await committed(copy, "a.yaml", "tag: 2\n"), "")
        run_git(remote.work, "fetch", "-q", "origin")
        run_git(remote.work, "checkout", "-q", f"origin/{OWN}prod")
        remote.write("b.yaml", "anna\n")
        remote.publish("by Anna", branch=f"{OWN}prod")
        assert not (await copy.own_branches(OWN))[f"{OWN}prod"].intact


async def test_a_branch_into_which_the_forge_merged_the_base_is_intact(remote: Remote, copy: GitWorkingCopy) -> None:
    async with copy.opened():
        ours = await committed(copy, "a.yaml", "tag: 2\n", "Ours\n")
        await copy.replace_own(f"{OWN}prod", ours, "")
        remote.write("b.yaml", "anna\n")
        remote.publish("on main")
        run_git(remote.work, "fetch", "-q", "origin")
        run_git(remote.work, "checkout", "-q", f"origin/{OWN}prod")
        run_git(remote.work, "merge", "-q", "--no-ff", "-m", "Update branch", "origin/main")
        run_git(remote.work, "push", "-q", "origin", f"HEAD:{OWN}prod")
        await copy.newest()
        found = (await copy.own_branches(OWN))[f"{OWN}prod"]
    assert (found.intact, found.message) == (True, "Ours")
    assert found.commit != ours


async def test_a_push_over_http_needs_the_login_and_hides_it(remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish()
    remote.git("config", "http.receivepack", "true")
    with over_http(remote.folder, lambda user, password: (user, password) == ("bot", "hunter2")) as server:
        url = f"{server.url}/deploy.git"
        copy = GitWorkingCopy(
            parse_remote(url, "main", Login.with_password("bot", "hunter2")), tmp_path / "copy", ENV, AUTHOR
        )
        async with copy.opened():
            answer = await copy.push(await committed(copy, "a.yaml", "tag: 2\n"))
    assert answer.result is Pushed.DONE
    assert remote.show("a.yaml") == "tag: 2"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file())
    assert b"hunter2" not in kept


async def test_a_login_that_may_only_read_is_told(remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish()
    with over_http(remote.folder, lambda user, password: True) as server:  # anonymous: http.receivepack is off
        copy = GitWorkingCopy(parse_remote(f"{server.url}/deploy.git", "main"), tmp_path / "copy", ENV, AUTHOR)
        async with copy.opened():
            commit = await committed(copy, "a.yaml", "tag: 2\n")
            with pytest.raises(UserError, match="access was refused"):
                await copy.push(commit)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing: install openssh-client")
async def test_commits_signed_with_an_ssh_key_show_a_good_signature(remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish()
    key = ssh_key(tmp_path)
    copy = copy_of(remote, tmp_path / "copy", signing=Signing("ssh", lambda: key.text, ENV))
    async with copy.opened():
        await copy.push(await committed(copy, "a.yaml", "tag: 2\n"))
    allowed = key.allowed(tmp_path, AUTHOR[1])
    shown = remote.git("-c", f"gpg.ssh.allowedSignersFile={allowed}", "log", "-1", "--format=%G? %GS", "main")
    assert shown == f"G {AUTHOR[1]}"


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is missing: install gnupg")
async def test_commits_signed_with_gpg_show_a_good_signature(remote: Remote, tmp_path: Path) -> None:
    import tempfile

    remote.write("a.yaml", "tag: 1\n")
    remote.publish()
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as home:
        env = {**os.environ, **QUIET, "GNUPGHOME": home}
        make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", AUTHOR[1], "ed25519", "sign"]
        subprocess.run(make, env=env, check=True, capture_output=True)
        private = subprocess.check_output(["gpg", "--batch", "--armor", "--export-secret-keys"], env=env, text=True)
        copy = copy_of(remote, tmp_path / "copy", signing=Signing("gpg", lambda: private, ENV))
        async with copy.opened():
            await copy.push(await committed(copy, "a.yaml", "tag: 2\n"))
        command = ["git", "log", "--show-signature", "-1", "main"]
        shown = subprocess.run(command, cwd=remote.bare, env=env, capture_output=True, text=True, check=True)
        subprocess.run(["gpgconf", "--kill", "all"], env=env, check=False, capture_output=True)
    assert f'Good signature from "{AUTHOR[1]}"' in shown.stdout


@pytest.mark.parametrize("kind", ["ssh", "gpg"])
async def test_a_key_that_is_none_is_said_without_its_text(kind: str, remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish()
    copy = copy_of(remote, tmp_path / "copy", signing=Signing(kind, lambda: "hunter2", ENV))  # type: ignore[arg-type]
    async with copy.opened():
        with pytest.raises(UserError, match=r"cannot be signed|holds no OpenPGP") as caught:
            await committed(copy, "a.yaml", "tag: 2\n")
    assert "hunter2" not in f"{caught.value}{caught.value.fix}"
