"""What the cluster says of a run: which marks are there, and what each application held, one after another."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.support.dispatch import LABEL
from tests.support.kube import KubeClient

DELIVERY = "nais.io/deploymentCorrelationID"


def permit(client: KubeClient, namespace: str, teams: Sequence[str], home: str = "default") -> None:
    """The teams' accounts may do in the namespace what `edit` may."""
    client.create(
        f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "teams", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
            "subjects": [
                {"kind": "ServiceAccount", "name": f"serviceuser-{team}", "namespace": home} for team in teams
            ],
        },
    )


def marks(client: KubeClient, label: str) -> dict[int, str]:
    """The delivery id on each mark of a run, by the request's number."""
    found = client.get(f"/api/v1/configmaps?labelSelector={quote(f'{LABEL}={label}')}")["items"]
    return {
        int(one["data"]["number"]): (one["metadata"].get("annotations") or {}).get(DELIVERY, "")
        for one in found
        if one["metadata"]["name"].startswith("mark-")
    }


@dataclass
class Watched:
    """`apps`: the numbers that each application held. `applied`: when each mark was there, in monotonic seconds."""

    apps: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    applied: dict[int, float] = field(default_factory=dict)

    def note(self, obj: dict[str, Any]) -> None:
        name, number = obj["metadata"]["name"], int(obj["data"]["number"])
        if name.startswith("mark-"):
            self.applied.setdefault(number, time.monotonic())
            return
        held = self.apps[obj["metadata"]["namespace"], name]
        if not held or held[-1] != number:
            held.append(number)


@contextmanager
def watching(client: KubeClient, label: str) -> Iterator[Watched]:
    """Follow all ConfigMaps of a run from now on, in a thread; every version of each is seen."""
    watched = Watched()
    path = f"/api/v1/configmaps?labelSelector={quote(f'{LABEL}={label}')}"
    follower = Follower(client, path, client.get(path)["metadata"]["resourceVersion"], watched.note)
    thread = threading.Thread(target=follower.run, daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        follower.stop()
        thread.join(10)


@dataclass
class Follower:
    """A watch that goes on where it was when it breaks off, until `stop`."""

    client: KubeClient
    path: str
    version: str
    note: Callable[[dict[str, Any]], None]
    _stopped: bool = False
    _connection: http.client.HTTPSConnection | None = None

    def run(self) -> None:
        while not self._stopped:
            self._connection = http.client.HTTPSConnection(self.client.host, context=self.client.context, timeout=60)
            try:
                self._follow(self._connection)
            except (OSError, http.client.HTTPException, ValueError):
                # Cut off, here or there; what came in pieces comes again.
                continue
            finally:
                self._connection.close()

    def stop(self) -> None:
        self._stopped = True
        if self._connection is not None and self._connection.sock is not None:
            with suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _follow(self, connection: http.client.HTTPSConnection) -> None:
        asked = f"{self.path}&watch=1&allowWatchBookmarks=true&timeoutSeconds=50&resourceVersion={self.version}"
        connection.request("GET", asked)
        answer = connection.getresponse()
        while not self._stopped and (line := answer.readline()):
            happened = json.loads(line)
            self.version = happened["object"]["metadata"]["resourceVersion"]
            if happened["type"] in ("ADDED", "MODIFIED"):
                self.note(happened["object"])
