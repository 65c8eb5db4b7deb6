"""Where the agent gets the deployments repository from, and which of several agents acts.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.domain.errors import FairwayError, UserError
from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.adapters.git.signatures import Signers
    from fairway.adapters.git.source import GitSource
    from fairway.services.agent.checkouts import Checkouts
    from fairway.services.agent.ports import Leadership, Source
    from fairway.services.configuring import Configured

POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
LEASE = "fairway-agent"


@dataclass(frozen=True, slots=True)
class Followed:
    """The deployments repository for readers."""

    source: Source
    checkouts: Checkouts
    environments_file: str
    """Relative to the repository's top folder."""
    name: str
    """The remote's address without credentials, or the folder."""
    id: str
    """As `notes.SOURCE` has it."""
    branch: str = ""
    is_remote: bool = False


@asynccontextmanager
async def open_followed(settings: Settings, configured: Configured, file: Path) -> AsyncIterator[Followed]:
    """The remote of fairway.yaml, else origin of the folder, else the folder itself. Raises UserError."""
    from fairway.adapters.git.facts import read_origin
    from fairway.adapters.git.folder import FolderSource
    from fairway.services.agent.checkouts import InPlace
    from fairway.services.loading import missing_repository

    file = _absolute(file)
    folder = file.parent
    if configured.configuration.git.url or await read_origin(folder):
        async with _open_remote(settings, configured, file) as followed:
            yield followed
        return
    if not file.is_file():
        raise missing_repository(file)
    source = FolderSource(folder)
    yield Followed(source, InPlace(source), file.name, str(folder), str(file))


@asynccontextmanager
async def _open_remote(settings: Settings, configured: Configured, file: Path) -> AsyncIterator[Followed]:
    from fairway.adapters.git.source import GitSource
    from fairway.domain.repository.remotes import repository_id
    from fairway.services.agent.checkouts import Copies
    from fairway.wiring.git import open_remote

    env = process_environment()
    async with open_remote(configured, file, env=env) as found:
        remote = found.remote
        place = hashlib.sha256(f"{remote.url} {remote.branch}".encode()).hexdigest()[:16]
        with own_folder(settings.data_dir / "agent" / place) as own:
            source = GitSource(remote, own / "clone", env, signers=_signers(configured, env))
            copies = Copies(source, own)
            inside = found.environments_file
            id = repository_id(remote.url, inside)
            branch = remote.branch or await _branch(source)
            yield Followed(source, copies, inside, remote.url, id, branch, is_remote=True)


async def _branch(source: GitSource) -> str:
    """The remote's default branch; empty while it does not answer, which the first look tells."""
    try:
        return await source.branch()
    except FairwayError:
        return ""


def _absolute(path: Path) -> Path:
    return path.absolute()


def in_pod() -> bool:
    return POD_NAMESPACE.is_file()


def _signers(configured: Configured, env: Mapping[str, str]) -> Signers | None:
    from fairway.adapters.git.signatures import Signers

    verify = configured.configuration.git.verify
    if verify is None:
        return None
    signers = configured.path(verify.allowed_signers) if verify.allowed_signers else None
    keys = configured.path(verify.gpg_keys) if verify.gpg_keys else None
    return Signers(env, signers, keys)


@contextmanager
def own_folder(base: Path) -> Iterator[Path]:
    """A folder that no other agent on this machine uses while the block lasts: base-0, base-1, …"""
    for number in count():
        folder = base.with_name(f"{base.name}-{number}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            fix = "give the right to write there, or set FAIRWAY_DATA_DIR"
            raise UserError(f"{folder} cannot be written: {error.strerror}", fix=fix) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
            return
        except BlockingIOError:
            continue
        finally:
            os.close(handle)


def lease_name(configured: Configured, environments: tuple[str, ...]) -> tuple[str, str] | None:
    """(namespace, name) of the Lease; None when there is nobody to share with. Raises UserError for a bad name."""
    written = configured.configuration.agent.lease
    if written is not None:
        namespace, slash, name = written.partition("/")
        if not namespace or not slash or not name:
            raise UserError(f'agent.lease is "{written}"', fix="write NAMESPACE/NAME")
        return namespace, name
    try:
        namespace = POD_NAMESPACE.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    if set(environments) <= {"*"}:
        return namespace, LEASE
    # Agents that look after other environments are no rivals.
    return namespace, f"{LEASE}-{hashlib.sha256(' '.join(sorted(environments)).encode()).hexdigest()[:8]}"


@asynccontextmanager
async def open_leadership(settings: Settings, lease: tuple[str, str] | None) -> AsyncIterator[Leadership]:
    """By a Lease of the cluster that this pod, or the usual kubeconfig, is about; without one this process leads."""
    from fairway.services.agent.leading import AlwaysLeads

    if lease is None:
        yield AlwaysLeads(f"{settings.user} on {settings.host}")
        return
    from fairway.adapters.kube import open_cluster
    from fairway.wiring.watching import lease_leadership

    async with AsyncExitStack() as stack:
        try:
            kube = await stack.enter_async_context(open_cluster(in_cluster=in_pod()))
        except UserError as error:
            message = f"the lease {'/'.join(lease)} (agent.lease) has no cluster to be in: {error.message}"
            raise UserError(message, where=error.where, fix=error.fix) from error
        yield lease_leadership(settings, kube, *lease)
