"""A server program of others for as long as a test wants it."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str], *, port: int, ready: str, seconds: float = 60
) -> Iterator[None]:
    """The block begins when `GET ready` on the loopback port is answered with 200, and ends with the program gone."""
    with log.open("wb") as told:
        process = subprocess.Popen(list(command), stdout=told, stderr=told, env=dict(env))
        try:
            _wait(port, ready, process, log, seconds)
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(port: int, ready: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", ready)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} did not start: {log.read_text(errors='replace')[-400:]}")
