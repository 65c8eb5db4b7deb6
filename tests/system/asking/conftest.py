"""A job in an empty folder, and a GitHub on loopback that it can reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.forges.github_deployments import DeploymentsServer
from tests.support.forges.serving import serving
from tests.support.pipeline import Job


@pytest.fixture
def github() -> Iterator[DeploymentsServer]:
    with serving(DeploymentsServer()) as server:
        assert isinstance(server, DeploymentsServer)
        yield server


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.fixture
def at_github(job: Job, github: DeploymentsServer) -> Job:
    """It has a token for the GitHub on loopback."""
    job.env |= {"GITHUB_API_URL": github.api, "GITHUB_SERVER_URL": github.url, "GITHUB_TOKEN": github.token}
    return job
