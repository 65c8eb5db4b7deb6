"""Whatever breaks on the way, each deployment ends in one status, and it is true."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.dispatch import Book, Client, Fate, Wanted
from tests.support.dispatch_processes import until
from tests.support.forges.github_deployments import Fault
from tests.support.forges.serving import Answer
from tests.system.dispatch.conftest import CLUSTERS, TEAMS, Company, Letter

pytestmark = [pytest.mark.cluster, pytest.mark.postgresql, pytest.mark.xdist_group("dispatch")]

BROKEN = Answer(500, {"message": "Server Error"})
LIMITED = Answer(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0", "Retry-After": "1"})
SLOW_DOWN = Answer(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "1"})


over_both = pytest.mark.parametrize("queue", ["kafka", "database"])
"""Where the queue has a part in it; the others run over the database's."""


@pytest.fixture
def queue() -> str:
    return "database"


@pytest.fixture
def company(request: pytest.FixtureRequest, queue: str) -> Iterator[Company]:
    made: Company = request.getfixturevalue(f"over_{queue}")
    yield made
    for daemon in made.house.daemons:
        if daemon.process is None or daemon.process.poll() is not None:
            daemon.start()
    made.github.faults.clear()


def good(company: Company, book: Book, count: int, *, apps: int = 3) -> list[Wanted]:
    """Requests that nothing is wrong with, for all clusters and teams."""
    return [_good(company, book, book.chance, apps) for _ in range(count)]


def mixed(company: Company, book: Book, count: int) -> list[Wanted]:
    """All kinds of requests, in a random order."""
    makers = [_good, _good, _good, _good, _not_permitted, _malformed_object, _stranger, _no_such_cluster, _empty]
    return [book.chance.choice(makers)(company, book, book.chance) for _ in range(count)]


def _good(company: Company, book: Book, chance: random.Random, apps: int = 6, **more: Any) -> Wanted:
    """Each application belongs to one team: only then is there an order."""
    app = chance.randrange(apps)
    return book.ask(chance.choice(CLUSTERS), TEAMS[app % 2], company.namespace, f"app-{app}", **more)


def rolling(company: Company, book: Book, count: int) -> list[Wanted]:
    """Good ones with a workload each, whose pods take a while to become ready."""
    found = []
    for number in range(count):
        cluster, app = CLUSTERS[number % 3], f"app-{number % 2}"
        labels = {"app": f"{app}-{book.label}"}
        container = {"name": "app", "image": f"shop/web:{number}"}
        workload = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"{app}-{cluster}-{book.label}", "namespace": company.namespace, "labels": labels},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels | {"cluster": cluster}},
                "template": {
                    "metadata": {"labels": labels | {"cluster": cluster}},
                    "spec": {"containers": [container]},
                },
            },
        }
        found.append(book.ask(cluster, TEAMS[number % 2], company.namespace, app, more=(workload,)))
    return found


def _not_permitted(company: Company, book: Book, chance: random.Random) -> Wanted:
    """The third object is in a namespace where the team has no rights."""
    there = {"name": "intruder", "namespace": "kube-system"}
    more = ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": there, "data": {}},)
    return _good(company, book, chance, fate=Fate.REFUSED_THERE, more=more)


def _malformed_object(company: Company, book: Book, chance: random.Random) -> Wanted:
    """The third object has a field that its kind does not know."""
    there = {"name": "typo", "namespace": company.namespace}
    more = ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": there, "dada": {}},)
    return _good(company, book, chance, fate=Fate.REFUSED_THERE, more=more)


def _stranger(company: Company, book: Book, chance: random.Random) -> Wanted:
    return book.ask(chance.choice(CLUSTERS), "strangers", company.namespace, "app-0", fate=Fate.REFUSED_HERE)


def _no_such_cluster(company: Company, book: Book, chance: random.Random) -> Wanted:
    return book.ask("nowhere", TEAMS[0], company.namespace, "app-0", fate=Fate.REFUSED_HERE)


def _empty(company: Company, book: Book, chance: random.Random) -> Wanted:
    return _good(company, book, chance, fate=Fate.REFUSED_HERE, kubernetes={"resources": []})


def outcomes(company: Company, book: Book) -> int:
    return len([one for one in book.wanted if one.is_answered]) - len(company.unfinished(book))


@over_both
def test_all_kinds_of_requests_end_as_they_should(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        company.deliver(mixed(company, book, 24))


def test_deliveries_that_come_several_times_and_out_of_order_count_once(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        wanted = good(company, book, 9)
        company.deliver(wanted, times=2)
        again = [*wanted, *wanted]
        book.chance.shuffle(again)
        company.deliver(again)
    assert all(code in (200, 201) for one in wanted for code, _ in one.answers)
    assert all([code for code, _ in one.answers].count(201) == 1 for one in wanted)


def test_a_deployment_that_two_deliveries_are_about_is_one(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        first = book.ask(CLUSTERS[0], TEAMS[0], company.namespace, "app-0")
        company.deliver([first])
        other = Book(book.label, book.repository, wanted=[first])
        twin = other.ask(CLUSTERS[0], TEAMS[0], company.namespace, "app-0", deployment_id=first.deployment_id)
        assert Client(f"{company.hookds[1].url}/events").post(twin.body, twin.headers())[0] == 200


def test_nobody_gets_in_without_the_secret(company: Company) -> None:
    book = company.book()
    client = Client(f"{company.hookds[0].url}/events")
    with company.checked(book):
        for secret in ("", "guessed", "hush "):
            forged = book.ask(CLUSTERS[0], TEAMS[0], company.namespace, "app-0", fate=Fate.UNHEARD)
            assert client.deliver(forged, secret=secret) == 403
        changed = book.ask(CLUSTERS[0], TEAMS[0], company.namespace, "app-0", fate=Fate.UNHEARD)
        headers = changed.headers()
        changed.body = changed.body.replace(b"app-0", b"app-1")
        assert client.post(changed.body, headers)[0] == 403
        company.deliver(good(company, book, 3))


def test_a_body_of_a_hundred_megabytes_is_refused_and_harms_nobody(company: Company) -> None:
    book = company.book()
    client = Client(f"{company.hookds[0].url}/events")
    huge = book.ask(CLUSTERS[0], TEAMS[0], company.namespace, "app-0", fate=Fate.UNHEARD)
    huge.body += b" " * (100 << 20)
    with company.checked(book):
        # Whoever does not read the answer while he sends sees the connection end instead.
        assert client.deliver(huge) in (413, 0)
        chunks = (b"x" * (1 << 20) for _ in range(100))
        headers = {**huge.headers(), "Transfer-Encoding": "chunked"}
        assert client.post(chunks, headers)[0] in (413, 0)
        company.deliver(good(company, book, 3))


@over_both
def test_a_deployd_that_is_killed_again_and_again_ends_what_it_began(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        company.deliver([*good(company, book, 15), *rolling(company, book, 9)])
        for _ in range(3):
            before = outcomes(company, book)
            until(lambda before=before: outcomes(company, book) > before or not company.unfinished(book), lambda: "")
            for daemon in company.deployds.values():
                daemon.restart()


def test_a_hookd_that_is_killed_again_and_again_tells_everything_once(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        for _ in range(3):
            company.deliver(good(company, book, 6))
            for daemon in company.hookds:
                daemon.restart()
            for daemon in company.hookds:
                daemon.until_ready()


@over_both
def test_everything_is_killed_at_once(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        company.deliver(good(company, book, 20))
        daemons = [*company.hookds, *company.deployds.values()]
        for daemon in daemons:
            daemon.kill()
        for daemon in daemons:
            daemon.start()


def test_a_deployd_that_stands_still_for_a_while_contradicts_nobody(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        company.deliver(good(company, book, 6))
        for daemon in company.deployds.values():
            daemon.process.send_signal(signal.SIGSTOP)  # type: ignore[union-attr]
        company.deliver(good(company, book, 6))
        time.sleep(1)
        for daemon in company.deployds.values():
            daemon.process.send_signal(signal.SIGCONT)  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", [BROKEN, LIMITED, SLOW_DOWN, None], ids=["500", "limit", "secondary", "lost"])
def test_github_that_fails_is_told_later_and_once(company: Company, answer: Answer | None) -> None:
    book = company.book()
    with company.checked(book):
        company.github.faults.append(Fault("POST", "/statuses", answer, times=6))
        company.deliver(good(company, book, 6))


def test_a_database_that_is_started_again_loses_nothing(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        company.deliver(good(company, book, 9))
        company.database.restart()
        company.deliver(good(company, book, 9))
        company.database.halt()
        lost = good(company, book, 3)
        client = Client(f"{company.hookds[0].url}/events")
        assert all(client.deliver(one) == 503 for one in lost)
        company.database.restart()
        company.deliver(lost)


@over_both
def test_late_and_repeated_reports_change_nothing(company: Company) -> None:
    """Every message is put into the queue a second time, in any order, long after it counted."""
    book = company.book()
    with company.checked(book):
        company.deliver(mixed(company, book, 12))
    messages = company.messages()
    book.chance.shuffle(messages)
    with company.checked(book):
        company.put(messages)
        company.deliver(good(company, book, 6))


@over_both
def test_messages_of_strangers_and_broken_ones_change_nothing(company: Company) -> None:
    book = company.book()
    with company.checked(book):
        company.deliver(good(company, book, 6))
    with company.checked(book):
        company.put(spoilt(company.messages(), book.chance))
        company.deliver(good(company, book, 6))


def spoilt(messages: list[Letter], chance: random.Random) -> list[Letter]:
    """Forged, cut, foreign and misplaced messages for every topic."""
    from fairway.domain.dispatch.sealing import Seal

    topics = sorted({topic for topic, _, _ in messages})
    foreign = Seal([b"another company's key"])
    found: list[Letter] = []
    for topic, key, body in chance.sample(messages, min(30, len(messages))):
        flipped = bytearray(body)
        flipped[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        found += [
            (topic, key, bytes(flipped)),
            (topic, key, body[: chance.randrange(len(body))]),
            (topic, key, foreign.seal(body)),
            # Rightly signed, and meant for somebody else.
            *((other, key, body) for other in topics if other != topic),
        ]
    for topic in topics:
        found += [(topic, "", b""), (topic, "k", b"\x00"), (topic, "k", chance.randbytes(200))]
    return found
