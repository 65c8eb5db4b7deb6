"""`--check` looks at everything, and its exit code says what to do next."""

from __future__ import annotations

import pytest

from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.entrypoints.workers.checking import Check, check_all

AWAY = Transient("nobody listens on 127.0.0.1:9092", fix="start it")
WRONG = UserError("the key is wrong", fix="set another")
BROKEN = Terminal("it is broken")


def looking(error: FairwayError | None) -> Check:
    async def look() -> str:
        if error is not None:
            raise error
        return "answers"

    return Check("queue", look)


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([None, None], 0),
        ([None, AWAY], 4),
        ([AWAY, WRONG], 2),
        ([WRONG, AWAY, AWAY], 2),
        ([AWAY, BROKEN, WRONG], 1),
    ],
)
async def test_the_exit_code_says_whether_waiting_helps(errors: list[FairwayError | None], code: int) -> None:
    assert await check_all([looking(error) for error in errors]) == code


async def test_one_that_is_wrong_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    await check_all([looking(AWAY), looking(None), looking(WRONG)])
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "✗ queue          nobody listens on 127.0.0.1:9092",
        "                 start it",
        "✓ queue          answers",
        "✗ queue          the key is wrong",
        "                 set another",
    ]
