"""Nothing waits for ever, and what was given up is never applied afterwards; clocks that differ lie to nobody."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
from tests.support.dispatch import Client, Wanted
from tests.support.dispatch_processes import Daemon, until
from tests.support.dispatch_truth import outcome
from tests.system.dispatch.conftest import TEAMS, Company

pytestmark = [pytest.mark.cluster, pytest.mark.postgresql, pytest.mark.xdist_group("dispatch")]

SHORT = ("--deadline=3s", "--deadline-grace=2s", "--settle=2s", "--github-timeout=3s")
EXCEEDED = "deadline exceeded"
SKEWED = """
import asyncio, sys
from datetime import timedelta
from fairway.services.deployd.options import DeploydOptions
from fairway.services.queue.options import QueueOptions
from fairway.settings import load_settings, process_environment
from fairway.wiring.clock import now
from fairway.wiring.deployd import open_deployd
from fairway.wiring.queue import open_correspondence

async def main(cluster, kubeconfig, context, seconds):
    env = process_environment()
    options = QueueOptions(hmac_keys=(env["FAIRWAY_KAFKA_HMAC_KEY"].encode(),))
    skew = timedelta(seconds=float(seconds))
    settings = load_settings()
    async with (
        open_correspondence(settings, options, lambda topic, why: None) as correspondence,
        open_deployd(
            settings, DeploydOptions(cluster, kubeconfig, context), correspondence, clock=lambda: now() + skew
        ) as deployd,
    ):
        await deployd.run()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def hurried(over_database: Company) -> Iterator[Daemon]:
    """A further hookd over the same database, with little patience."""
    daemon = over_database.house.hookd("hurried", *SHORT, clusters=["attic", "ahead", "behind"])
    daemon.start()
    daemon.until_ready()
    yield daemon
    daemon.kill()


def ask(company: Company, hurried: Daemon, cluster: str, count: int = 3) -> list[Wanted]:
    """Requests with little time, and each for an application of its own."""
    book = company.books[-1]
    wanted = [book.ask(cluster, TEAMS[n % 2], company.namespace, f"app-{n}") for n in range(count)]
    client = Client(f"{hurried.url}/events")
    assert [client.deliver(one) for one in wanted] == [201] * count
    return wanted


def descriptions(company: Company, wanted: list[Wanted]) -> set[str]:
    told = company.told(company.books[-1])
    return {text for one in wanted for state, text in told.get(one.deployment_id, []) if state == "failure"}


def ended(company: Company, wanted: list[Wanted]) -> bool:
    told = company.told(company.books[-1])
    return all(outcome(told.get(one.deployment_id, [])) for one in wanted)


def test_a_cluster_where_nobody_is_fails_and_is_not_changed_when_somebody_comes(
    over_database: Company, hurried: Daemon
) -> None:
    company = over_database
    book = company.book()
    with company.checked(book, late=lambda: range(3)):
        wanted = ask(company, hurried, "attic")
        until(lambda: ended(company, wanted), lambda: company.story(book))
        assert descriptions(company, wanted) == {"no deployd for cluster attic answered"}
        late = company.house.deployd("attic")
        late.start()
        until(lambda: late.text.count(EXCEEDED) == 3, lambda: late.text)
        late.end()


def test_a_deployd_that_slept_through_the_deadline_changes_nothing(over_database: Company, hurried: Daemon) -> None:
    company = over_database
    book = company.book()
    sleeper = company.deployds["west"]
    assert sleeper.process is not None
    with company.checked(book, late=lambda: range(3)):
        sleeper.process.send_signal(signal.SIGSTOP)
        wanted = ask(company, hurried, "west")
        until(lambda: ended(company, wanted), lambda: company.story(book))
        sleeper.process.send_signal(signal.SIGCONT)
        until(lambda: sleeper.text.count(EXCEEDED) >= 3, lambda: sleeper.text)


def test_a_request_that_was_taken_in_time_is_not_given_up(over_database: Company, hurried: Daemon) -> None:
    company = over_database
    with company.checked(company.book()):
        ask(company, hurried, "east", 6)


@pytest.mark.parametrize(("name", "seconds", "is_late"), [("ahead", 600, True), ("behind", -1.5, False)])
def test_a_cluster_whose_clock_is_wrong_is_not_lied_about(
    over_database: Company, hurried: Daemon, name: str, seconds: float, is_late: bool
) -> None:
    company = over_database
    house = company.house
    words = (name, str(house.kubeconfig), house.context, str(seconds))
    skewed = Daemon(f"skewed-{name}", words, house.env, 0, house.folder, ("-c", SKEWED))
    house.daemons.append(skewed)
    book = company.book()
    skewed.start()
    announced = f"SELECT count(*) FROM clusters WHERE cluster = '{name}'"
    until(lambda: company.queried(announced), lambda: skewed.text)
    with company.checked(book, late=lambda: range(3) if is_late else ()):
        wanted = ask(company, hurried, name)
        until(lambda: ended(company, wanted), lambda: company.story(book))
        assert descriptions(company, wanted) == ({EXCEEDED} if is_late else set())
    skewed.kill()


def test_what_a_broker_gets_after_the_deadline_is_not_applied(over_kafka: Company) -> None:
    company = over_kafka
    assert company.broker is not None
    hurried = company.house.hookd("hurried", *SHORT)
    hurried.start()
    hurried.until_ready()
    book = company.book()
    with company.checked(book, late=lambda: range(3)):
        company.broker.kill()
        wanted = ask(company, hurried, "north")
        time.sleep(4)
        company.broker.start()
        until(lambda: ended(company, wanted), lambda: company.story(book))
        assert not descriptions(company, wanted) - {"the queue could not be reached before the deadline", EXCEEDED}
        company.deliver([book.ask("north", TEAMS[0], company.namespace, "app-9")])
    hurried.kill()


def test_what_was_accepted_while_the_broker_was_away_is_published_by_a_successor(over_kafka: Company) -> None:
    """hookd dies between the store and the queue."""
    company = over_kafka
    assert company.broker is not None
    book = company.book()
    with company.checked(book):
        company.broker.kill()
        company.deliver([book.ask("north", TEAMS[n % 2], company.namespace, f"app-{n}") for n in range(6)])
        assert all(one.answers[-1][0] == 201 for one in book.wanted)
        for daemon in company.hookds:
            daemon.kill()
        company.broker.start()
        for daemon in company.hookds:
            daemon.start()


def test_brokers_that_are_started_again_lose_nothing(over_kafka: Company) -> None:
    company = over_kafka
    assert company.broker is not None
    book = company.book()
    with company.checked(book):
        for way in (company.broker.stop, company.broker.kill):
            wanted = [book.ask("west", TEAMS[n % 2], company.namespace, f"app-{n % 4}") for n in range(8)]
            company.deliver(wanted[:4])
            way()
            company.deliver(wanted[4:])
            time.sleep(0.5)
            company.broker.start()
