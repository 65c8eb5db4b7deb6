"""What a deploying process never pays for: the driver, the migrations, and the libraries behind them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"sqlalchemy", "alembic", "psycopg", "sqlite3", "pydantic", "jsonschema"}

RUN = """
import asyncio, sys
from fairway import wiring
from fairway.domain.deployments.record import Cause, Change, ChangeKind, Door
from fairway.domain.deployments.status import State
from fairway.settings import load_settings

async def main(changes):
    async with wiring.recorder(load_settings(), print) as recorder:
        run = recorder.begin(Door.CLI, "apply", Cause())
        for deployment in recorder.open(run, changes) if changes else []:
            recorder.started(deployment.id)
            recorder.finished(deployment.id, State.SUCCESS)

asyncio.run(main([Change("prod", "web", ChangeKind.INSTALL)] if sys.argv[1] == "changes" else []))
print(*sorted(name for name in sys.modules if "." not in name))
"""


@pytest.mark.parametrize(
    ("url", "what"), [("", "changes"), ("", "nothing"), ("postgresql://h:1/db", "nothing"), ("none", "changes")]
)
def test_recording_imports_no_driver(tmp_path: Path, url: str, what: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RUN, what],
        env={"FAIRWAY_DATA_DIR": str(tmp_path), "FAIRWAY_LEDGER_URL": url, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert HEAVY & set(ended.stdout.split()) == set()
