"""What may be written behind a flag, and what is told when it is something else."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.kinds import Kind, Unfit

READ: list[tuple[Kind, list[str], Any]] = [
    (kinds.TEXT, [" as it is "], " as it is "),
    (kinds.TEXT, ["first", "last"], "last"),
    (kinds.NAME, [" prod "], "prod"),
    (kinds.BOOLEAN, ["True"], True),
    (kinds.BOOLEAN, ["1"], True),
    (kinds.BOOLEAN, ["off"], False),
    (kinds.BOOLEAN, ["true", "false"], False),
    (kinds.DURATION, ["90"], 90.0),
    (kinds.DURATION, ["1h30m"], 5400.0),
    (kinds.SOME_TIME, ["250ms"], 0.25),
    (kinds.DURATION, ["1.5s"], 1.5),
    (kinds.NAMES, ["a, b", "c"], ("a", "b", "c")),
    (kinds.NAMES, [",,"], ()),
    (kinds.FILE, ["/a/b"], Path("/a/b")),
    (kinds.FILES, ["/a,/b"], (Path("/a"), Path("/b"))),
    (kinds.one_of("text", "json"), ["JSON"], "json"),
    (kinds.number(1, 5), ["3"], 3),
    (kinds.pairs("NAME", "CONTEXT"), ["dev=kind-dev, prod", "qa=x=y"], {"dev": "kind-dev", "prod": "", "qa": "x=y"}),
]

REFUSED: list[tuple[Kind, list[str], str]] = [
    (kinds.BOOLEAN, ["maybe"], '"maybe" is neither true nor false'),
    (kinds.DURATION, ["soon"], '"soon" is no length of time'),
    (kinds.DURATION, ["-3s"], '"-3s" is no length of time'),
    (kinds.SOME_TIME, ["0s"], '"0s" is no time at all'),
    (kinds.DURATION, ["nan"], '"nan" is no length of time'),
    (kinds.one_of("text", "json"), ["xml"], '"xml" is none of text, json'),
    (kinds.number(1, 5), ["6"], "6 is not between 1 and 5"),
    (kinds.number(1), ["0"], "0 is not at least 1"),
    (kinds.number(1), ["x"], '"x" is no number'),
    (kinds.pairs("NAME", "CONTEXT"), ["=x"], '"=x" has no NAME before the ='),
    (kinds.pairs("NAME", "CONTEXT"), ["a=1", "a=2"], '"a" is given twice'),
]


@pytest.mark.parametrize(("kind", "texts", "value"), READ)
def test_what_is_fit_is_read(kind: Kind, texts: list[str], value: Any) -> None:
    assert kind.read(texts) == value


@pytest.mark.parametrize(("kind", "texts", "message"), REFUSED)
def test_what_is_unfit_is_refused_with_what_could_be_written(kind: Kind, texts: list[str], message: str) -> None:
    with pytest.raises(Unfit) as caught:
        kind.read(texts)
    assert str(caught.value) == message
    assert caught.value.fix


@given(st.lists(st.text("abc-.:/", min_size=1).filter(lambda text: bool(text.strip())), min_size=1))
def test_several_values_are_the_same_with_commas_or_one_by_one(values: list[str]) -> None:
    assert kinds.NAMES.read([",".join(values)]) == kinds.NAMES.read(values)


@given(st.integers(0, 100), st.integers(0, 59), st.integers(0, 59))
def test_a_length_of_time_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    assert kinds.DURATION.read([f"{hours}h{minutes}m{seconds}s"]) == hours * 3600 + minutes * 60 + seconds


@given(st.text(min_size=1), st.sampled_from([kinds.BOOLEAN, kinds.DURATION, kinds.NAMES, kinds.number(0)]))
def test_whatever_is_written_is_read_or_refused(text: str, kind: Kind) -> None:
    with suppress(Unfit):
        kind.read([text])
