"""`python -m bench.dispatch`: deployments of GitHub, from the signed webhook to the last status.

hookd and deployd run as processes beside a real control plane, over SQLite, PostgreSQL and a real Kafka. Whoever asks,
the GitHub that is told, and who looks at the cluster are processes of their own. Each run verifies that every request
has exactly one outcome, that the cluster holds what it says, and that each application was changed in order.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.support.dispatch_cluster import permit
from tests.support.kafka import kafka_broker
from tests.support.kube import KubeClient
from tests.support.postgresql import database, postgresql

from bench.counting import counting_proxy
from bench.dispatching import report
from bench.dispatching.running import TEAMS, Place, Result, Wanted, run
from bench.plane import BenchPlane

QUEUES = ("kafka", "postgresql", "sqlite")
CLIENTS = (1, 8, 32)
KILLED_WITH = 8
"""Clients in the run in which deployd is killed twice."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch", description=__doc__)
    parser.add_argument("--queues", default=",".join(QUEUES), help=f"of {', '.join(QUEUES)}")
    parser.add_argument("--clients", default=",".join(str(n) for n in CLIENTS))
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second where latency is measured")
    parser.add_argument("--only", default="accept,carry,pace,count", help="which parts")
    parser.add_argument("--quick", action="store_true", help="200 requests, over PostgreSQL, from 8 clients")
    parser.add_argument("--kubeconfig", type=Path, help="an existing control plane instead of one of our own")
    parser.add_argument("--context", default="")
    options = parser.parse_args()
    if options.quick:
        options.queues, options.clients, options.requests = "postgresql", "8", 200
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="fairway-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user where this one is root
    try:
        with BenchPlane.open(options.kubeconfig, options.context) as plane:
            results = list(measured(folder, plane, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + report.tables(results))
    if any(result.wrong for result in results):
        raise SystemExit(1)


def measured(folder: Path, plane: BenchPlane, options: argparse.Namespace) -> Iterator[Result]:
    parts = options.only.split(",")
    clients = [int(text) for text in options.clients.split(",")]
    for queue in options.queues.split(","):
        with placed(folder / queue, queue, plane) as place:
            for wanted in wishes(parts, clients, options):
                with fresh(place) as here:
                    yield told(run(here, wanted))
            if "count" in parts:
                asyncio.run(counted(place, plane))


def wishes(parts: list[str], clients: list[int], options: argparse.Namespace) -> Iterator[Wanted]:
    if "accept" in parts:
        yield from (Wanted(n, options.requests, carried_out=False) for n in clients)
    if "carry" in parts:
        yield from (Wanted(n, options.requests, kills=2 * (n == KILLED_WITH)) for n in clients)
    if "pace" in parts:
        yield Wanted(8, min(options.requests, 600), rate=options.rate)


def told(result: Result) -> Result:
    print(report.line(result), flush=True)
    return result


@contextmanager
def placed(folder: Path, queue: str, plane: BenchPlane) -> Iterator[Place]:
    """A namespace, a database and a queue of the kind."""
    folder.mkdir(mode=0o755)
    namespace = f"bench-dispatch-{queue}-{os.getpid()}"
    client = KubeClient.of(plane.kubeconfig)
    with ExitStack() as stack:
        asyncio.run(plane.create_namespace(namespace))
        stack.callback(client.delete, f"/api/v1/namespaces/{namespace}")
        permit(client, namespace, TEAMS)
        server = None
        if queue != "sqlite":
            server = stack.enter_context(postgresql(given=False))
        brokers = stack.enter_context(kafka_broker(folder / "kafka")).address if queue == "kafka" else ""
        yield Place(queue, folder, server, brokers, plane.kubeconfig, plane.context, namespace, client)


@contextmanager
def fresh(place: Place) -> Iterator[Place]:
    """With a database of its own: what one run leaves in it is none of the next one's business."""
    if place.server is None:
        ledger = place.folder / f"ledger-{len(list(place.folder.glob('ledger-*.db')))}.db"
        yield replace(place, ledger=f"sqlite:///{ledger}")
        return
    with database(place.server.url()) as url:
        yield replace(place, ledger=url)


async def counted(place: Place, plane: BenchPlane) -> None:
    """What one deployment asks of the API server, in a small run of its own."""
    requests = 60
    async with counting_proxy(plane.kubeconfig, plane.context, place.folder) as (through, counts):
        wanted = Wanted(8, requests, rate=20.0)
        with fresh(place) as here:
            result = await asyncio.to_thread(run, replace(here, deployd_kubeconfig=through), wanted)
    verbs = ", ".join(f"{verb} {count / requests:.1f}" for verb, count in sorted(counts.items()))
    print(
        f"{place.queue}: {sum(counts.values()) / requests:.1f} API requests for each deployment ({verbs})", flush=True
    )
    if result.wrong:
        raise SystemExit("\n".join(result.wrong[:5]))


if __name__ == "__main__":
    main()
