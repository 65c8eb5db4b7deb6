"""How the ends of several environments become one document and one exit code."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.cli import Shop, release

from fairway.domain.errors import FairwayError, Refused, Terminal, Transient, UserError
from fairway.domain.progress import Outcome
from fairway.domain.repository.models import Environment
from fairway.entrypoints.cli.apply_environments import Ended, chosen_releases, document, exit_code
from fairway.services.engine.carrying import Result
from fairway.services.engine.run_result import RunResult
from fairway.services.loading import load_repository


@pytest.fixture
def environments(tmp_path: Path) -> Sequence[Environment]:
    shop = Shop(tmp_path, Path("kubeconfig"), ["a", "b"])
    shop.write([release("web"), release("worker")])
    shop.put("more.yaml", "releases: [{name: only, chart: {dir: charts/app}}]\n")
    text = (tmp_path / "environments.yaml").read_text().replace("- releases.yaml", "- releases.yaml\n  - more.yaml", 1)
    shop.put("environments.yaml", text)
    return load_repository(tmp_path / "environments.yaml").environments


def ended(environment: Environment, outcome: Outcome | None = None, error: FairwayError | None = None) -> Ended:
    one = Ended(environment, error=error)
    if outcome is not None:
        one.result = RunResult(environment.name, {"worker": Result(Outcome.UNCHANGED), "web": Result(outcome, 3)})
    return one


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ([Outcome.INSTALLED, Outcome.UNCHANGED], 0),
        ([Outcome.INSTALLED, Outcome.FAILED], 1),
        ([Outcome.REFUSED, Outcome.UNCHANGED], 3),
        ([Outcome.REFUSED, Outcome.FAILED], 1),
        ([UserError("x"), Outcome.INSTALLED], 2),
        ([Transient("x"), Refused("x")], 4),
        ([Transient("x"), Terminal("x")], 1),
    ],
)
def test_one_exit_code_for_all(environments: Sequence[Environment], ends: list[object], code: int) -> None:
    all_ = [
        ended(e, error=end) if isinstance(end, FairwayError) else ended(e, outcome=end)  # type: ignore[arg-type]
        for e, end in zip(environments, ends, strict=True)
    ]
    assert exit_code(all_) == code
    assert document(all_)["exitCode"] == code


def test_an_interrupt_wins_over_everything(environments: Sequence[Environment]) -> None:
    stopped = Ended(environments[1], interrupted=True)
    assert exit_code([ended(environments[0], Outcome.FAILED), stopped]) == 130
    assert exit_code([]) == 0


def test_the_document_keeps_declared_order_and_says_why_an_environment_was_left_out(
    environments: Sequence[Environment],
) -> None:
    bad = Refused("too many deletions", fix="say yes")
    first, second = document([ended(environments[0], Outcome.INSTALLED), ended(environments[1], error=bad)])[
        "environments"
    ]
    assert [(r["name"], r["revision"]) for r in first["releases"]] == [("web", 3), ("worker", None)]
    assert "error" not in first
    assert second["error"] == {"message": "too many deletions", "where": None, "fix": "say yes"}
    assert (second["releases"], second["elapsedSeconds"]) == ([], None)


def test_releases_are_looked_for_in_each_environment(environments: Sequence[Environment]) -> None:
    assert [only for _, only in chosen_releases(environments, [])] == [frozenset(), frozenset()]
    assert [(e.name, set(only)) for e, only in chosen_releases(environments, ["only", "web"])] == [
        ("one", {"only", "web"}),
        ("two", {"web"}),
    ]
    assert [e.name for e, _ in chosen_releases(environments, ["only"])] == ["one"]
    with pytest.raises(UserError, match='no release "onyl" in one; did you mean "only"'):
        chosen_releases(environments, ["web", "onyl"])
