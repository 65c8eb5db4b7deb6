"""Log lines: constant names, keys and values, nothing secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from fairway.domain.errors import UserError
from fairway.domain.values.secrets import MASK
from fairway.entrypoints.logs import set_up_logs

LOGGER = logging.getLogger("fairway.services.example")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the logging of the test run as it was."""
    root, ours = logging.getLogger(), logging.getLogger("fairway")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


def lines(form: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(level, form, stream)
    return stream


def test_text_for_people() -> None:
    stream = lines("text")
    LOGGER.info("ledger.replayed", extra={"records": 3, "spool": "/a b", "ok": True, "empty": ""})
    assert stream.getvalue()[8:] == ' info ledger.replayed records=3 spool="/a b" ok=True empty=""\n'


def test_a_list_is_its_words() -> None:
    stream = lines("text")
    LOGGER.info("agent.pass", extra={"releases": ["orders", "web"], "none": []})
    assert stream.getvalue()[8:] == ' info agent.pass releases=orders,web none=""\n'


def test_a_value_can_not_forge_a_line() -> None:
    stream = lines("text")
    LOGGER.info("x", extra={"said": "a\n00:00:00 info b=\x1b[2J"})
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_json_for_machines() -> None:
    stream = lines("json")
    LOGGER.warning("ledger.unreachable", extra={"records": 3, "where": {"host": "db"}, "names": ("a", "b")})
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "event": "ledger.unreachable",
        "logger": "fairway.services.example",
        "records": 3,
        "where": {"host": "db"},
        "names": ["a", "b"],
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_wherever_they_stand(form: str) -> None:
    stream = lines(form)
    try:
        raise ValueError("DB_PASSWORD=hunter2 is wrong")
    except ValueError:
        LOGGER.exception(
            "login to https://anna:hunter2@h failed",
            extra={
                "password": "hunter2",
                "url": "postgresql://u:hunter2@h/d",
                "deep": {"apiToken": "hunter2", "list": ["token=hunter2"]},
                "plain": "visible",
            },
        )
    text = stream.getvalue()
    assert "hunter2" not in text
    assert MASK in json.loads(text)["password"] if form == "json" else MASK in text
    assert "visible" in text
    assert "ValueError" in text


def test_the_level_is_ours_and_libraries_only_warn() -> None:
    stream = lines("text", "debug")
    LOGGER.debug("ours")
    logging.getLogger("botocore").info("theirs")
    logging.getLogger("botocore").warning("beware")
    assert "ours" in stream.getvalue()
    assert "theirs" not in stream.getvalue()
    assert "beware" in stream.getvalue()


def test_setting_up_again_does_not_double_lines() -> None:
    lines("text")
    stream = lines("text")
    LOGGER.info("once")
    assert stream.getvalue().count("once") == 1


def test_a_stream_that_is_gone_breaks_nothing() -> None:
    stream = lines("text")
    stream.close()
    LOGGER.error("unheard")


def test_handlers_of_others_stay() -> None:
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    lines("text")
    assert other in logging.getLogger().handlers


@pytest.mark.parametrize(("level", "form", "names"), [("loud", "text", "warning"), ("info", "xml", "json")])
def test_unknown_settings_name_the_known(level: str, form: str, names: str) -> None:
    with pytest.raises(UserError) as error:
        set_up_logs(level, form)
    assert names in str(error.value.fix)
