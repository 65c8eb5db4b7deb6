"""The queue between hookd and the clusters: Kafka, or the ledger's database."""

from __future__ import annotations

from datetime import timedelta

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.services.queue.options import QueueOptions, Sasl, SaslMechanism, Tls

HMAC = Flag(
    "kafka-hmac-key", kinds.SECRETS, "Signs messages; alike everywhere. Several: the first signs, all are accepted.",
    secret=True,
)  # fmt: skip
ENCRYPTION = Flag(
    "kafka-encryption-key",
    kinds.SECRETS,
    "Encrypts messages: 64 hex digits. Several: the first encrypts.",
    secret=True,
    ours=True,
)
SASL = Flag("kafka-sasl-enabled", kinds.BOOLEAN, "Log in to the brokers.", default="false")
SASL_HANDSHAKE = Flag("kafka-sasl-handshake", kinds.BOOLEAN, "With a SASL handshake first.", default="true")
SASL_MECHANISM = Flag(
    "kafka-sasl-mechanism",
    kinds.one_of("plain", "scram-sha-256", "scram-sha-512"),
    "How to log in.",
    default="plain",
    ours=True,
)
SASL_USERNAME = Flag("kafka-sasl-username", kinds.NAME, "Who logs in.")
SASL_PASSWORD = Flag("kafka-sasl-password", kinds.SECRET, "With which password.", secret=True)
TLS = Flag("kafka-tls-enabled", kinds.BOOLEAN, "Encrypt connections to the brokers.", default="false")
TLS_INSECURE = Flag("kafka-tls-insecure", kinds.BOOLEAN, "Take any certificate: for tests.", default="false")
TLS_CA = Flag(
    "kafka-tls-ca-file", kinds.FILE, "Authorities of the brokers' certificates.", default="the system's", ours=True
)

PLAIN = (
    Flag("kafka-brokers", kinds.NAMES, "Kafka's brokers, HOST:PORT; none: the database is the queue.", "brokers"),
    Flag(
        "kafka-topic-request", kinds.NAME, "Topic of requests.", "topic_requests", default="deploymentRequest"
    ),
    Flag(
        "kafka-topic-status", kinds.NAME, "Topic of statuses.", "topic_statuses", default="deploymentStatus"
    ),
    Flag(
        "kafka-topic-announcement", kinds.NAME, "Topic on which clusters announce themselves.", "topic_announcements",
        default="deploymentAnnouncement", ours=True),
    Flag("kafka-client-id", kinds.NAME, "What brokers call this process.", "client_id", default="the host's name"),
    Flag(
        "kafka-group-id", kinds.NAME, "Consumer group: whose place in the queue is kept.", "group_id",
        default="hookd, or deployd with the cluster's name",
    ),
    Flag("kafka-create-topics", kinds.BOOLEAN, "Make missing topics.", "create_topics", default="true", ours=True),
    Flag("kafka-partitions", kinds.number(1), "Of topics that are made.", "partitions", default="6", ours=True),
    Flag(
        "kafka-replication", kinds.number(1), "Copies, in topics that are made.", "replication",
        default="as the brokers have it", ours=True,
    ),
    Flag(
        "queue-largest-message", kinds.number(1), "Bytes of a request that are taken.", "largest_message",
        default="8388608", ours=True,
    ),
)  # fmt: skip
KEEP = Flag("queue-keep", kinds.DURATION, "How long messages are kept.", default="7d", ours=True)

QUEUE = Group(
    "Queue",
    (
        *PLAIN, KEEP, HMAC, ENCRYPTION, SASL, SASL_HANDSHAKE, SASL_MECHANISM, SASL_USERNAME, SASL_PASSWORD, TLS,
        TLS_INSECURE, TLS_CA,
    ),
)  # fmt: skip


def queue_options(given: Given) -> QueueOptions:
    found: dict[str, object] = {}
    if (seconds := given.value(KEEP)) is not None:
        found["keep"] = timedelta(seconds=seconds)
    return given.fill(
        QueueOptions,
        PLAIN,
        hmac_keys=tuple(key.encode() for key in given.value(HMAC) or ()),
        encryption_keys=_encryption_keys(given),
        sasl=_sasl(given),
        tls=_tls(given),
        **found,
    )


def _encryption_keys(given: Given) -> tuple[bytes, ...]:
    from fairway.domain.dispatch.sealing import read_encryption_key

    try:
        return tuple(read_encryption_key(text) for text in given.value(ENCRYPTION) or ())
    except UserError as error:
        raise UserError(f"{given.named(ENCRYPTION)}: {error.message}", fix=error.fix) from None


def _sasl(given: Given) -> Sasl | None:
    if not given.value(SASL):
        return None
    username, password = given.value(SASL_USERNAME), given.value(SASL_PASSWORD)
    for flag, value in ((SASL_USERNAME, username), (SASL_PASSWORD, password)):
        if not value:
            raise UserError(
                f"{given.named(SASL)} is set, but {given.named(flag)} is not", fix=f"set it, or {given.named(SASL)} not"
            )
    mechanism = SaslMechanism((given.value(SASL_MECHANISM) or "plain").upper())
    handshake = given.value(SASL_HANDSHAKE)
    return Sasl(username, password, mechanism, True if handshake is None else handshake)


def _tls(given: Given) -> Tls | None:
    if not given.value(TLS):
        return None
    ca_file = given.value(TLS_CA)
    return Tls(bool(given.value(TLS_INSECURE)), str(ca_file) if ca_file else "")
