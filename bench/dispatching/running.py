"""One run: requests are delivered, applied and told about; then it is verified that all of that is true."""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.support.dispatch import LABEL, Book
from tests.support.dispatch_cluster import marks
from tests.support.dispatch_processes import Daemon, House, housed, until
from tests.support.dispatch_truth import OUTCOMES, Seen, problems
from tests.support.kube import KubeClient
from tests.support.postgresql import Server

from bench.agent import cpu
from bench.dispatching.github import Github, github
from bench.dispatching.load import Answered, Event, send
from bench.dispatching.watching import Watcher, watched

CLUSTER = "bench"
REPOSITORY = "shop/web"
TEAMS = tuple(f"team-{n}" for n in range(8))
APPS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What a run is made on. `brokers` empty: the database is the queue."""

    queue: str
    folder: Path
    server: Server | None
    brokers: str
    kubeconfig: Path
    context: str
    namespace: str
    client: KubeClient = field(repr=False)
    ledger: str = ""
    deployd_kubeconfig: Path | None = None
    """Where deployd goes another way to the cluster."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`rate`: requests a second in all, 0 for as fast as it goes; `kills` of deployd on the way."""

    clients: int
    requests: int
    rate: float = 0.0
    kills: int = 0
    carried_out: bool = True
    """False: nobody takes the requests; hookd alone is measured."""


@dataclass
class Result:
    place: Place
    wanted: Wanted
    answered: Sequence[Answered]
    applied: Sequence[float] = ()
    """Seconds from the webhook until the cluster had it."""
    final: Sequence[float] = ()
    """Seconds from the webhook until GitHub was told the outcome."""
    all_told: float = 0.0
    """Seconds from the first webhook to the last outcome."""
    hookd_cpu: float = 0.0
    deployd_cpu: float = 0.0
    wrong: Sequence[str] = ()

    @property
    def rate(self) -> float:
        return len(self.answered) / (max(one.ended for one in self.answered) - min(one.began for one in self.answered))

    @property
    def took(self) -> list[float]:
        return [one.took for one in self.answered]


def quantile(values: Sequence[float], part: float) -> float:
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[round(part * 100) - 1]


def run(place: Place, wanted: Wanted) -> Result:
    with ExitStack() as stack:
        told = stack.enter_context(github())
        label = uuid.uuid4().hex[:12]
        folder = place.folder / label
        house = House(
            folder,
            place.ledger,
            place.deployd_kubeconfig or place.kubeconfig,
            place.context,
            place.brokers,
            github=told.url,
            token="t0ken",
        )
        stack.enter_context(housed(house))
        house.register(REPOSITORY, *TEAMS)
        topics = [f"--kafka-topic-{name}={name}-{label}" for name in ("request", "status", "announcement")]
        hookd = house.hookd("hookd", "--deadline=30m", *topics, clusters=[CLUSTER])
        deployd = house.deployd(CLUSTER, *topics)
        daemons = [hookd, deployd] if wanted.carried_out else [hookd]
        for daemon in daemons:
            daemon.start()
        for daemon in daemons:
            daemon.until_ready()
        watcher = stack.enter_context(watched(place.kubeconfig, label))
        book = asked(place, label, wanted.requests)
        one = Running(place, wanted, book, hookd, deployd, told, watcher)
        result = one.measured()
        place.client.delete(
            f"/api/v1/namespaces/{place.namespace}/configmaps?labelSelector={quote(f'{LABEL}={label}')}"
        )
        return result


def asked(place: Place, label: str, requests: int) -> Book:
    book = Book(label, REPOSITORY, first_id=int(time.time() * 1000))
    for n in range(requests):
        app = n % APPS
        book.ask(CLUSTER, TEAMS[app % len(TEAMS)], place.namespace, f"app-{app}")
    return book


@dataclass
class Running:
    place: Place
    wanted: Wanted
    book: Book
    hookd: Daemon
    deployd: Daemon
    github: Github
    watcher: Watcher
    lost_cpu: float = 0.0
    """Of deployds that were killed."""

    def measured(self) -> Result:
        before = self._cpu(self.hookd), self._cpu(self.deployd)
        killer = threading.Thread(target=self._kill, daemon=True)
        killer.start()
        wanted = self.wanted
        answered = send(
            f"{self.hookd.url}/events", self._shares(), every=wanted.clients / wanted.rate if wanted.rate else 0.0
        )
        for one in answered:
            self.book.wanted[one.number].answers.append((one.code, ""))
        result = Result(self.place, wanted, answered)
        if refused := [one for one in answered if one.code != 201]:
            result.wrong = [f"{len(refused)} were answered otherwise than 201, first {refused[0].code}"]
        elif wanted.carried_out:
            self._follow(result)
        killer.join()
        result.hookd_cpu = self._cpu(self.hookd) - before[0]
        result.deployd_cpu = self._cpu(self.deployd) + self.lost_cpu - before[1]
        return result

    def _shares(self) -> list[list[Event]]:
        """All requests of one application come from one client, so that their order is known."""
        shares: list[list[Event]] = [[] for _ in range(self.wanted.clients)]
        for one in self.book.wanted:
            shares[(one.number % APPS) % self.wanted.clients].append(Event(one.number, one.body, one.headers()))
        return shares

    def _follow(self, result: Result) -> None:
        patience = 120 + self.wanted.requests
        until(lambda: self._outcomes() == len(self.book.wanted), self._stuck, patience)

        def is_true() -> bool:
            said = {key: [(state, text) for state, text, _ in one] for key, one in self.github.told().items()}
            seen = Seen(said, marks(self.place.client, self.book.label), self.watcher.seen().apps)
            result.wrong = problems(self.book, seen)
            return not result.wrong

        began = time.monotonic()
        while not is_true() and time.monotonic() - began < 60:
            time.sleep(0.5)
        began_at = {one.number: one.began for one in result.answered}
        applied = self.watcher.seen().applied
        ended = self._ended()
        result.applied = [applied[n] - at for n, at in began_at.items() if n in applied]
        result.final = [ended[self.book.wanted[n].deployment_id] - at for n, at in began_at.items()]
        result.all_told = max(ended.values()) - min(began_at.values())

    def _ended(self) -> dict[int, float]:
        """When GitHub was told each outcome."""
        return {
            key: next(at for state, _, at in said if state in OUTCOMES)
            for key, said in self.github.told().items()
            if any(state in OUTCOMES for state, _, _ in said)
        }

    def _outcomes(self) -> int:
        time.sleep(0.5)
        return len(self._ended())

    def _stuck(self) -> str:
        return f"{self._outcomes()} outcomes\n{self.hookd.text[-3000:]}\n{self.deployd.text[-3000:]}"

    def _kill(self) -> None:
        """SIGKILL after equal parts of the outcomes."""
        for n in range(self.wanted.kills):
            enough = self.wanted.requests * (n + 1) // (self.wanted.kills + 1)
            until(lambda enough=enough: self._outcomes() >= enough, self._stuck, 120 + self.wanted.requests)
            self.lost_cpu += self._cpu(self.deployd)
            self.deployd.restart()

    def _cpu(self, daemon: Daemon) -> float:
        if daemon.process is None or daemon.process.poll() is not None:
            return 0.0
        return cpu(daemon.process.pid)
