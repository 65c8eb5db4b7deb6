"""The flags of the queue, under the names that they always had."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.queue import QUEUE, queue_options
from fairway.services.queue.options import QueueOptions, Sasl, SaslMechanism, Tls

ORIGINALS = {
    "kafka-brokers", "kafka-topic-request", "kafka-topic-status", "kafka-client-id", "kafka-group-id", "kafka-hmac-key",
    "kafka-sasl-enabled", "kafka-sasl-handshake", "kafka-sasl-username", "kafka-sasl-password", "kafka-tls-enabled",
    "kafka-tls-insecure",
}  # fmt: skip
HEX = "0123456789abcdef" * 4
given = Trial(QUEUE)


def options(*words: str) -> QueueOptions:
    return queue_options(given(*words))


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


def test_every_flag_of_the_originals_is_there() -> None:
    assert {flag.name for flag in QUEUE.flags} >= ORIGINALS


def test_without_any_the_database_is_the_queue() -> None:
    assert options() == QueueOptions()
    assert options().brokers == ()


def test_all_of_them_reach_their_fields() -> None:
    got = options(
        "--kafka-brokers=a:9092,b:9092", "--kafka-topic-request=r", "--kafka-topic-status=s",
        "--kafka-topic-announcement=n", "--kafka-client-id=c", "--kafka-group-id=g", "--kafka-create-topics=false",
        "--kafka-hmac-key=new,old", f"--kafka-encryption-key={HEX}", "--kafka-sasl-enabled",
        "--kafka-sasl-mechanism=SCRAM-SHA-512", "--kafka-sasl-username=u", "--kafka-sasl-password=p, with comma",
        "--kafka-sasl-handshake=false", "--kafka-tls-enabled", "--kafka-tls-insecure", "--kafka-tls-ca-file=/ca.pem",
        "--kafka-partitions=3", "--kafka-replication=2", "--queue-keep=1d", "--queue-largest-message=1000",
    )  # fmt: skip
    assert got == QueueOptions(
        brokers=("a:9092", "b:9092"),
        topic_requests="r",
        topic_statuses="s",
        topic_announcements="n",
        client_id="c",
        group_id="g",
        create_topics=False,
        hmac_keys=(b"new", b"old"),
        encryption_keys=(bytes.fromhex(HEX),),
        sasl=Sasl("u", "p, with comma", SaslMechanism.SCRAM_SHA_512, False),
        tls=Tls(True, "/ca.pem"),
        partitions=3,
        replication=2,
        keep=timedelta(days=1),
        largest_message=1000,
    )


def test_a_login_is_not_used_unless_it_is_switched_on() -> None:
    assert options("--kafka-sasl-username=u", "--kafka-sasl-password=p", "--kafka-tls-insecure").sasl is None


def test_a_login_without_a_password_says_what_is_missing() -> None:
    with pytest.raises(UserError) as caught:
        options("--kafka-sasl-enabled", "--kafka-sasl-username=u")
    assert "--kafka-sasl-password (FAIRWAY_KAFKA_SASL_PASSWORD) is not" in str(caught.value)


def test_an_encryption_key_of_another_length_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_KAFKA_ENCRYPTION_KEY", "c0ffee")
    with pytest.raises(UserError) as caught:
        options()
    assert "--kafka-encryption-key (FAIRWAY_KAFKA_ENCRYPTION_KEY)" in str(caught.value)
    assert "64 hexadecimal digits" in str(caught.value)
    assert "c0ffee" not in f"{caught.value}{caught.value.fix}"
