from __future__ import annotations

import pytest

from fairway.domain.charts.metadata import ChartMetadata, check_installable, check_kube_version, parse_metadata
from fairway.domain.errors import InvalidInput, Position, Severity, UserError

AT = Position("releases.yaml", 3, 5)


def test_a_full_chart_yaml() -> None:
    text = (
        'apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: "7"\nkubeVersion: ">=1.20"\ntype: application\n'
        "deprecated: true\ndescription: A chart\n"
    )
    assert parse_metadata(text.encode(), "Chart.yaml") == ChartMetadata(
        "web", "1.2.3", "v2", "application", ">=1.20", "7", "A chart", True
    )


def test_an_old_chart_says_no_api_version() -> None:
    assert parse_metadata(b"name: web\nversion: 1.0.0\n", "Chart.yaml").api_version == "v1"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("apiVersion: v3\nname: a\nversion: 1.0.0\n", 1, 'apiVersion "v3" is not known'),
        ("apiVersion: v2\nname: ''\nversion: 1.0.0\n", 2, "the chart has no name"),
        ("apiVersion: v2\nversion: 1.0.0\n", 1, "the chart has no name"),
        ("apiVersion: v2\nname: a/b\nversion: 1.0.0\n", 2, "is not a plain name"),
        ("apiVersion: v2\nname: a\n", 1, "the chart has no version"),
        ("apiVersion: v2\nname: a\nversion: banana\n", 3, "is not a semantic version"),
        ("apiVersion: v2\nname: a\nversion: 1.10\n", 3, "version must be a string, this is 1.10"),
        ("apiVersion: v2\nname: 7\nversion: 1.0.0\n", 2, "name must be a string, this is 7"),
        ("apiVersion: v2\nname: a\nversion: 1.0.0\nappVersion: 1e3\n", 4, "appVersion must be a string, this is 1e3"),
        ("apiVersion: v2\nname: a\nversion: 1.0.0\ntype: thing\n", 4, 'chart type "thing" is not known'),
        ("- a\n", 1, "is a map"),
        ("", 1, "is a map"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_metadata(text.encode(), "web/Chart.yaml")
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == ("web/Chart.yaml", line)


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_metadata(b"apiVersion: v3\nversion: x\ntype: y\n", "Chart.yaml")
    assert len(caught.value.diagnostics) == 4


def test_what_is_not_text_is_said_to_be_none() -> None:
    with pytest.raises(InvalidInput, match="not UTF-8"):
        parse_metadata(b"\xff\xfe\x00", "Chart.yaml")


def test_a_library_chart_cannot_be_installed() -> None:
    with pytest.raises(UserError, match="library charts are not installable") as caught:
        check_installable(ChartMetadata("lib", "1.0.0", "v2", "library"), AT)
    assert caught.value.where == AT


def test_a_deprecated_chart_is_a_warning() -> None:
    (warning,) = check_installable(ChartMetadata("web", "1.0.0", "v2", deprecated=True), AT)
    assert warning.severity is Severity.WARNING
    assert check_installable(ChartMetadata("web", "1.0.0", "v2"), AT) == []


@pytest.mark.parametrize(
    ("constraint", "version", "fits"),
    [
        ("", "v1.36.3", True),
        (">=1.20", "v1.36.3", True),
        (">=1.20.0-0", "v1.36.3-gke.100", True),
        (">=1.20", "v1.36.3-gke.100", False),
        ("<1.25", "v1.36.3", False),
        ("1.36.x", "v1.36.3", True),
        ("nonsense", "v1.36.3", False),
    ],
)
def test_a_chart_may_want_certain_clusters(constraint: str, version: str, fits: bool) -> None:
    if fits:
        check_kube_version("web", constraint, version, AT)
        return
    with pytest.raises(UserError) as caught:
        check_kube_version("web", constraint, version, AT)
    assert constraint in str(caught.value)
    assert caught.value.where == AT


def test_a_managed_cluster_gets_its_own_hint() -> None:
    with pytest.raises(UserError) as caught:
        check_kube_version("web", ">=1.20", "v1.36.3-gke.100", AT)
    assert '">=1.20-0"' in (caught.value.fix or "")
