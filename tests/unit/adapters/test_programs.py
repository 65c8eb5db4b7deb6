"""Programs of others: found on PATH, run with their variables, their failure told."""

from pathlib import Path

import pytest

from fairway.adapters.programs import SystemPrograms
from fairway.domain.errors import UserError


@pytest.fixture
def programs(tmp_path: Path) -> SystemPrograms:
    tool = tmp_path / "gcloud"
    tool.write_text('#!/bin/sh\necho "$KUBECONFIG $*" > "$OUT"\nexit "${CODE:-0}"\n')
    tool.chmod(0o755)
    return SystemPrograms({"PATH": f"{tmp_path}:/bin:/usr/bin", "OUT": str(tmp_path / "out")})


def test_a_program_is_found_or_not(programs: SystemPrograms, tmp_path: Path) -> None:
    assert programs.find("gcloud") == str(tmp_path / "gcloud")
    assert programs.find("no-such-program") is None


def test_it_runs_with_added_variables(programs: SystemPrograms, tmp_path: Path) -> None:
    programs.run(["gcloud", "get credentials", "x"], {"KUBECONFIG": "/k"})
    assert (tmp_path / "out").read_text() == "/k get credentials x\n"


def test_its_failure_is_told_with_the_command(programs: SystemPrograms) -> None:
    with pytest.raises(UserError, match="gcloud failed with exit code 3") as caught:
        programs.run(["gcloud", "a b"], {"CODE": "3"})
    assert "gcloud 'a b'" in (caught.value.fix or "")


def test_a_missing_one_is_told(programs: SystemPrograms) -> None:
    with pytest.raises(UserError, match="not on PATH"):
        programs.run(["no-such-program"], {})


def test_what_a_program_prints_is_taken_from_its_folder(tmp_path: Path, programs: SystemPrograms) -> None:
    (tmp_path / "say").write_text('#!/bin/sh\necho "$PWD $1"\necho "went wrong" >&2\nexit "${2:-0}"\n')
    (tmp_path / "say").chmod(0o755)
    assert programs.output(["say", "hello"], tmp_path) == f"{tmp_path} hello\n"
    with pytest.raises(UserError, match="say failed with exit code 4: went wrong") as caught:
        programs.output(["say", "hello", "4"], tmp_path)
    assert "say hello 4" in str(caught.value.fix)
    with pytest.raises(UserError, match="absent is not on PATH"):
        programs.output(["absent"], tmp_path)
