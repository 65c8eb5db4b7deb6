"""The stage prints what it runs, and stops the story when a command ends otherwise than it should."""

import os
import sys
from pathlib import Path

import pytest

from fairway.entrypoints.demo.stage import Stage, StepFailed, typed, undisturbed


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, os.environ)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["fairway", "apply", "prod"], "fairway apply prod"),
        (["git", "revert", "HEAD~2"], "git revert HEAD~2"),
        (["git", "commit", "--message", "orders 1.4.2"], "git commit --message 'orders 1.4.2'"),
        (["echo", "$HOME"], "echo '$HOME'"),
    ],
)
def test_commands_are_quoted_only_where_a_shell_needs_it(command: list[str], text: str) -> None:
    assert typed(command) == text


def test_a_command_runs_in_the_folder_and_on_this_terminal(
    stage: Stage, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.run(["where"], program=[sys.executable, "-c", "import os; print(os.getcwd())"])
    assert capfd.readouterr().out.splitlines() == ["", "$ where", str(tmp_path)]


def test_fairway_is_the_real_one(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    stage.fairway("version")
    out = capfd.readouterr().out
    assert "$ fairway version" in out
    assert "Python" in out


@pytest.mark.parametrize(("code", "expect"), [(1, 0), (0, 1), (4, 1)])
def test_another_exit_code_than_expected_stops_the_story(stage: Stage, code: int, expect: int) -> None:
    with pytest.raises(StepFailed, match=f"exit code {code}"):
        stage.run(["x"], program=[sys.executable, "-c", f"raise SystemExit({code})"], expect=expect)


def test_an_expected_failure_goes_on(stage: Stage) -> None:
    stage.run(["x"], program=[sys.executable, "-c", "raise SystemExit(1)"], expect=1)


def test_a_quiet_command_that_fails_is_quoted(stage: Stage) -> None:
    with pytest.raises(StepFailed, match="boom"):
        stage.quietly(sys.executable, "-c", "import sys; sys.exit('boom')")


def test_variables_that_lead_elsewhere_are_left_out() -> None:
    """Git sets GIT_DIR for hooks; a commit of the demo would else go to the repository that the hook belongs to."""
    env = {"PATH": "/bin", "GIT_DIR": "x", "GIT_INDEX_FILE": "y", "FAIRWAY_CLUSTER": "z", "FAIRWAY_DATA_DIR": "d"}
    assert undisturbed(env) == {"PATH": "/bin", "FAIRWAY_DATA_DIR": "d"}
