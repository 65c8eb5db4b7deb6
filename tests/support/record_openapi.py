"""Record the OpenAPI schemas of a control plane: `python -m tests.support.record_openapi KUBECONFIG`.

Rewrites src/fairway/_data/openapi/; run it against a fresh `fairway cluster up` after a new version of Kubernetes.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from tests.support.kube import KubeClient

from fairway.adapters.openapi.recorded import FILE, recording

FOLDER = Path(__file__).parents[2] / "src/fairway/_data/openapi"


def documents(client: KubeClient) -> dict[str, Any]:
    """API version → OpenAPI document, of every API version that the control plane publishes."""
    found: dict[str, Any] = {}
    for path, entry in client.get("/openapi/v3")["paths"].items():
        root, _, api_version = path.partition("/")
        if root in ("api", "apis") and api_version.rpartition("/")[2].startswith("v"):
            found[api_version] = client.get(entry["serverRelativeURL"])
    return found


def main(kubeconfig: Path) -> None:
    data = recording(documents(KubeClient.of(kubeconfig)))
    (FOLDER / FILE).write_bytes(data)
    sys.stdout.write(f"{FOLDER / FILE}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
