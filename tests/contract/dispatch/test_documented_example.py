"""What the docs show works as it stands there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.support.asking import asking_in_a_thread
from tests.support.tools import unavailable

PAGE = Path(__file__).parents[3] / "docs" / "spec" / "deployments-api.md"


def test_the_request_made_with_openssl_and_curl_is_accepted() -> None:
    for program in ("bash", "openssl", "curl"):
        if shutil.which(program) is None:
            unavailable(f"no {program} on PATH")
    _, _, after = PAGE.read_text(encoding="utf-8").partition("<!-- the example that a test runs -->\n```sh\n")
    script, _, _ = after.partition("\n```\n")
    with asking_in_a_thread() as (address, key):
        environment = {"PATH": os.environ["PATH"], "FAIRWAY": address, "TEAM_KEY": key.hex(), "NO_PROXY": "*"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["message"] == "accepted"
