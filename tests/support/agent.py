"""The agent as a process of its own, and the repository in Git that it follows."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.support.cli import PROGRAM, Shop

PATIENCE = 60.0


@dataclass
class GitShop(Shop):
    """A deployments repository whose `main` is pushed to a bare repository."""

    @classmethod
    def create(cls, base: Path, kubeconfig: Path, namespaces: list[str]) -> GitShop:
        shop = cls(base / "shop", kubeconfig, namespaces)
        shop.folder.mkdir()
        run = {"check": True, "capture_output": True}
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(shop.remote)], **run)  # type: ignore[call-overload]
        subprocess.run(["git", "init", "-q", "-b", "main", str(shop.folder)], **run)  # type: ignore[call-overload]
        shop.configure()
        return shop

    @property
    def remote(self) -> Path:
        return self.folder.parent / "remote.git"

    def configure(self, **sections: Any) -> None:
        """fairway.yaml; the agent asks Git every second."""
        agent = {"every": "1s", "watch": False, **sections.pop("agent", {})}
        server = {"listen": "127.0.0.1:0", **sections.pop("server", {})}
        git = {"url": str(self.remote), "branch": "main", **sections.pop("git", {})}
        self.put("fairway.yaml", yaml.safe_dump({"git": git, "agent": agent, "server": server, **sections}))

    def push(self, subject: str, *words: str) -> str:
        """Commit everything and push; the commit's id. `words` are further options of git commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, *words)
        self.git("push", "-q", str(self.remote), "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=qa", "-c", "user.email=qa@shop.example"]
        done = subprocess.run(["git", *identity, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@dataclass
class AgentProcess:
    """A running `fairway agent`; its log is in a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls, shop: Shop, log: Path, arguments: Sequence[str] = (), env: dict[str, str] | None = None
    ) -> AgentProcess:
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "agent", *arguments],
                cwd=shop.folder,
                env=shop.environment(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        return cls(process, log)

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def until(self, *words: str, after: int = 0) -> str:
        """Wait until all the words are in its log; what came after the first `after` characters."""
        return self.until_true(lambda: all(word in self.text[after:] for word in words), f"no {words}")[after:]

    def until_true(self, so: Callable[[], bool], otherwise: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while not so():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}\n{self.text}"
            assert time.monotonic() < deadline, f"{otherwise}\n{self.text}"
            time.sleep(0.05)
        return self.text

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
