"""What every process has: its log and its addresses."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.support.flags import Trial

from fairway.domain.configuration.listening import Listen
from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.flag import Group
from fairway.entrypoints.cli.flags.tables import process
from fairway.settings import load_settings

ALL = Group("All", (*process.LOGS.flags, process.LISTEN, process.BASE_URL, process.METRICS, process.OWN_KEY))
given = Trial(ALL)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


def test_it_listens_on_this_machine_only_unless_told_otherwise() -> None:
    assert process.addresses(given()) == process.Addresses(Listen("127.0.0.1", 8080), "http://127.0.0.1:8080")
    assert process.addresses(given(), process.METRICS).listen == Listen("127.0.0.1", 8081)
    asked = given("--listen-address=:80", "--base-url=https://deploy.example.com/")
    assert process.addresses(asked) == process.Addresses(Listen("0.0.0.0", 80), "https://deploy.example.com")


@pytest.mark.parametrize("word", [":8080", "127.0.0.1:0"])
def test_an_address_that_nobody_can_be_led_to_makes_no_links(word: str) -> None:
    assert process.addresses(given(f"--listen-address={word}")).base_url == ""


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("--listen-address=here", '--listen-address (FAIRWAY_LISTEN_ADDRESS): "here" is no address'),
        ("--base-url=deploy.example.com", '--base-url (FAIRWAY_BASE_URL): "deploy.example.com" is no URL'),
    ],
)
def test_an_address_that_is_none_is_refused(word: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        process.addresses(given(word))
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("word", "level"), [("trace", "DEBUG"), ("warn", "WARNING"), ("fatal", "ERROR"), ("info", "INFO")]
)
def test_levels_of_other_loggers_are_understood(word: str, level: str) -> None:
    process.set_up_process(given(f"--log-level={word}"), load_settings({}))
    assert logging.getLogger("fairway").level == logging.getLevelName(level)


def test_the_servers_own_key_is_where_the_flag_says() -> None:
    settings = load_settings({"HOME": "/nowhere"})
    assert process.set_up_process(given(), settings).secret_key_file is None
    assert process.set_up_process(given("--secret-key-file=/k"), settings).secret_key_file == Path("/k")
