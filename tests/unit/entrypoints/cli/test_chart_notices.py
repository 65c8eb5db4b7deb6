from __future__ import annotations

import pytest

from fairway.domain.errors import Diagnostic, Position, Severity
from fairway.entrypoints.cli.chart_notices import ChartNotices


def test_a_growing_number_is_said_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    notices = ChartNotices(lambda: now[0])
    for second in range(13):
        now[0] = 100.0 + second
        notices.progress(f"fetching https://host/x: {second} of 20 MB")
    notices.progress("waiting for another process")
    assert capsys.readouterr().err.splitlines() == [
        "fetching https://host/x: 0 of 20 MB",
        "fetching https://host/x: 10 of 20 MB",
        "waiting for another process",
    ]


def test_a_warning_is_said_once_with_its_place_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    notices = ChartNotices()
    for line in (3, 9):
        notices.warn(Diagnostic("old chart", Position("releases.yaml", line, 1), "take a new one", Severity.WARNING))
    assert capsys.readouterr().err == "releases.yaml:3:1: warning: old chart\n  take a new one\n"
