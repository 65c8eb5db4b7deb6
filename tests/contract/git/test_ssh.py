"""A remote behind an SSH server on loopback, and the machine's own ssh to reach it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contract.git.conftest import ENV
from tests.support.git_remotes import Remote, SshKey, ssh_key
from tests.support.ssh_server import git_over_ssh

from fairway.adapters.git.login import Login
from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.working_copy import GitWorkingCopy
from fairway.domain.errors import Transient, UserError
from fairway.domain.writing.pushing import Pushed

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is missing: install openssh-client")


@dataclass(frozen=True)
class SshRemote:
    url: str
    known_hosts: Path
    key: SshKey


@pytest.fixture
def server(remote: Remote, tmp_path: Path) -> Iterator[SshRemote]:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish("Begin")
    folder = tmp_path / "ssh"
    folder.mkdir()
    host, key = ssh_key(folder, "host"), ssh_key(folder, "client")
    authorized = folder / "authorized"
    authorized.write_text(f"{key.public}\n")
    with git_over_ssh(host.private, authorized, dict(ENV)) as port:
        known = folder / "known hosts"
        known.write_text(f"[127.0.0.1]:{port} {' '.join(host.public.split()[:2])}\n")
        yield SshRemote(f"ssh://git@127.0.0.1:{port}{remote.bare}", known, key)


def copy_of(url: str, folder: Path, login: Login) -> GitWorkingCopy:
    return GitWorkingCopy(parse_remote(url, "main", login), folder, ENV, ("Fairway", "fairway@shop.example"))


async def test_a_commit_is_pushed_with_a_key_of_its_own(remote: Remote, server: SshRemote, tmp_path: Path) -> None:
    copy = copy_of(server.url, tmp_path / "copy", Login(ssh_key=server.key.text, known_hosts=server.known_hosts))
    async with copy.opened():
        head = await copy.newest()
        top = await copy.start(head.commit)
        (top / "a.yaml").write_text("tag: 2\n")
        commit = await copy.commit(head.commit, "Upgrade web\n", [top / "a.yaml"])
        assert (await copy.push(commit)).result is Pushed.DONE
    assert remote.show("a.yaml") == "tag: 2"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file())
    assert b"PRIVATE KEY" not in kept


async def test_a_key_that_the_server_does_not_know_is_refused(server: SshRemote, tmp_path: Path) -> None:
    other = ssh_key(tmp_path, "other")
    copy = copy_of(server.url, tmp_path / "copy", Login(ssh_key=other.text, known_hosts=server.known_hosts))
    async with copy.opened():
        with pytest.raises(UserError, match="access was refused"):
            await copy.newest()


async def test_a_server_whose_key_is_not_known_is_not_trusted(server: SshRemote, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    copy = copy_of(server.url, tmp_path / "copy", Login(ssh_key=server.key.text, known_hosts=tmp_path / "empty"))
    async with copy.opened():
        with pytest.raises(UserError, match="the server's SSH key is not known") as caught:
            await copy.newest()
    assert "knownHosts" in (caught.value.fix or "")


async def test_a_server_that_is_not_there_is_a_passing_problem(server: SshRemote, tmp_path: Path) -> None:
    login = Login(ssh_key=server.key.text, known_hosts=server.known_hosts)
    copy = copy_of("ssh://git@127.0.0.1:1/deploy.git", tmp_path / "copy", login)
    async with copy.opened():
        with pytest.raises(Transient):
            await copy.newest()
