"""What errors of brokers mean, and what of the client library's talk is worth a line."""

from __future__ import annotations

import logging

import pytest
from confluent_kafka import KafkaError
from tests.support.brokers import brokers_at

from fairway.adapters.queue.kafka.connection import LibraryLog, Trouble, translated
from fairway.domain.dispatch.messages import NotTaken
from fairway.domain.errors import Transient, UserError

BROKERS = brokers_at("kafka:9092", username="anna", password="hunter2")
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "all down")
REFUSED = KafkaError(KafkaError._TRANSPORT, "Connect failed: Connection refused")
LOGIN = KafkaError(KafkaError._AUTHENTICATION, "SASL authentication failed")
UNTRUSTED = KafkaError(KafkaError._SSL, "SSL handshake failed: certificate verify failed")
TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT, "Local: Message timed out")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (TIMED_OUT, Transient, "can't be reached: Local: Message timed out"),
        (REFUSED, Transient, "can't be reached: Connect failed"),
        (KafkaError(KafkaError.NOT_ENOUGH_REPLICAS, "x"), Transient, "can't be reached"),
        (KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, "x"), Transient, "can't be reached"),
        (KafkaError(KafkaError._SSL, "SSL handshake failed: Disconnected"), Transient, "can't be reached"),
        (LOGIN, UserError, "refuses the login of anna"),
        (KafkaError(KafkaError.SASL_AUTHENTICATION_FAILED, "x"), UserError, "refuses the login"),
        (UNTRUSTED, UserError, "is not trusted"),
        (KafkaError(KafkaError._TRANSPORT, "error:0A000086::certificate verify failed"), UserError, "is not trusted"),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "x"), UserError, "does not allow it"),
        (KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED, "x"), UserError, "does not allow it"),
        (KafkaError(KafkaError.MSG_SIZE_TOO_LARGE, "x"), NotTaken, "does not take a message of that size"),
        (KafkaError(KafkaError.INVALID_REPLICATION_FACTOR, "x"), UserError, "refuses: x"),
    ],
)
def test_an_error_says_whether_to_wait_or_to_set_something_right(
    error: KafkaError, kind: type[Exception], said: str
) -> None:
    found = translated(BROKERS, error)
    assert type(found) is kind
    assert str(found).startswith("Kafka at kafka:9092 ")
    assert said in str(found)
    assert kind is Transient or found.fix
    assert "hunter2" not in f"{found}{found.fix}{BROKERS!r}"


def test_what_the_client_complained_of_is_the_reason_of_a_time_out() -> None:
    trouble = Trouble()
    assert "Message timed out" in str(translated(BROKERS, TIMED_OUT, trouble))
    trouble.note(REFUSED)
    assert "Connection refused" in str(translated(BROKERS, TIMED_OUT, trouble))
    trouble.note(LOGIN)
    assert isinstance(translated(BROKERS, TIMED_OUT, trouble), UserError)
    trouble.over()
    assert "Message timed out" in str(translated(BROKERS, TIMED_OUT, trouble))


@pytest.mark.parametrize("telling", [LOGIN, UNTRUSTED])
def test_what_follows_from_a_cause_does_not_hide_it(telling: KafkaError) -> None:
    trouble = Trouble()
    for error in (DOWN, REFUSED, telling, REFUSED, DOWN):
        trouble.note(error)
    assert trouble.last is telling


def test_what_the_library_says_again_and_again_is_a_line_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log = LibraryLog()
    for after in range(5):
        log.log(logging.ERROR, "%s [%s] %s", "FAIL", "consumer-1", f"refused after {after} ms")
    log.log(logging.ERROR, "%s [%s] %s", "FAIL", "consumer-1", "something else: 100 %")
    log.log(logging.INFO, "without words: 100 %")
    levels = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert levels == [(level, "queue.kafka") for level in (40, 10, 10, 10, 10, 40, 20)]
    assert caplog.records[0].__dict__["said"] == "FAIL [consumer-1] refused after 0 ms"
