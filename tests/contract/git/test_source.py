"""A clone of a remote: branches, logins, clones that went bad, and servers that say no."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from tests.contract.git.conftest import ENV
from tests.support.git_remotes import Remote, over_http, run_git

from fairway.adapters.git.login import Login
from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.source import GitSource
from fairway.domain.errors import Terminal, Transient, UserError


def source(url: str, folder: Path, branch: str = "", login: Login | None = None, depth: int = 50) -> GitSource:
    return GitSource(parse_remote(url, branch, login), folder, ENV, depth=depth)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_the_head_tells_subject_author_and_time(remote: Remote, tmp_path: Path) -> None:
    commit = remote.publish("Web: 1.9.1 — finally")
    head = await source(remote.url, tmp_path / "c").fetch()
    assert (head.commit, head.subject, head.author) == (commit, "Web: 1.9.1 — finally", "anna@example.org")
    assert head.at is not None
    assert head.at.tzinfo is not None


async def test_a_branch_can_be_named(remote: Remote, tmp_path: Path) -> None:
    remote.publish("on main")
    commit = remote.publish("on live", branch="live")
    assert (await source(remote.url, tmp_path / "c", "live").fetch()).commit == commit


async def test_the_default_branch_is_that_of_the_remote(remote: Remote, tmp_path: Path) -> None:
    remote.publish("on main")
    remote.publish("on trunk", branch="trunk")
    remote.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    found = source(remote.url, tmp_path / "c")
    assert (await found.fetch()).subject == "on trunk"
    assert await found.branch() == "trunk"


async def test_paths_are_addresses_too(remote: Remote, tmp_path: Path) -> None:
    commit = remote.publish("state")
    assert (await source(str(remote.bare), tmp_path / "c").fetch()).commit == commit


async def test_only_the_newest_history_is_fetched_and_later_commits_are_added(remote: Remote, tmp_path: Path) -> None:
    for number in range(6):
        remote.publish(f"old {number}")
    found = source(remote.url, tmp_path / "c", depth=2)
    await found.fetch()
    count = ("rev-list", "--count", "refs/fairway/base")
    assert run_git(found.folder, *count) == "2"
    for number in range(3):
        remote.publish(f"new {number}")
    await found.fetch()
    assert run_git(found.folder, *count) == "5"
    assert await found.changed(remote.commits[4], remote.commits[8]) == frozenset()
    assert await found.changed(remote.commits[0], remote.commits[8]) is None


async def test_a_branch_that_was_rewritten_is_followed(remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "1\n")
    remote.publish("first")
    remote.write("a.yaml", "2\n")
    remote.publish("regretted")
    found = source(remote.url, tmp_path / "c")
    old = await found.fetch()
    run_git(remote.work, "reset", "-q", "--hard", "HEAD~1")
    remote.write("b.yaml", "3\n")
    run_git(remote.work, "add", "-A")
    run_git(remote.work, "commit", "-qm", "instead")
    run_git(remote.work, "push", "-q", "--force", "origin", "HEAD:main")
    new = await found.fetch()
    assert new.subject == "instead"
    assert await found.changed(old.commit, new.commit) == {"a.yaml", "b.yaml"}
    folder = await found.checkout(new.commit)
    assert (folder / "a.yaml").read_text() == "1\n"


async def test_what_somebody_left_in_the_clone_is_gone_after_a_checkout(remote: Remote, tmp_path: Path) -> None:
    remote.write(".gitignore", "*.tmp\n")
    remote.write("a.yaml", "1\n")
    commit = remote.publish()
    found = source(remote.url, tmp_path / "c")
    await found.fetch()
    folder = await found.checkout(commit)
    (folder / "a.yaml").write_text("edited\n")
    (folder / "left.tmp").write_text("left")
    (folder / "sub").mkdir()
    (folder / "sub" / "left.yaml").write_text("left")
    await found.checkout(commit)
    assert (folder / "a.yaml").read_text() == "1\n"
    assert sorted(path.name for path in folder.iterdir()) == [".git", ".gitignore", "a.yaml"]


async def test_line_ends_and_bytes_come_as_they_were_committed(remote: Remote, tmp_path: Path) -> None:
    remote.write("dos.yaml", b"a: 1\r\nb: 2\r\n")
    remote.write("bom.yaml", b"\xef\xbb\xbfa: 1\n")
    commit = remote.publish()
    (tmp_path / "gitconfig").write_text("[core]\n\tautocrlf = true\n\teol = crlf\n")
    env = {**ENV, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    found = GitSource(parse_remote(remote.url), tmp_path / "c", env)
    await found.fetch()
    folder = await found.checkout(commit)
    assert (folder / "dos.yaml").read_bytes() == b"a: 1\r\nb: 2\r\n"
    assert (folder / "bom.yaml").read_bytes() == b"\xef\xbb\xbfa: 1\n"


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../outside", ".git/config"])
async def test_a_link_out_of_the_repository_is_refused(target: str, remote: Remote, tmp_path: Path) -> None:
    (remote.work / "values.yaml").symlink_to(target)
    commit = remote.publish()
    found = source(remote.url, tmp_path / "c")
    await found.fetch()
    with pytest.raises(UserError, match=r"values\.yaml is a link that leaves the repository"):
        await found.checkout(commit)


async def test_links_inside_of_the_repository_are_kept(remote: Remote, tmp_path: Path) -> None:
    remote.write("shared.yaml", "shared\n")
    (remote.work / "values.yaml").symlink_to("shared.yaml")
    commit = remote.publish()
    found = source(remote.url, tmp_path / "c")
    await found.fetch()
    assert ((await found.checkout(commit)) / "values.yaml").read_text() == "shared\n"


async def test_hooks_and_the_settings_of_a_surrounding_git_do_not_matter(remote: Remote, tmp_path: Path) -> None:
    commit = remote.publish()
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    env = {**ENV, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "GIT_DIR": str(remote.bare), "GIT_INDEX_FILE": "x"}
    found = GitSource(parse_remote(remote.url), tmp_path / "c", env)
    await found.fetch()
    await found.checkout(commit)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda git: (git / "HEAD").write_text("nonsense\n"),
        lambda git: (git / "index").write_bytes(b"nonsense"),
        lambda git: shutil.rmtree(git / "refs"),
        lambda git: [path.write_bytes(b"") or path for path in _objects(git)],
        lambda git: (git / "config").write_text("[core\n"),
        lambda git: (git / "HEAD").unlink(),
    ],
    ids=["head", "index", "refs", "objects", "config", "no-head"],
)
async def test_a_clone_that_went_bad_is_made_anew(damage: object, remote: Remote, tmp_path: Path) -> None:
    remote.write("a.yaml", "1\n")
    remote.publish("first")
    found = source(remote.url, tmp_path / "c")
    await found.checkout((await found.fetch()).commit)
    damage(found.folder / ".git")  # type: ignore[operator]
    remote.write("a.yaml", "2\n")
    remote.publish("second")
    head = await found.fetch()
    folder = await found.checkout(head.commit)
    assert head.subject == "second"
    assert (folder / "a.yaml").read_text() == "2\n"


def _objects(git: Path) -> list[Path]:
    found = [path for path in (git / "objects").rglob("*") if path.is_file()]
    for path in found:
        path.chmod(0o644)
    return found


async def test_locks_of_a_dead_git_are_cleared(remote: Remote, tmp_path: Path) -> None:
    commit = remote.publish("first")
    found = source(remote.url, tmp_path / "c")
    await found.fetch()
    for name in ("index.lock", "shallow.lock", "HEAD.lock", "refs/fairway/base.lock"):
        (found.folder / ".git" / name).write_text("")
    remote.publish("second")
    assert (await found.fetch()).subject == "second"
    await found.checkout(commit)


async def test_sources_of_several_processes_take_turns_in_one_folder(remote: Remote, tmp_path: Path) -> None:
    remote.publish("first")
    both = [source(remote.url, tmp_path / "c") for _ in range(4)]
    heads = await asyncio.gather(*(one.fetch() for one in both))
    assert {head.subject for head in heads} == {"first"}


async def test_mistakes_are_explained(remote: Remote, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no default branch|has no commit"):
        await source(remote.url, tmp_path / "empty").fetch()
    remote.publish()
    with pytest.raises(UserError, match='has no branch "nope"'):
        await source(remote.url, tmp_path / "c", "nope").fetch()
    with pytest.raises(UserError, match="there is no repository"):
        await source(f"{remote.url}-gone", tmp_path / "c").fetch()
    with pytest.raises(Transient, match="does not answer"):
        await source("http://127.0.0.1:1/deploy.git", tmp_path / "c").fetch()
    with pytest.raises(Terminal, match="has no commit"):
        await source(remote.url, tmp_path / "d").checkout("0" * 40)


@pytest.mark.parametrize("url", ["ext::sh -c x", "--upload-pack=x", "ftp://host/x", "fd::17"])
def test_other_kinds_of_addresses_are_refused(url: str) -> None:
    with pytest.raises(UserError, match="is not an address of a repository"):
        parse_remote(url)


@pytest.mark.parametrize("branch", ["--force", "a b", "a..b", "x:y", "refs\nx"])
def test_words_that_are_no_branches_are_refused(branch: str) -> None:
    with pytest.raises(UserError, match="is not a branch"):
        parse_remote("https://host/x", branch)


def test_a_login_in_the_address_is_taken_out_of_it() -> None:
    found = parse_remote("https://anna:hunter2@host.example:8443/shop/deploy.git")
    assert found.url == "https://host.example:8443/shop/deploy.git"
    assert found.login is not None
    assert "hunter2" not in repr(found) + repr(found.login)


SPY = """#!{python}
import os, sys
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv) + "\\n")
os.execv({git!r}, ["git", *sys.argv[1:]])
"""


async def test_a_password_over_http_is_nowhere_to_be_seen(remote: Remote, tmp_path: Path) -> None:
    commit = remote.publish()
    spy, log = tmp_path / "bin" / "git", tmp_path / "log"
    spy.parent.mkdir()
    spy.write_text(SPY.format(python=sys.executable, log=str(log), git=shutil.which("git")))
    spy.chmod(0o755)
    env = {**ENV, "PATH": f"{spy.parent}:{ENV['PATH']}"}
    with over_http(remote.folder, lambda user, password: (user, password) == ("anna", "hunter2")) as server:
        login = Login.with_password("anna", "hunter2")
        found = GitSource(parse_remote(f"{server.url}/deploy.git", "", login), tmp_path / "c", env)
        assert (await found.fetch()).commit == commit
    assert "fetch" in log.read_text()
    assert "hunter2" not in log.read_text()
    assert b"hunter2" not in everything_in(tmp_path / "c")


async def test_nothing_new_is_one_answer_of_the_server(remote: Remote, tmp_path: Path) -> None:
    remote.publish()
    with over_http(remote.folder, lambda user, password: True) as server:
        found = source(f"{server.url}/deploy.git", tmp_path / "c", "main")
        await found.fetch()
        before = len(server.requests)
        await found.fetch()
        assert len(server.requests) - before == 2, server.requests  # capabilities, then refs


@pytest.mark.parametrize("login", [None, Login.with_password("anna", "wr0ng")])
async def test_a_refused_login_is_said_without_the_secret(login: Login | None, remote: Remote, tmp_path: Path) -> None:
    remote.publish()
    with (
        over_http(remote.folder, lambda user, password: password == "right") as server,
        pytest.raises(UserError, match="access was refused") as caught,
    ):
        await source(f"{server.url}/deploy.git", tmp_path / "c", "", login).fetch()
    assert "wr0ng" not in f"{caught.value}{caught.value.fix}"
    assert "git.credentials" in (caught.value.fix or "")


async def test_a_token_may_change_from_call_to_call(remote: Remote, tmp_path: Path) -> None:
    remote.publish()
    given: list[str] = []

    async def token() -> str:
        given.append(f"token-{len(given)}")
        return given[-1]

    with over_http(remote.folder, lambda user, password: bool(given) and password == given[-1]) as server:
        found = source(f"{server.url}/deploy.git", tmp_path / "c", "main", Login("x-access-token", token))
        await found.fetch()
        await found.fetch()
    assert len(given) == 2


async def test_the_login_is_not_told_to_another_host_that_the_server_sends_us_to(
    remote: Remote, tmp_path: Path
) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    remote.publish()
    with over_http(remote.folder, lambda user, password: password == "hunter2") as other:

        class Sends(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", f"{other.url}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        server = HTTPServer(("127.0.0.1", 0), Sends)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            login = Login.with_password("anna", "hunter2")
            with pytest.raises(UserError, match="access was refused"):
                await source(f"http://127.0.0.1:{server.server_port}/deploy.git", tmp_path / "c", "main", login).fetch()
        finally:
            server.shutdown()
            server.server_close()
        assert other.requests
        assert not any("anna" in request for request in other.requests)


SSH = """#!{python}
import json, os, stat, subprocess, sys
words = sys.argv[1:]
key = words[words.index("-i") + 1]
hosts = next(word for word in words if word.startswith("-oUserKnownHostsFile=")).partition("=")[2]
seen = {{"words": words, "mode": stat.S_IMODE(os.stat(key).st_mode)}}
seen |= {{"key": open(key).read(), "hosts": open(hosts).read()}}
json.dump(seen, open({log!r}, "w"))
sys.exit(subprocess.call(["sh", "-c", words[-1]]))
"""


async def test_an_ssh_key_is_a_private_file_only_while_git_runs(remote: Remote, tmp_path: Path) -> None:
    import json

    commit = remote.publish()
    program, log = tmp_path / "bin" / "ssh", tmp_path / "log"
    program.parent.mkdir()
    program.write_text(SSH.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    hosts = tmp_path / "hosts known"
    hosts.write_text("host.example ssh-ed25519 AAAA\n")
    env = {**ENV, "PATH": f"{program.parent}:{ENV['PATH']}"}
    login = Login(ssh_key="-----KEY-----", known_hosts=hosts)
    found = GitSource(parse_remote(f"ssh://git@host.example{remote.bare}", "main", login), tmp_path / "c", env)
    assert (await found.fetch()).commit == commit
    seen = json.loads(log.read_text())
    assert (seen["mode"], seen["key"]) == (0o600, "-----KEY-----\n")
    assert "-----KEY-----" not in " ".join(seen["words"])
    assert seen["hosts"] == "host.example ssh-ed25519 AAAA\n"
    assert "-oStrictHostKeyChecking=yes" in seen["words"]
    assert not Path(seen["words"][seen["words"].index("-i") + 1]).exists()


async def test_a_server_that_says_nothing_is_given_up_after_a_while(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/deploy.git"
        found = GitSource(parse_remote(url, "main"), tmp_path / "c", ENV, timeout=1.0)
        with pytest.raises(Transient, match="git did not end within 1 s"):
            await found.fetch()


@pytest.mark.parametrize(
    "answer",
    [b"<html>Welcome to the hotel's network</html>", b"001e# service=git-upload-pack\n0000nonsense", b""],
    ids=["a portal", "broken lines", "nothing"],
)
async def test_a_server_that_talks_nonsense_is_a_passing_problem(answer: bytes, remote: Remote, tmp_path: Path) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Nonsense(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None: ...

    remote.publish("first")
    clone = tmp_path / "c"
    before = await source(remote.url, clone, "main").fetch()
    server = HTTPServer(("127.0.0.1", 0), Nonsense)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with pytest.raises(Transient):
            await source(f"http://127.0.0.1:{server.server_port}/deploy.git", clone, "main").fetch()
    finally:
        server.shutdown()
        server.server_close()
    # What was there is untouched.
    assert run_git(clone / "work", "rev-parse", "refs/fairway/base") == before.commit
