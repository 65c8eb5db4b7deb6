"""hookd and deployd as processes, over one queue and one database, for tests that break what they stand on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.cli import PROGRAM
from tests.support.dispatch import SECRET

from fairway.adapters.devcluster.ports import choose

PATIENCE = 90.0
HMAC_KEY = "the-key-of-all-messages-in-tests"


def until(so: Callable[[], Any], otherwise: Callable[[], object], patience: float = PATIENCE) -> Any:
    """What `so` says as soon as it is true; AssertionError with the other's words if it never is."""
    end = time.monotonic() + patience
    while not (found := so()):
        assert time.monotonic() < end, otherwise()
        time.sleep(0.05)
    return found


@dataclass
class Daemon:
    """One process that may be killed and started again; its log goes on in one file."""

    name: str
    words: Sequence[str]
    env: Mapping[str, str]
    port: int
    folder: Path
    program: Sequence[str] = ("-c", PROGRAM)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, *self.words],
                cwd=self.folder,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}\n{self.text[-4000:]}"
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def until_ready(self) -> None:
        until(self.is_ready, lambda: f"{self.name} did not get ready: {self.why()}\n{self.text[-4000:]}")

    def why(self) -> str:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError as error:
            return str(error)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def end(self) -> int:
        """As an operator does; how it ended."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@dataclass
class House:
    """Everything of one company: daemons are made here, and ended with it."""

    folder: Path
    ledger: str
    kubeconfig: Path
    context: str
    brokers: str = ""
    github: str = ""
    """The API of a GitHub; without one nobody is told."""
    token: str = ""
    secret: str = SECRET
    daemons: list[Daemon] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return {
            "FAIRWAY_LEDGER_URL": self.ledger,
            "FAIRWAY_DATA_DIR": str(self.folder / "data"),
            "FAIRWAY_CONFIG_DIR": str(self.folder / "config"),
            "FAIRWAY_KAFKA_HMAC_KEY": HMAC_KEY,
            "FAIRWAY_KAFKA_BROKERS": self.brokers,
        }

    def hookd(self, name: str = "hookd", *words: str, clusters: Sequence[str] = (), **env: str) -> Daemon:
        (port,) = choose(1)
        github = [f"--github-api-url={self.github}"] if self.github else ["--github-enabled=false"]
        listed = [f"--clusters={','.join(clusters)}"] if clusters else []
        address = f"--listen-address=127.0.0.1:{port}"
        more = {"FAIRWAY_GITHUB_WEBHOOK_SECRET": self.secret, "FAIRWAY_GITHUB_TOKEN": self.token, **env}
        return self._made(name, ["hookd", address, *github, *listed, *words], more, port)

    def deployd(
        self,
        cluster: str,
        *words: str,
        name: str = "",
        ledger: str = "",
        program: Sequence[str] = ("-c", PROGRAM),
        **env: str,
    ) -> Daemon:
        """`ledger` is where it remembers its work, when that is not the company's database."""
        (port,) = choose(1)
        place = (f"--kubeconfig={self.kubeconfig}", f"--context={self.context}")
        address = f"--metrics-listen-addr=127.0.0.1:{port}"
        more = {**({"FAIRWAY_LEDGER_URL": ledger} if ledger else {}), **env}
        words = ("deployd", f"--cluster={cluster}", address, *place, *words)
        return self._made(name or f"deployd-{cluster}", words, more, port, program)

    def register(self, repository: str, *teams: str) -> None:
        """By the operator's command."""
        self.run("access", "set", repository, *teams)

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=self.folder,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _made(
        self,
        name: str,
        words: Sequence[str],
        env: Mapping[str, str],
        port: int,
        program: Sequence[str] = ("-c", PROGRAM),
    ) -> Daemon:
        daemon = Daemon(name, words, {**self.env, **env}, port, self.folder, program)
        self.daemons.append(daemon)
        return daemon

    def logs(self, length: int = 3000) -> str:
        return "\n".join(f"--- {one.name}\n{one.text[-length:]}" for one in self.daemons)


@contextmanager
def housed(house: House) -> Iterator[House]:
    """No process of it outlives the block."""
    house.folder.mkdir(parents=True, exist_ok=True)
    try:
        yield house
    finally:
        for daemon in house.daemons:
            with suppress(OSError):
                daemon.kill()
