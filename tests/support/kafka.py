"""A real Kafka broker on loopback for tests: one process in KRaft mode, from Maven's artefacts.

It keeps its port and its log over a restart, so that clients find what they left. With `secure` it also listens for
clients that log in (SASL/PLAIN), and for clients that speak TLS to it, both with a certificate of its own authority.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from tests.support.tools import unavailable

from fairway.adapters.devcluster.locks import locked
from fairway.adapters.devcluster.ports import choose
from fairway.settings import load_settings

VERSION = "4.1.0"
USER, PASSWORD = "fairway", "a-password-of-tests"

_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAIN://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller}{more}
advertised.listeners=PLAIN://127.0.0.1:{plain}{more}
listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,TLS:SSL
inter.broker.listener.name=PLAIN
log.dirs={logs}
num.partitions=3
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable={auto_create}
"""
_SECURE = """\
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}="{password}";
listener.name.login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""
# Starting quickly counts here, not how fast it is after an hour.
_JAVA = (
    "java",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
# Ends the broker as it is told, or at once when whoever started it is gone.
_GUARD = ("sh", "-c", '"$@" & broker=$!; read how; kill -s "${how:-KILL}" $broker; wait $broker', "sh")


@dataclass
class Broker:
    """`address`: without login; `login_address`: SASL over TLS; `tls_address`: TLS alone. `ca_file` vouches for it."""

    folder: Path
    jars: Path
    address: str
    login_address: str = ""
    tls_address: str = ""
    ca_file: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Until it answers. What it held before is there again."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_GUARD, *_JAVA, "-cp", f"{self.jars}/*", "kafka.Kafka", self.folder / "server.properties"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        until = time.monotonic() + 90
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        while self._process.poll() is None and time.monotonic() < until:
            try:
                if admin.list_topics(timeout=2).brokers:
                    return
            except KafkaException:
                time.sleep(0.1)
        self.kill()
        raise AssertionError(f"Kafka did not start:\n{(self.folder / 'broker.log').read_text()[-3000:]}")

    def stop(self) -> None:
        """As an operator does; it writes down where it is."""
        self._end(b"TERM\n")

    def kill(self) -> None:
        """As a power cut does."""
        self._end(b"KILL\n")

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def _end(self, how: bytes) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with suppress(BrokenPipeError):
            process.stdin.write(how)
            process.stdin.close()
        process.wait(60)


@contextmanager
def kafka_broker(folder: Path, *, secure: bool = False, auto_create: bool = False) -> Iterator[Broker]:
    """A broker that keeps everything in `folder`; ended with the block."""
    broker = _prepared(folder, _jars(), secure=secure, auto_create=auto_create)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def kafka_jars() -> Path | None:
    """Where the broker's classes are; None when they are neither there nor can be fetched."""
    folder = load_settings().cache_dir / "tools" / f"kafka-{VERSION}"
    if folder.exists():
        return folder
    maven = shutil.which("mvn")
    if maven is None or shutil.which("java") is None:
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists() and not _fetch(maven, folder):
            return None
    return folder


def _fetch(maven: str, folder: Path) -> bool:
    half = folder.with_name(f"{folder.name}.{uuid.uuid4().hex[:8]}")
    half.mkdir()
    (half / "pom.xml").write_text(_POM, encoding="utf-8")
    fetched = subprocess.run(
        [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={half}"],
        cwd=half,
        capture_output=True,
        timeout=600,
        check=False,
    )
    if fetched.returncode:
        shutil.rmtree(half)
        return False
    half.rename(folder)
    return True


def _jars() -> Path:
    jars = kafka_jars()
    if jars is None:
        unavailable("no Kafka: put Java 17 and Maven on PATH, so that org.apache.kafka:kafka_2.13 can be fetched")
    return jars


def _prepared(folder: Path, jars: Path, *, secure: bool, auto_create: bool) -> Broker:
    folder.mkdir(parents=True, exist_ok=True)
    plain, controller, login, tls = choose(4)
    broker = Broker(folder, jars, f"127.0.0.1:{plain}")
    more, extra = "", ""
    if secure:
        broker.login_address, broker.tls_address = f"127.0.0.1:{login}", f"127.0.0.1:{tls}"
        broker.ca_file = folder / "ca.pem"
        more = f",LOGIN://{broker.login_address},TLS://{broker.tls_address}"
        extra = _SECURE.format(keystore=_certificate(folder, broker.ca_file), user=USER, password=PASSWORD)
    properties = folder / "server.properties"
    written = _PROPERTIES.format(
        plain=plain, controller=controller, more=more, logs=folder / "logs", auto_create=str(auto_create).lower()
    )
    properties.write_text(written + extra, encoding="utf-8")
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    scram = ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"] if secure else []
    formatted = subprocess.run(
        [*_JAVA, "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", properties, *scram],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert formatted.returncode == 0, formatted.stderr.decode() + formatted.stdout.decode()
    return broker


def _certificate(folder: Path, ca_file: Path) -> Path:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    issued = authority.issue_cert("127.0.0.1")
    keystore = folder / "keystore.pem"
    keystore.write_bytes(
        _pkcs8(issued.private_key_pem.bytes()) + b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    )
    return keystore


def _pkcs8(key: bytes) -> bytes:
    """Java reads no other form."""
    from cryptography.hazmat.primitives import serialization

    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
