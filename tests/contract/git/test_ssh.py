"""A remote behind a real SSH server on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contract.git.conftest import ENV
from tests.support.git_remotes import Remote, SshKey, ssh_key

from fairway.adapters.devcluster.ports import choose
from fairway.adapters.git.login import Login
from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.working_copy import GitWorkingCopy
from fairway.domain.errors import Transient, UserError
from fairway.domain.writing.pushing import Pushed

SSHD = os.environ.get("FAIRWAY_TEST_SSHD") or shutil.which("sshd", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(SSHD is None, reason="sshd is missing: install openssh-server")

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv GIT_CONFIG_GLOBAL=/dev/null
"""


@dataclass(frozen=True)
class SshRemote:
    url: str
    known_hosts: Path
    key: SshKey


@pytest.fixture
def server(remote: Remote, tmp_path: Path) -> Iterator[SshRemote]:
    remote.write("a.yaml", "tag: 1\n")
    remote.publish("Begin")
    folder = tmp_path / "sshd"
    folder.mkdir()
    host, key = ssh_key(folder, "host"), ssh_key(folder, "client")
    (folder / "authorized").write_text(f"{key.public}\n")
    (port,) = choose(1)
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    known = folder / "known hosts"
    known.write_text(f"[127.0.0.1]:{port} {' '.join(host.public.split()[:2])}\n")
    assert SSHD is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stdout=log, stderr=log)
        try:
            _wait(port, process, folder / "log")
            user = subprocess.check_output(["id", "-un"], text=True).strip()
            yield SshRemote(f"ssh://{user}@127.0.0.1:{port}{remote.bare}", known, key)
        finally:
            process.terminate()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.skip(f"sshd does not run here: {log.read_text().strip()[:200]}")


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
