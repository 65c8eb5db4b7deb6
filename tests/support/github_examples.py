"""Payloads that GitHub really sent, as Octokit collects them; fetched once by npm into the cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any

from tests.support.tools import unavailable

from fairway.adapters.devcluster.locks import locked
from fairway.settings import load_settings

PACKAGE, VERSION = "@octokit/webhooks-examples", "7.6.1"
ARCHIVE = f"octokit-webhooks-examples-{VERSION}.tgz"


def github_examples() -> list[tuple[str, dict[str, Any]]]:
    """Event and payload, of github.com. Skips the test where npm is missing or has nowhere to fetch from."""
    folder = load_settings().cache_dir / "tools" / "github-examples"
    archive = folder / ARCHIVE
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock"):
            if not archive.exists():
                _fetch(folder)
    with tarfile.open(archive) as packed:
        listed = packed.extractfile("package/api.github.com/index.json")
        assert listed is not None
        return list(_examples(json.load(listed)))


def _fetch(folder: Any) -> None:
    npm = shutil.which("npm")
    if npm is None:
        unavailable(f"no npm on PATH to fetch {PACKAGE} with")
    with_name = [npm, "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(with_name, capture_output=True, text=True, timeout=180, cwd=folder)
    if done.returncode:
        unavailable(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-300:]}")


def _examples(listed: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in listed:
        for example in one["examples"]:
            yield one["name"], example
