"""The stage: says what is shown and why, prints each command as a user would type it, and runs the real one."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from fairway.domain.errors import Terminal

LONGEST_END = 30.0
"""Seconds that a command in the background has to end."""
_TALK = "web|webhook|hookd|deployd|process|queue|access|part|portal"
_QUIET = re.compile(rf" info (?:agent\.(?:state|pass|pass_ended|listening)\b|(?:{_TALK})\.)")
ELSEWHERE = ("FAIRWAY_ENVIRONMENTS_FILE", "FAIRWAY_CLUSTER")


class StepFailed(Terminal):
    """A command of the demo ended otherwise than it should; what it said stands above."""


class Background:
    """A command that runs beside the story."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self._process = process
        self._name = name

    def read(self) -> None:
        """Show what it says of commits, upgrades and releases, and all that is no mere information, until it ends."""
        for line in self._process.stdout or ():
            if _QUIET.search(line):
                continue
            click.echo(f"   {click.style(f'{self._name} │', fg='blue')} {line.rstrip()}")

    def until(self, what: str, came: Callable[[], bool], seconds: float = 90.0) -> None:
        """Wait for something. Raises StepFailed when it does not come, or the command ended."""
        deadline = time.monotonic() + seconds
        while not came():
            if self._process.poll() is not None:
                raise StepFailed(f"fairway {self._name} ended with exit code {self._process.returncode} before {what}")
            if time.monotonic() > deadline:
                raise StepFailed(f"waited {seconds:.0f} s in vain for {what}")
            time.sleep(0.1)


class Stage:
    """`folder` is where commands run; `env` is what they find in their environment."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self._env = dict(env)
        self._began = time.monotonic()
        self._scenes = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self._began

    def scene(self, title: str, why: str = "") -> None:
        """Begin a part of the story."""
        self._scenes += 1
        heading = click.style(f"{self._scenes}  {title}", fg="cyan", bold=True)
        click.echo(f"\n{heading}")
        self.say(why)

    def say(self, text: str) -> None:
        """One remark, set apart from what commands print."""
        for line in text.splitlines():
            click.echo(click.style(f"   {line}", dim=True) if line else "")

    def fairway(self, *words: str, expect: int = 0) -> None:
        """Run `fairway` as a user would."""
        self.run(["fairway", *words], program=[sys.executable, "-m", "fairway"], expect=expect)

    def run(
        self,
        command: Sequence[str],
        *,
        program: Sequence[str] = (),
        expect: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Print `command` and run it on this terminal; `program` stands in for its first word.

        Raises StepFailed when its exit code is not `expect`.
        """
        click.echo(click.style(f"\n$ {typed(command)}", bold=True))
        sys.stdout.flush()
        argv = [*(program or command[:1]), *command[1:]]
        code = _attached(argv, self.folder, {**self._env, **(env or {})})
        if code != expect:
            wanted = "" if expect == 0 else f" instead of {expect}"
            raise StepFailed(f"`{typed(command)}` ended with exit code {code}{wanted}")

    @contextmanager
    def background(self, *words: str, env: Mapping[str, str] | None = None) -> Iterator[Background]:
        """`fairway WORDS &`: what it says comes with a bar before it; it is told to end when the block ends."""
        click.echo(click.style(f"\n$ {typed(['fairway', *words])} &", bold=True))
        process = subprocess.Popen(
            [sys.executable, "-m", "fairway", *words],
            cwd=self.folder,
            env={**self._env, **(env or {}), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = Background(process, words[0])
        reader = threading.Thread(target=running.read, daemon=True)
        reader.start()
        try:
            yield running
        finally:
            process.terminate()
            try:
                process.wait(LONGEST_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reader.join()

    def quietly(self, *command: str) -> None:
        """Run a command whose output is of no interest unless it fails."""
        done = subprocess.run(command, cwd=self.folder, env=self._env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StepFailed(f"`{typed(command)}` failed: {(done.stderr or done.stdout).strip()}")


def undisturbed(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead the shown commands to another Git repository, file or cluster.

    Git itself sets such variables for hooks and `rebase --exec`; `git commit` would then go to the caller's repository.
    """
    return {key: value for key, value in env.items() if not key.startswith("GIT_") and key not in ELSEWHERE}


def typed(command: Sequence[str]) -> str:
    """A command as a person types it: quotes only where a shell needs them."""
    return " ".join(word if re.fullmatch(r"[\w./:=~,-]+", word) else shlex.quote(word) for word in command)


def _attached(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> int:
    """Run to the end, also when interrupted: the child hears of Ctrl-C itself and ends in its own way."""
    interrupted = False
    with subprocess.Popen(argv, cwd=folder, env=dict(env)) as process:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return code
