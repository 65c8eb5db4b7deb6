"""The whole way of a GitHub deployment, with nothing in memory: processes, PostgreSQL, Kafka, a control plane.

One house for all tests of a file: each test asks in a book of its own, breaks something, and looks at the end whether
what GitHub was told is true.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.support.clusters import Cluster
from tests.support.dispatch import Book, Client, Wanted
from tests.support.dispatch_cluster import Watched, marks, permit, watching
from tests.support.dispatch_processes import Daemon, House, housed, until
from tests.support.dispatch_truth import Said, Seen, open_ones, problems
from tests.support.forges.github_deployments import DeploymentsServer, Kept
from tests.support.forges.serving import serving
from tests.support.kafka import Broker, kafka_broker
from tests.support.postgresql import Server, database, postgresql

from fairway.services.queue.options import QueueOptions
from fairway.services.queue.ports import Message, Topic
from fairway.settings import Settings, load_settings
from fairway.wiring.queue import open_queue

REPOSITORY = "shop/web"
TEAMS = ("shop", "cart")
CLUSTERS = ("east", "west", "north")
Letter = tuple[Topic, str, bytes]
"""Topic, key and body of a message as it travels."""
FLAGS = ("--deadline=20m", "--github-timeout=3s")
"""What is asked for in these tests is never late, however slow the machine is; who was killed is soon replaced."""


@dataclass
class Company:
    """Two hookds over one database, a deployd for each of three clusters, and a GitHub."""

    house: House
    cluster: Cluster
    github: DeploymentsServer
    hookds: list[Daemon]
    deployds: dict[str, Daemon]
    namespace: str
    database: Server
    broker: Broker | None
    books: list[Book] = field(default_factory=list)

    def start(self) -> None:
        for daemon in (*self.hookds, *self.deployds.values()):
            daemon.start()
        for daemon in (*self.hookds, *self.deployds.values()):
            daemon.until_ready()
        # A cluster is known from its first announcement on.
        until(lambda: all(map(self._is_known, CLUSTERS)), lambda: f"a cluster is not known\n{self.house.logs()}")

    def _is_known(self, cluster: str) -> bool:
        label = uuid.uuid4().hex[:12]
        asked = Book(label, f"{label}/probe").ask(cluster, "nobody", self.namespace, "probe")
        _, text = Client(f"{self.hookds[0].url}/events").post(asked.body, asked.headers())
        return "is not registered" in text

    def book(self) -> Book:
        """An empty one."""
        first = len(self.books) * 1000 + 1000
        made = Book(uuid.uuid4().hex[:12], REPOSITORY, first_id=first, on_ask=self._known_to_github)
        self.books.append(made)
        return made

    def _known_to_github(self, one: Wanted) -> None:
        self.github.deployments[one.deployment_id] = Kept(REPOSITORY, {"environment": one.cluster})

    def told(self, book: Book) -> dict[int, list[Said]]:
        ids = {one.deployment_id for one in book.wanted}
        with self.github.lock:
            kept = {key: list(one.statuses) for key, one in self.github.deployments.items() if key in ids}
        return {key: [(one["state"], one["description"]) for one in said] for key, said in kept.items() if said}

    def deliver(self, wanted: Sequence[Wanted], *, times: int = 1, threads: int = 4) -> None:
        """Each request `times` times, by several senders at once, and again until somebody answered it.

        Requests of one application go through one sender, so that their order is known.
        """
        lines: dict[tuple[str, str], list[Wanted]] = {}
        for one in wanted:
            lines.setdefault((one.cluster, one.app), []).append(one)
        shares = [list(lines.values())[n::threads] for n in range(threads)]
        senders = [threading.Thread(target=self._send, args=(share, times), daemon=True) for share in shares if share]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(180)
            assert not sender.is_alive(), self.house.logs()

    def _send(self, lines: Sequence[Sequence[Wanted]], times: int) -> None:
        clients = [Client(f"{daemon.url}/events") for daemon in self.hookds]
        for one in (one for line in lines for one in line):
            for number in range(times):
                end = time.monotonic() + 120
                while clients[(one.number + number) % len(clients)].deliver(one) in (0, 503):
                    if time.monotonic() > end:
                        return
                    time.sleep(0.1)

    @contextmanager
    def checked(self, book: Book, *, late: Callable[[], Sequence[int]] = lambda: ()) -> Iterator[Watched]:
        """What is asked for in the block is told the truth about at its end."""
        with watching(self.cluster.client, book.label) as watched:
            yield watched
            until(lambda: not self.unfinished(book), lambda: self.story(book), patience=150)
            # An older success becomes inactive after the newer one; there is no event that says that this is done.
            wrong: list[str] = []

            def is_true() -> bool:
                wrong[:] = problems(book, self.seen(book, watched), late=late())
                return not wrong

            until(is_true, lambda: "\n".join([f"seed {book.seed}", *wrong, self.house.logs()]), patience=30)
        assert not self.github.wrong

    def seen(self, book: Book, watched: Watched) -> Seen:
        return Seen(self.told(book), marks(self.cluster.client, book.label), watched.apps)

    def unfinished(self, book: Book) -> list[Wanted]:
        return open_ones(book, self.told(book))

    def story(self, book: Book) -> str:
        told = self.told(book)
        lines = [f"{one} told {told.get(one.deployment_id, [])}" for one in self.unfinished(book)]
        return "\n".join([f"seed {book.seed}: {len(lines)} have no outcome", *lines, self.house.logs()])

    def queried(self, query: str) -> Any:
        """The first value of a query to the company's database."""
        with psycopg.connect(self.house.ledger) as connection:
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None

    def messages(self) -> list[Letter]:
        """Everything that the queue holds."""
        return asyncio.run(self._messages())

    def put(self, letters: Sequence[Letter]) -> None:
        """Into the queue, past everybody who signs."""
        asyncio.run(self._put(letters))

    async def _messages(self) -> list[Letter]:
        found: list[Letter] = []
        async with open_queue(self._settings(), self._options()) as queue:
            for topic in Topic:
                async with queue.subscribe(topic, f"reader-{uuid.uuid4()}") as subscription:
                    while batch := await subscription.fetch(500, timeout=5):
                        found += [(one.topic, one.key, one.body) for one in batch]
                        if not await subscription.lag():
                            break
        return found

    async def _put(self, letters: Sequence[Letter]) -> None:
        async with open_queue(self._settings(), self._options()) as queue:
            await queue.publish([Message(topic, key, body) for topic, key, body in letters])

    def _settings(self) -> Settings:
        return load_settings(self.house.env)

    def _options(self) -> QueueOptions:
        return QueueOptions(brokers=(self.broker.address,) if self.broker else ())


@contextmanager
def company(
    folder: Path, cluster: Cluster, namespace: str, server: Server, url: str, broker: Broker | None
) -> Iterator[Company]:
    with serving(DeploymentsServer()) as github:
        house = House(
            folder,
            url,
            cluster.kubeconfig,
            cluster.context,
            brokers=broker.address if broker else "",
            github=github.api,
            token=github.token,
        )
        with housed(house):
            house.register(REPOSITORY, *TEAMS)
            hookds = [house.hookd(f"hookd-{n}", *FLAGS, clusters=["attic"]) for n in range(2)]
            deployds = {name: house.deployd(name) for name in CLUSTERS}
            made = Company(house, cluster, github, hookds, deployds, namespace, server, broker)
            made.start()
            yield made
            for daemon in house.daemons:
                assert "Traceback" not in daemon.text, daemon.text[-6000:]


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[str]:
    """A namespace for all tests of a file."""
    name = f"dispatch-{uuid.uuid4().hex[:8]}"
    cluster.client.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    permit(cluster.client, name, TEAMS)
    yield name
    cluster.client.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[Server]:
    """One that may be restarted, since nobody else uses it."""
    with postgresql(given=False) as server:
        yield server


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with kafka_broker(tmp_path_factory.mktemp("kafka") / "broker") as running:
        yield running


@pytest.fixture(scope="module")
def over_kafka(
    cluster: Cluster, place: str, own_postgresql: Server, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    with (
        database(own_postgresql.url()) as url,
        company(tmp_path_factory.mktemp("house"), cluster, place, own_postgresql, url, broker) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def over_database(
    cluster: Cluster, place: str, own_postgresql: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    with (
        database(own_postgresql.url()) as url,
        company(tmp_path_factory.mktemp("house"), cluster, place, own_postgresql, url, None) as made,
    ):
        yield made
