"""A real MinIO on loopback for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.served import served

from fairway.adapters.devcluster.ports import choose

ACCESS_KEY = "accesskey"
SECRET_KEY = "secretkey-of-tests"


@dataclass(frozen=True)
class Minio:
    host: str
    """`127.0.0.1:PORT`, plain HTTP."""


@contextmanager
def minio_server(program: Path, folder: Path) -> Iterator[Minio]:
    port, console = choose(2)
    env = {
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", ""),
        "MINIO_ROOT_USER": ACCESS_KEY,
        "MINIO_ROOT_PASSWORD": SECRET_KEY,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "GOMAXPROCS": "2",
    }
    arguments = ["server", str(folder / "data"), "--address", f"127.0.0.1:{port}"]
    arguments += ["--console-address", f"127.0.0.1:{console}", "--quiet"]
    with served([program, *arguments], folder / "minio.log", env, port=port, ready="/minio/health/ready"):
        yield Minio(f"127.0.0.1:{port}")
