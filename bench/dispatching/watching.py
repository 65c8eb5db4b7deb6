"""Sees in the cluster when each request was applied, from a process of its own."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.support.dispatch_cluster import Watched, watching
from tests.support.kube import KubeClient


@dataclass(frozen=True, slots=True)
class Watcher:
    _here: Connection

    def seen(self) -> Watched:
        """What was seen until now."""
        self._here.send("seen")
        found: Watched = self._here.recv()
        return found


@contextmanager
def watched(kubeconfig: Path, label: str) -> Iterator[Watcher]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_main, args=(kubeconfig, label, there), daemon=True)
    process.start()
    try:
        assert here.recv() == "ready"
        yield Watcher(here)
    finally:
        process.terminate()
        process.join()


def _main(kubeconfig: Path, label: str, there: Connection) -> None:
    lock = threading.Lock()
    with watching(KubeClient.of(kubeconfig), label) as found:
        there.send("ready")
        while there.recv():
            with lock:
                there.send(Watched({key: list(held) for key, held in list(found.apps.items())}, dict(found.applied)))
