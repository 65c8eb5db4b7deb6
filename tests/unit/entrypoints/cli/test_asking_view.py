"""Lines of a deployment: on a log each thing once, and what others say never as a command."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairway.domain.dispatch.endings import Ending
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import Transient, UserError
from fairway.entrypoints.cli.asking_view import AskingView, ending_text
from fairway.services.asking.asking import Ended

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WANTED = Wanted(RepositoryName("shop", "web"), "prod", "shop", ({"kind": "Deployment", "metadata": {"name": "web"}},))


def told(state: str, text: str = "") -> Told:
    return Told(state, text, NOON, "https://deploy.example.com/logs")


REFUSED = Told(
    "failure",
    'Deployment failed: configmaps "web" is forbid… (total of 1 error)',
    NOON,
    "https://deploy.example.com/logs",
    'refused: configmaps "web" is forbidden: in the namespace "billing"\n\nnothing was applied',
)


def test_a_failure_has_its_reasons_in_full_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    view = AskingView()
    view.status(told("queued"))
    view.status(REFUSED)
    view.end(Ended(Ending.FAILURE, last=REFUSED), 3, WANTED)
    assert capsys.readouterr().err.splitlines() == [
        "queued       12:00:00",
        'failure      12:00:00  Deployment failed: configmaps "web" is forbid… (total of 1 error)',
        '             refused: configmaps "web" is forbidden: in the namespace "billing"',
        "",
        "             nothing was applied",
        'error: Deployment failed: configmaps "web" is forbid… (total of 1 error) · 3 s',
        "  https://deploy.example.com/logs",
    ]


@pytest.mark.parametrize("actions", [True, False])
def test_who_wants_to_see_only_mistakes_sees_all_of_them(actions: bool, capsys: pytest.CaptureFixture[str]) -> None:
    view = AskingView(quiet=True, actions=actions)
    view.status(REFUSED)
    view.end(Ended(Ending.FAILURE, last=REFUSED), 3, WANTED)
    assert capsys.readouterr().err.count('in the namespace "billing"') == 1


def test_a_long_detail_is_cut_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    AskingView().status(Told("failure", "no", NOON, detail="\n".join(map(str, range(50)))))
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == ["             39", "             … 10 more lines on its page"]


def test_a_success_has_no_detail(capsys: pytest.CaptureFixture[str]) -> None:
    AskingView().status(Told("success", "all well", NOON, detail="applied: ConfigMap web"))
    assert capsys.readouterr().err == "success      12:00:00  all well\n"


def test_a_log_says_now_and_then_that_it_still_waits(capsys: pytest.CaptureFixture[str]) -> None:
    view = AskingView()
    view.status(told("queued"))
    for second in range(50):
        view.waiting("queued", second)
    assert capsys.readouterr().err.splitlines()[1:] == [
        "             still queued after 20 s",
        "             still queued after 40 s",
    ]
    view.status(told("in_progress"))
    view.waiting("in_progress", 60)
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("ended", "text"),
    [
        (Ended(Ending.SUCCESS, last=told("success", "healthy")), "success: healthy · 12 s"),
        (Ended(Ending.FAILURE, last=told("failure")), "failure: it did not start, was refused by the cluster"),
        (Ended(Ending.FAILURE, last=told("failure", "Deployment failed: no")), "Deployment failed: no · 12 s"),
        (Ended(Ending.FAILURE, last=told("failure", "no deployd answered")), "failure: no deployd answered · 12 s"),
        (Ended(Ending.ERROR, last=told("error", "Error in deployment request: no team")), "no team · 12 s"),
        (Ended(Ending.SUCCESS), "asked for; nobody waits for the outcome"),
        (Ended(Ending.TIMEOUT, last=told("queued")), "still queued after 12 s; it may still go on"),
        (Ended(Ending.TIMEOUT), "no status at all after 12 s"),
        (Ended(Ending.NO_DEPLOYMENT, reason=UserError("not allowed")), "not allowed"),
        (Ended(Ending.UNAVAILABLE, last=told("queued"), reason=Transient("away")), "queued before that; away"),
    ],
)
def test_every_ending_is_one_line(ended: Ended, text: str) -> None:
    assert ending_text(ended, 12).startswith(text)
    assert "\n" not in ending_text(ended, 12)


@given(text=st.text(st.sampled_from("::error title=x\n\r\x1b[2J##[|<b>`![]()#*_\\%"), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_others_say_is_never_a_command_nor_markup(
    text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    summary, output = tmp_path / "summary", tmp_path / "output"
    for file in (summary, output):
        file.write_text("")
    view = AskingView(actions=True, summary=str(summary), output=str(output))
    view.begin(WANTED, "through GitHub")
    view.asked(Receipt(text, text, 201, ""))
    view.status(told("queued", text))
    view.trouble(Transient(text), 1)
    ended = Ended(Ending.FAILURE, Receipt("1"), told("failure", text))
    view.end(ended, 1, WANTED)
    lines = capsys.readouterr().err.split("\n")
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert [line[:9] for line in commands] == ["::group::", "::endgrou", "::error t"]
    assert not any("##[" in line or "\x1b" in line for line in lines if not line.startswith("::error"))
    assert len(output.read_text().splitlines()) == 4
    assert "[Log](<https://deploy.example.com/logs>)" in summary.read_text()
    said = [line for line in summary.read_text().splitlines() if not line.startswith(("###", "[Log]"))]
    bare = [re.sub(r"\\.", "", line) for line in said]
    assert not any(sign in line for line in bare for sign in "<>[]`*_#!")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x/>)[y](z)", "https://x/\n# big", ""])
def test_a_link_that_is_none_is_not_made_one(link: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_text("")
    view = AskingView(actions=True, quiet=True, summary=str(summary))
    view.end(Ended(Ending.SUCCESS, Receipt("1"), Told("success", "", NOON, link)), 1, WANTED)
    assert "[Log]" not in summary.read_text()
    assert "big" not in summary.read_text()
