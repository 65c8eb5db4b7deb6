"""Which queue it is, and whose keys seal what is put into it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.support.dispatching import announcement

from fairway.adapters.queue.memory import MemoryQueue
from fairway.adapters.queue.sql import SqlQueue
from fairway.domain.dispatch.messages import Topic
from fairway.domain.errors import Transient, UserError
from fairway.services.queue.correspondence import Correspondence, Letter
from fairway.services.queue.options import QueueOptions, Sasl, SaslMechanism, Tls
from fairway.settings import Settings, load_settings
from fairway.wiring.queue import open_correspondence, open_queue

KAFKA = QueueOptions(brokers=("127.0.0.1:1",), hmac_keys=(b"key",))


class Rejections(list[tuple[Topic, str]]):
    def __call__(self, topic: Topic, reason: str) -> None:
        self.append((topic, reason))


def settings(folder: Path, ledger: str = "") -> Settings:
    environment = {"FAIRWAY_DATA_DIR": str(folder / "data"), "HOME": str(folder)}
    return load_settings(environment | ({"FAIRWAY_LEDGER_URL": ledger} if ledger else {}))


async def heard(correspondence: Correspondence) -> list[Letter | None]:
    async with correspondence.subscribe(Topic.ANNOUNCEMENTS, "hookd") as subscription:
        return [correspondence.open(one) for one in await subscription.fetch(10, timeout=0)]


async def test_without_brokers_it_is_the_ledgers_database(tmp_path: Path) -> None:
    async with open_queue(settings(tmp_path), QueueOptions()) as queue:
        assert isinstance(queue, SqlQueue)
    assert (tmp_path / "data" / "ledger.db").exists()


async def test_without_a_ledger_it_is_the_memory_of_this_process(tmp_path: Path) -> None:
    async with open_queue(settings(tmp_path, "none"), QueueOptions()) as queue:
        assert isinstance(queue, MemoryQueue)


async def test_with_brokers_it_is_theirs_and_they_may_be_away_at_first(tmp_path: Path) -> None:
    async with open_queue(settings(tmp_path), KAFKA) as queue:
        with pytest.raises(Transient, match=r"Kafka at 127\.0\.0\.1:1 can't be reached"):
            await queue.check()


async def test_two_programs_on_one_machine_need_no_key_of_anybody(tmp_path: Path) -> None:
    rejected = Rejections()
    async with (
        open_correspondence(settings(tmp_path), QueueOptions(), rejected) as deployd,
        open_correspondence(settings(tmp_path), QueueOptions(), rejected) as hookd,
    ):
        await deployd.announce(announcement())
        assert await heard(hookd) == [announcement()]
    assert not rejected
    assert stat.S_IMODE((tmp_path / "data" / "queue.key").stat().st_mode) == 0o600


async def test_the_keys_that_are_given_count(tmp_path: Path) -> None:
    rejected = Rejections()
    ours, theirs = (QueueOptions(hmac_keys=(key,), encryption_keys=(bytes(32),)) for key in (b"ours", b"theirs"))
    async with (
        open_correspondence(settings(tmp_path), ours, rejected) as deployd,
        open_correspondence(settings(tmp_path), theirs, rejected) as hookd,
        open_correspondence(settings(tmp_path), ours, rejected) as another,
    ):
        await deployd.announce(announcement())
        assert await heard(hookd) == [None]
        assert await heard(another) == [announcement()]
    assert rejected == [(Topic.ANNOUNCEMENTS, "not_ours")]
    assert not (tmp_path / "data" / "queue.key").exists()


@pytest.mark.parametrize(
    ("ledger", "options"),
    [("postgresql://anna@127.0.0.1:1/fairway", QueueOptions()), ("", QueueOptions(brokers=("127.0.0.1:1",)))],
)
async def test_what_several_machines_use_needs_a_key_that_they_share(
    tmp_path: Path, ledger: str, options: QueueOptions
) -> None:
    with pytest.raises(UserError, match="a key that they share") as refused:
        async with open_correspondence(settings(tmp_path, ledger), options, Rejections()):
            pass
    assert "--kafka-hmac-key" in str(refused.value.fix)


async def test_a_login_without_handshake_is_refused(tmp_path: Path) -> None:
    options = QueueOptions(brokers=("127.0.0.1:1",), sasl=Sasl("anna", "hunter2", handshake=False))
    with pytest.raises(UserError, match="handshake") as refused:
        async with open_queue(settings(tmp_path), options):
            pass
    assert "hunter2" not in f"{refused.value}{refused.value.fix}"


async def test_what_the_client_can_not_start_with_is_told_without_the_password(tmp_path: Path) -> None:
    options = QueueOptions(
        brokers=("127.0.0.1:1",), sasl=Sasl("anna", "hunter2", SaslMechanism.SCRAM_SHA_512), tls=Tls(ca_file="/no/file")
    )
    async with open_queue(settings(tmp_path), options) as queue:
        with pytest.raises(UserError, match=r"can't be made: .*ssl\.ca\.location") as refused:
            await queue.check()
    assert "hunter2" not in f"{refused.value}{refused.value.fix}"
