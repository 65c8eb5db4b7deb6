"""A lint run: the format, the value files, then the deeper checks that the caller brings."""

from pathlib import Path

import pytest

from fairway.domain.errors import Diagnostic, Position, Severity, UserError
from fairway.domain.repository.models import Repository
from fairway.services.linting import lint

MAIN = """\
clusters: [{name: local, provider: {minikube: {}}}]
environments:
  - {name: prod, clusterName: local, kubeNamespace: shop, releasesFiles: [r.yaml], defaultValuesFile: v.yaml}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "environments.yaml").write_text(MAIN)
    (tmp_path / "r.yaml").write_text("releases: [{name: web, chart: {dir: .}, valuesFile: v.yaml}]\n")
    (tmp_path / "v.yaml").write_text("a: 1\n")
    (tmp_path / "Chart.yaml").write_text("name: x\n")
    return tmp_path


class Finds:
    def __init__(self, *found: Diagnostic) -> None:
        self.found = found
        self.seen: list[Repository] = []

    async def __call__(self, repository: Repository) -> tuple[Diagnostic, ...]:
        self.seen.append(repository)
        return self.found


async def test_nothing_wrong(folder: Path) -> None:
    report = await lint(folder / "environments.yaml", shown_from=folder)
    assert (report.diagnostics, report.files) == ((), 3)
    assert not report.failed(strict=True)


async def test_deeper_checks_see_the_repository_and_their_findings_are_in_order(folder: Path) -> None:
    late = Finds(Diagnostic("late", Position("r.yaml", 9), severity=Severity.WARNING, rule="x"))
    early = Finds(Diagnostic("early", Position("environments.yaml", 1), rule="y"), Diagnostic("nowhere"))
    report = await lint(folder / "environments.yaml", [late, early], folder)
    assert [one.message for one in report.diagnostics] == ["early", "late", "nowhere"]
    assert early.seen[0].environments[0].name == "prod"


async def test_fairway_yaml_is_looked_at_when_it_is_there_and_hides_nothing(folder: Path) -> None:
    (folder / "fairway.yaml").write_text("agnt: {}\ngit: {credentials: {knownHosts: hosts}}\n")
    deep = Finds(Diagnostic("deep", Position("r.yaml", 9), rule="x"))
    report = await lint(folder / "environments.yaml", [deep], folder)
    assert [(one.rule, str(one.position)) for one in report.diagnostics] == [
        ("unknown-key", "fairway.yaml:1:1"),
        ("missing-file", "fairway.yaml:2:33"),
        ("x", "r.yaml:9"),
    ]
    assert report.files == 4


@pytest.mark.parametrize(
    ("content", "rule"), [(b"a: [", "yaml-syntax"), (b"\xff", "yaml-syntax"), (b"- 1", "wrong-type")]
)
async def test_a_fairway_yaml_that_cannot_be_read_is_a_finding(folder: Path, content: bytes, rule: str) -> None:
    (folder / "fairway.yaml").write_bytes(content)
    report = await lint(folder / "environments.yaml", shown_from=folder)
    assert [one.rule for one in report.diagnostics] == [rule]


async def test_deeper_checks_do_not_run_on_a_wrong_format(folder: Path) -> None:
    (folder / "r.yaml").write_text("releases: [{name: web}]\n")
    check = Finds()
    report = await lint(folder / "environments.yaml", [check], folder)
    assert [one.rule for one in report.diagnostics] == ["one-workload"]
    assert check.seen == []


@pytest.mark.parametrize(
    ("content", "rule", "place"),
    [
        (b"a: [\n", "yaml-syntax", "v.yaml:2:1"),
        (b"a: 1\na: 2\n", "duplicate-key", "v.yaml:2:1"),
        (b"- a\n", "wrong-type", "v.yaml:1:1"),
        (b"\xff", "yaml-syntax", "v.yaml"),
        (b"", None, None),
    ],
)
async def test_value_files_are_read(folder: Path, content: bytes, rule: str | None, place: str | None) -> None:
    (folder / "v.yaml").write_bytes(content)
    report = await lint(folder / "environments.yaml", shown_from=folder)
    assert [(one.rule, str(one.position)) for one in report.diagnostics] == ([(rule, place)] if rule else [])


async def test_warnings_fail_only_a_strict_run(folder: Path) -> None:
    check = Finds(
        Diagnostic("w", None, severity=Severity.WARNING), Diagnostic("i", None, severity=Severity.INFO, rule="i")
    )
    report = await lint(folder / "environments.yaml", [check], folder)
    assert (report.failed(), report.failed(strict=True)) == (False, True)
    assert (report.count(Severity.WARNING), report.count(Severity.INFO)) == (1, 1)


async def test_no_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no environments"):
        await lint(tmp_path / "environments.yaml")
