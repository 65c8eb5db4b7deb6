"""Which commits are applied when signatures are asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contract.git.conftest import ENV
from tests.support.git_remotes import Remote, ssh_key

from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.signatures import Signers
from fairway.adapters.git.source import GitSource
from fairway.domain.errors import Refused, UserError

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing: install openssh-client")


def source(remote: Remote, folder: Path, signers: Signers) -> GitSource:
    return GitSource(parse_remote(remote.url), folder, ENV, signers=signers)


async def test_a_commit_signed_by_an_allowed_ssh_key_is_good(remote: Remote, tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    found = source(remote, tmp_path / "c", Signers(ENV, key.allowed(tmp_path)))
    commit = remote.publish("signed", *key.signing)
    await found.fetch()
    await found.verify(commit)


async def test_a_commit_without_a_signature_is_refused(remote: Remote, tmp_path: Path) -> None:
    found = source(remote, tmp_path / "c", Signers(ENV, ssh_key(tmp_path).allowed(tmp_path)))
    commit = remote.publish("in a hurry")
    await found.fetch()
    with pytest.raises(Refused, match=rf'{commit[:12]} by anna@example\.org \("in a hurry"\) is not signed'):
        await found.verify(commit)


async def test_another_key_is_named(remote: Remote, tmp_path: Path) -> None:
    key, other = ssh_key(tmp_path, "key"), ssh_key(tmp_path, "other")
    found = source(remote, tmp_path / "c", Signers(ENV, key.allowed(tmp_path)))
    commit = remote.publish("by somebody", *other.signing)
    await found.fetch()
    fingerprint = subprocess.check_output(["ssh-keygen", "-l", "-f", f"{other.private}.pub"], text=True).split()[1]
    with pytest.raises(Refused) as caught:
        await found.verify(commit)
    assert fingerprint in caught.value.message


async def test_a_signature_that_was_put_onto_another_commit_is_refused(remote: Remote, tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    found = source(remote, tmp_path / "c", Signers(ENV, key.allowed(tmp_path)))
    signed = remote.publish("signed", *key.signing)
    forged = remote.git("cat-file", "commit", signed).replace("\n\nsigned", "\n\nforged")
    path = tmp_path / "forged"
    path.write_text(f"{forged}\n")
    commit = remote.git("hash-object", "-t", "commit", "-w", str(path))
    remote.git("update-ref", "refs/heads/main", commit)
    await found.fetch()
    with pytest.raises(Refused, match="does not fit its contents"):
        await found.verify(commit)


async def test_keys_that_this_machines_user_trusts_do_not_count(remote: Remote, tmp_path: Path) -> None:
    key, mine = ssh_key(tmp_path, "key"), ssh_key(tmp_path, "mine")
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[gpg "ssh"]\n\tallowedSignersFile = {mine.allowed(tmp_path)}\n')
    env = {**ENV, "GIT_CONFIG_GLOBAL": str(settings)}
    found = GitSource(parse_remote(remote.url), tmp_path / "c", env, signers=Signers(env, key.allowed(tmp_path)))
    commit = remote.publish("by me", *mine.signing)
    await found.fetch()
    with pytest.raises(Refused, match="not among the keys"):
        await found.verify(commit)


async def test_missing_files_of_keys_are_said(remote: Remote, tmp_path: Path) -> None:
    found = source(remote, tmp_path / "c", Signers(ENV, tmp_path / "nowhere"))
    commit = remote.publish()
    await found.fetch()
    with pytest.raises(UserError, match="there is no"):
        await found.verify(commit)


@dataclass(frozen=True)
class GpgUser:
    home: Path
    fingerprint: str
    public: Path

    @property
    def signing(self) -> tuple[str, ...]:
        return ("-c", f"user.signingKey={self.fingerprint}", "-c", "commit.gpgSign=true", "-c", "gpg.format=openpgp")


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpgUser]:
    """Anna's own keyring."""
    if not shutil.which("gpg"):
        pytest.skip("gpg is missing: install gnupg")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as folder:
        env = {**os.environ, "GNUPGHOME": folder}
        command = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "anna@example.org", "ed25519"]
        subprocess.run(command, env=env, check=True, capture_output=True)
        listed = subprocess.check_output(["gpg", "--list-keys", "--with-colons"], env=env, text=True)
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        public = tmp_path_factory.mktemp("gpg") / "public.asc"
        public.write_bytes(subprocess.check_output(["gpg", "--armor", "--export"], env=env))
        yield GpgUser(Path(folder), fingerprint, public)
        subprocess.run(["gpgconf", "--kill", "all"], env=env, check=False, capture_output=True)


async def test_openpgp_signatures_need_their_key_too(
    remote: Remote, tmp_path: Path, gpg: GpgUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(gpg.home))
    commit = remote.publish("signed", *gpg.signing)
    known = source(remote, tmp_path / "known", Signers(ENV, gpg_keys=gpg.public))
    await known.fetch()
    await known.verify(commit)
    # The user's own keyring has the key, but it was not given.
    env = {**ENV, "GNUPGHOME": str(gpg.home)}
    allowed = ssh_key(tmp_path).allowed(tmp_path)
    unknown = GitSource(parse_remote(remote.url), tmp_path / "unknown", env, signers=Signers(env, allowed))
    await unknown.fetch()
    with pytest.raises(Refused, match=gpg.fingerprint):
        await unknown.verify(commit)
