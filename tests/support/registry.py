"""A real OCI registry on loopback for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.served import served

from fairway.adapters.devcluster.ports import choose

_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {storage}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_NOTIFY = """\
notifications:
  endpoints:
    - {{name: t, url: "{url}", headers: {{Authorization: ["Bearer {token}"]}}, timeout: 5s, threshold: 5, backoff: 1s}}
"""


@dataclass(frozen=True)
class OciRegistry:
    """`host` is 127.0.0.1:PORT, plain HTTP; references are oci://HOST/NAME."""

    host: str


@contextmanager
def oci_registry(program: Path, folder: Path, notify: tuple[str, str] | None = None) -> Iterator[OciRegistry]:
    """Run a registry that keeps its storage in `folder`, and tells `notify` (address, bearer token) of pushes."""
    (port,) = choose(1)
    config = folder / "config.yml"
    told = _NOTIFY.format(url=notify[0], token=notify[1]) if notify else ""
    config.write_text(_CONFIG.format(storage=folder / "storage", port=port) + told, encoding="utf-8")
    env = {"OTEL_TRACES_EXPORTER": "none"}
    with served([program, "serve", config], folder / "registry.log", env, port=port, ready="/v2/"):
        yield OciRegistry(f"127.0.0.1:{port}")
