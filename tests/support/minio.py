"""A real MinIO on loopback for tests."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    with (folder / "minio.log").open("wb") as log:
        process = subprocess.Popen([program, *arguments], stdout=log, stderr=log, env=env)
        try:
            _wait(port, process, folder / "minio.log")
            yield Minio(f"127.0.0.1:{port}")
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/minio/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"minio did not start: {log.read_text(errors='replace')[-400:]}")
