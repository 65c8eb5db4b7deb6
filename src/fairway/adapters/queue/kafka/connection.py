"""How brokers are reached, and what their errors mean.

The rule not to break: a password never leaves this file. librdkafka's own lines go to our log, and it does not write
passwords into them.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from fairway.domain.dispatch.messages import NotTaken, Topic
from fairway.domain.errors import FairwayError, Transient, UserError

ANSWER_SECONDS = 5.0
"""How long a question to a broker may take."""
OVERHEAD = 16 * 1024
"""What a batch of one message is larger than it."""

_Client = TypeVar("_Client")
_log = logging.getLogger(__name__)
_STICKS = 5.0
"""Seconds for which a complaint that tells more is not replaced by one that tells less."""
_QUIET = 30.0
_DIGITS = re.compile(r"\d+")
_LOGIN = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError.UNSUPPORTED_SASL_MECHANISM}
_RIGHTS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
_SIZE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
_SETTINGS = {
    KafkaError._INVALID_ARG,
    KafkaError.INVALID_REPLICATION_FACTOR,
    KafkaError.INVALID_CONFIG,
    KafkaError.INVALID_PARTITIONS,
    KafkaError.POLICY_VIOLATION,
    KafkaError.TOPIC_EXCEPTION,
}
UNKNOWN_TOPIC = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}


@dataclass(frozen=True, slots=True)
class Brokers:
    """Everything that is known of them. An empty `username` means no login; `ca_file` empty: the system's."""

    addresses: tuple[str, ...]
    topics: Mapping[Topic, str]
    client_id: str
    username: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "PLAIN"
    tls: bool = False
    tls_insecure: bool = False
    ca_file: str = ""
    create_topics: bool = True
    partitions: int = 6
    replication: int = -1
    keep: timedelta = timedelta(days=7)
    largest_message: int = 8 * 1024 * 1024

    @property
    def shown(self) -> str:
        return f"Kafka at {', '.join(self.addresses)}"

    def client(self, kind: Callable[[dict[str, Any]], _Client], trouble: Trouble, **more: Any) -> _Client:
        """One of librdkafka's, which connects by itself later. Raises `UserError` for what it can't start with."""
        try:
            return kind(self._settings(trouble) | more)
        except KafkaException as error:
            raise UserError(
                f"the client of {self.shown} can't be made: {error_of(error).str()}",
                fix="see the settings that begin with --kafka-",
            ) from None

    def _settings(self, trouble: Trouble) -> dict[str, Any]:
        """Its lines go to our log, its complaints to `trouble`."""
        settings: dict[str, Any] = {
            "bootstrap.servers": ",".join(self.addresses),
            "client.id": self.client_id,
            "security.protocol": f"{'SASL_' if self.username else ''}{'SSL' if self.tls else 'PLAINTEXT'}",
            "reconnect.backoff.ms": 100,
            "reconnect.backoff.max.ms": 2000,
            "log.connection.close": False,
            # A topic that the broker makes by the way has not our settings.
            "allow.auto.create.topics": False,
            "logger": LibraryLog(),
            "error_cb": trouble.note,
        }
        if self.username:
            settings |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        if self.tls_insecure:
            settings |= {
                "enable.ssl.certificate.verification": False,
                "ssl.endpoint.identification.algorithm": "none",
            }
        if self.ca_file:
            settings["ssl.ca.location"] = self.ca_file
        return settings


class Trouble:
    """What a client last complained of. Requests that it holds back time out without a word of the reason."""

    def __init__(self) -> None:
        self.last: KafkaError | None = None
        self._at = 0.0

    def note(self, error: KafkaError) -> None:
        # After a refused login comes "disconnected", and "all brokers are down": true, and of no use to anybody.
        now = time.monotonic()
        if self.last is not None and _tells(error) <= _tells(self.last) and now - self._at < _STICKS:
            return
        self.last, self._at = error, now

    def over(self) -> None:
        self.last = None


class LibraryLog:
    """Stands where librdkafka wants a logger. What it says again and again is for those who look closely."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def log(self, level: int, form: str, *words: object) -> None:
        text = form % words if words else form
        kind, now = _DIGITS.sub("#", text), time.monotonic()
        again = now - self._said.get(kind, -_QUIET) < _QUIET
        if not again:
            self._said[kind] = now
        _log.log(logging.DEBUG if again else level, "queue.kafka", extra={"said": text})


def _tells(error: KafkaError) -> int:
    """How much it says of the cause."""
    if _is_login(error) or _is_trust(error) or error.code() in _RIGHTS | _SIZE | _SETTINGS:
        return 2
    return 0 if error.code() == KafkaError._ALL_BROKERS_DOWN else 1


def _is_login(error: KafkaError) -> bool:
    return error.code() in _LOGIN


def _is_trust(error: KafkaError) -> bool:
    return "certificate" in error.str() and error.code() in (KafkaError._SSL, KafkaError._TRANSPORT)


def translated(brokers: Brokers, error: KafkaError, trouble: Trouble | None = None) -> FairwayError:
    """What a caller must do about it: wait, or have somebody set something right."""
    why = trouble.last if trouble is not None and trouble.last is not None else error
    for one in (error, why):
        code, text = one.code(), one.str()
        if _is_login(one):
            return UserError(
                f"{brokers.shown} refuses the login of {brokers.username or 'nobody'}: {text}",
                fix="check --kafka-sasl-username, --kafka-sasl-password and --kafka-sasl-mechanism",
            )
        if _is_trust(one):
            return UserError(f"{brokers.shown} is not trusted: {text}", fix="name its authority: --kafka-tls-ca-file")
        if code in _RIGHTS:
            return UserError(
                f"{brokers.shown} does not allow it: {text}", fix="give the user rights on topics and group"
            )
        if code in _SIZE:
            return NotTaken(
                f"{brokers.shown} does not take a message of that size: {text}",
                fix=f"raise max.message.bytes of the topic to {brokers.largest_message}",
            )
        if code in _SETTINGS:
            return UserError(f"{brokers.shown} refuses: {text}", fix="see the settings that begin with --kafka-")
    return Transient(f"{brokers.shown} can't be reached: {why.str()}")


def error_of(exception: KafkaException) -> KafkaError:
    error = exception.args[0]
    return error if isinstance(error, KafkaError) else KafkaError(KafkaError._FAIL, str(error))
