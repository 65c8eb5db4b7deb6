"""Fairway's own chart, held to Fairway's own lint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fairway.entrypoints.cli.main import run
from fairway.wiring.bootstrapping import agent_chart


def linted(folder: Path, release: str, values: Mapping[str, Any]) -> int:
    """The exit code of a strict lint: renders it, and holds every object to the schemas of Kubernetes."""
    environment = {
        "name": "prod",
        "clusterName": "eu",
        "kubeNamespace": "fairway-system",
        "releasesFiles": ["releases.yaml"],
    }
    cluster = {"name": "eu", "provider": {"inCluster": {}}}
    declared = {"name": release, "chart": {"dir": str(agent_chart())}, "valuesFile": "values.yaml"}
    (folder / "environments.yaml").write_text(yaml.safe_dump({"clusters": [cluster], "environments": [environment]}))
    (folder / "releases.yaml").write_text(yaml.safe_dump({"releases": [declared]}))
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    return run(["lint", "-f", str(folder / "environments.yaml"), "--strict"])
