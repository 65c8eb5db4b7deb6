"""Git remotes for tests: a bare repository that somebody pushes to, over file://, HTTP with a login, and SSH keys."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WHO = {f"GIT_{role}_{what}": "anna@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def run_git(folder: Path, *words: str, env: dict[str, str] | None = None) -> str:
    """git as Anna, without the settings of whoever runs the tests."""
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        env={**os.environ, **WHO, **QUIET, **(env or {})},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.rstrip("\n")


@dataclass
class Remote:
    """`bare` is what is served; `work` is Anna's clone of it."""

    folder: Path
    commits: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bare.mkdir(parents=True)
        run_git(self.bare, "init", "-q", "--bare")
        run_git(self.folder, "clone", "-q", str(self.bare), "work")

    @property
    def bare(self) -> Path:
        return self.folder / "deploy.git"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def write(self, name: str, text: str | bytes) -> None:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def publish(self, subject: str = "state", *words: str, branch: str = "main") -> str:
        """Commit all that lies in Anna's clone, and push it."""
        run_git(self.work, "add", "-A")
        run_git(self.work, *words, "commit", "-q", "--allow-empty", "-m", subject)
        run_git(self.work, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        self.commits.append(run_git(self.work, "rev-parse", "HEAD"))
        return self.commits[-1]

    def pull(self) -> None:
        run_git(self.work, "fetch", "-q", "origin")
        run_git(self.work, "reset", "-q", "--hard", "origin/main")

    def git(self, *words: str) -> str:
        """In the bare repository."""
        return run_git(self.bare, *words)

    def show(self, name: str, branch: str = "main") -> str:
        return self.git("show", f"{branch}:{name}")

    def hook(self, name: str, script: str) -> None:
        path = self.bare / "hooks" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@dataclass
class HttpRemote:
    url: str
    requests: list[str]
    """Method, path and user of each request."""


@contextmanager
def over_http(folder: Path, allowed: Callable[[str, str], bool]) -> Iterator[HttpRemote]:
    """`git http-backend` behind basic authentication; all repositories below `folder` are served."""
    backend = Path(subprocess.check_output(["git", "--exec-path"], text=True).strip()) / "git-http-backend"
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.body())

        def body(self) -> bytes:
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def answer(self, body: bytes) -> None:
            user, _, password = _basic(self.headers.get("authorization", ""))
            requests.append(f"{self.command} {self.path} {user}".rstrip())
            if not allowed(user, password):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            env = {
                **os.environ,
                **QUIET,
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REMOTE_USER": user,
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
                "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            }
            done = subprocess.run([backend], input=body, env=env, capture_output=True)
            head, _, data = done.stdout.partition(b"\r\n\r\n")
            lines = [line.partition(": ") for line in head.decode().splitlines()]
            status = next((int(value.split()[0]) for name, _, value in lines if name == "Status"), 200)
            self.send_response(status)
            for name, _, value in lines:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield HttpRemote(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        server.server_close()


def _basic(header: str) -> tuple[str, str, str]:
    if not header.startswith("Basic "):
        return "", "", ""
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")


@dataclass(frozen=True)
class SshKey:
    private: Path
    public: str

    @property
    def text(self) -> str:
        return self.private.read_text()

    def allowed(self, folder: Path, principal: str = "anna@example.org") -> Path:
        """A file of allowed signers with just this key."""
        path = folder / f"allowed-{self.private.name}"
        path.write_text(f"{principal} {self.public}\n")
        return path

    @property
    def signing(self) -> tuple[str, ...]:
        """What makes git sign with it."""
        return ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.private}", "-c", "commit.gpgSign=true")


def ssh_key(folder: Path, name: str = "key") -> SshKey:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    return SshKey(path, path.with_suffix(".pub").read_text().strip())
