"""Flags from a table: where a value comes from, which one wins, and how a mistake is told."""

from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.command import flag_command
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given

BROKERS = Flag("kafka-brokers", kinds.NAMES, "Where Kafka is.", field="brokers")
TLS = Flag("kafka-tls-enabled", kinds.BOOLEAN, "Encrypt the connections.", field="tls", default="false")
WAIT = Flag("wait", kinds.DURATION, "How long.", field="seconds", default="5m")
KEYS = Flag("kafka-hmac-key", kinds.SECRETS, "Signs messages.", field="keys", secret=True)
PASSWORD = Flag("kafka-password", kinds.SECRET, "Of Kafka.", field="password", secret=True)
CLUSTER = Flag("cluster", kinds.NAME, "Which cluster.", own_variable="FAIRWAY_OTHER_CLUSTER")
QUEUE = Group("Queue", (BROKERS, TLS, WAIT))
SECRET = Group("Secrets", (KEYS, PASSWORD, CLUSTER))


@dataclass(frozen=True)
class Options:
    brokers: tuple[str, ...] = ()
    tls: bool = False
    seconds: float = 300.0
    keys: tuple[str, ...] = field(default=(), repr=False)
    password: str = ""
    cluster: str = ""


seen: list[Given] = []


@flag_command(QUEUE, SECRET, name="try")
@click.option("--check", is_flag=True, help="Only look.")
def command(given: Given, check: bool) -> None:
    """Try flags."""
    seen.append(given)


def options(*words: str) -> Options:
    command.main(list(words), standalone_mode=False)
    return seen[-1].fill(Options, [*QUEUE.flags, *SECRET.flags])


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for flag in (*QUEUE.flags, *SECRET.flags):
        for variable in (*flag.variables, *flag.file_variables):
            monkeypatch.delenv(variable, raising=False)


def test_nothing_given_is_the_owners_default() -> None:
    assert options() == Options()


def test_a_list_is_repeated_or_separated_by_commas() -> None:
    assert options("--kafka-brokers", "a:1,b:2", "--kafka-brokers=c:3").brokers == ("a:1", "b:2", "c:3")


@pytest.mark.parametrize(
    ("words", "tls"),
    [
        (["--kafka-tls-enabled"], True),
        (["--kafka-tls-enabled=false"], False),
        (["--kafka-tls-enabled=true"], True),
        (["--kafka-tls-enabled", "false"], False),
        (["--kafka-tls-enabled", "--wait=3s"], True),
    ],
)
def test_a_switch_is_written_as_the_originals_take_it(words: list[str], tls: bool) -> None:
    assert options(*words).tls is tls


def test_the_command_line_goes_before_the_own_variable_and_that_before_the_old_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", "old:1")
    assert options().brokers == ("old:1",)
    monkeypatch.setenv("FAIRWAY_KAFKA_BROKERS", "own:1,own:2")
    assert options().brokers == ("own:1", "own:2")
    assert options("--kafka-brokers=typed:1").brokers == ("typed:1",)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_WAIT", "")
    monkeypatch.setenv("WAIT", "7s")
    assert options().seconds == 7.0


def test_a_name_that_is_taken_has_another_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_CLUSTER", "the development cluster")
    assert options().cluster == ""
    monkeypatch.setenv("FAIRWAY_OTHER_CLUSTER", "prod")
    assert options().cluster == "prod"


def test_a_flag_of_ours_has_no_variable_that_another_program_may_have_set() -> None:
    assert Flag("timeout", kinds.DURATION, "How long.", ours=True).variables == ("FAIRWAY_TIMEOUT",)
    assert Flag("token", kinds.SECRET, "Which.", secret=True, ours=True).file_variables == ("FAIRWAY_TOKEN_FILE",)


def test_a_mistake_names_the_flag_and_the_variable_that_it_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_TLS_ENABLED", "perhaps")
    with pytest.raises(UserError) as caught:
        options()
    assert str(caught.value) == '--kafka-tls-enabled (KAFKA_TLS_ENABLED): "perhaps" is neither true nor false'
    assert caught.value.fix == "write true or false"


def test_a_mistake_in_the_command_line_says_which_variable_there_is() -> None:
    with pytest.raises(UserError, match=r"^--wait \(FAIRWAY_WAIT\): \"soon\" is no length of time"):
        options("--wait", "soon")


def test_secrets_are_read_from_files_one_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("new,with comma\n\nold\r\n")
    (tmp_path / "password").write_text(" spaces count \n")
    got = options("--kafka-hmac-key-file", str(tmp_path / "keys"), f"--kafka-password-file={tmp_path / 'password'}")
    assert got.keys == ("new,with comma", "old")
    assert got.password == " spaces count "


def test_a_secrets_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").write_text("new\n")
    (tmp_path / "old").write_text("old\n")
    monkeypatch.setenv("KAFKA_HMAC_KEY_FILE", f"{tmp_path / 'new'},{tmp_path / 'old'}")
    assert options().keys == ("new", "old")


def test_several_secrets_in_a_variable_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HMAC_KEY", "new, old")
    assert options().keys == ("new", "old")


def test_a_secret_and_its_file_exclude_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text("a\n")
    monkeypatch.setenv("KAFKA_HMAC_KEY", "b")
    with pytest.raises(UserError) as caught:
        options("--kafka-hmac-key-file", str(tmp_path / "keys"))
    assert "--kafka-hmac-key (KAFKA_HMAC_KEY)" in str(caught.value)
    assert "--kafka-hmac-key-file (FAIRWAY_KAFKA_HMAC_KEY_FILE)" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file or directory"), (b"\n \n", "is empty"), (b"\xff\xfe", "it is no text")]
)
def test_a_file_that_holds_no_secret_is_named(content: bytes | None, why: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "keys").write_bytes(content)
    with pytest.raises(UserError) as caught:
        options("--kafka-hmac-key-file", str(tmp_path / "keys"))
    assert why in str(caught.value)
    assert str(tmp_path / "keys") in str(caught.value)


def test_a_typed_secret_is_noticed_and_one_from_elsewhere_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "p")
    options("--kafka-hmac-key=k")
    assert seen[-1].typed_secrets() == ["--kafka-hmac-key"]


def test_help_shows_groups_defaults_and_the_files_of_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["--help"], standalone_mode=False, prog_name="try")
    text = capsys.readouterr().out
    assert text.index("Options:") < text.index("Queue:") < text.index("Secrets:")
    for piece in ("--check", "[default: 5m]", "--kafka-hmac-key-file FILE", "--kafka-brokers NAME,…", "FAIRWAY_KAFKA"):
        assert piece in text
    assert "--wait-file" not in text
