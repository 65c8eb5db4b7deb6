from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.charts.index import chart_entries, chart_names
from fairway.domain.errors import Terminal


def entry(version: Any = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"name": "web", "version": version, "urls": ["web.tgz"], "digest": "ab" * 32, **more}


def index(entries: Any, **more: Any) -> bytes:
    return yaml.safe_dump(
        {"apiVersion": "v1", "entries": entries, "generated": "2026-01-01T00:00:00Z", **more}
    ).encode()


def test_versions_come_newest_first_with_what_people_want_to_know() -> None:
    data = index({"web": [entry("1.9.0", appVersion="7"), entry("1.10.0", deprecated=True)], "api": [entry()]})
    found = chart_entries(data, "web", "x")
    assert [item.version for item in found] == ["1.10.0", "1.9.0"]
    assert found[0].about["deprecated"] is True
    assert found[1].about["appVersion"] == "7"
    assert found[1].digest == "ab" * 32


def test_a_chart_that_is_not_there_has_no_versions() -> None:
    assert chart_entries(index({"api": [entry()]}), "web", "x") == []
    assert chart_entries(index({}), "web", "x") == []
    assert chart_names(index({"b": [entry()], "a": [entry()]}), "x") == ["a", "b"]


@pytest.mark.parametrize(
    "bad",
    [
        entry("not-a-version"),
        entry(None),
        entry(1.0),
        entry(urls=[]),
        entry(urls=None),
        "text",
        None,
    ],
)
def test_entries_that_helm_skips_are_skipped(bad: Any) -> None:
    assert [item.version for item in chart_entries(index({"web": [bad, entry("2.0.0")]}), "web", "x")] == ["2.0.0"]


def test_of_two_entries_of_one_version_the_first_counts() -> None:
    data = index({"web": [entry(urls=["first.tgz"]), entry(urls=["second.tgz"])]})
    assert chart_entries(data, "web", "x")[0].urls == ("first.tgz",)


def test_digests_may_carry_their_algorithm() -> None:
    assert chart_entries(index({"web": [entry(digest="sha256:" + "AB" * 32)]}), "web", "x")[0].digest == "ab" * 32


HELM_STYLE = """\
apiVersion: v1
entries:
  # a comment
  "api":
  - version: 1.0.0
    urls: [api.tgz]
    description: |
      web:
      - version: 9.9.9
  web:  # another
    - version: 2.0.0
      description: "spread over
        lines: web:"
      urls:
        - web.tgz

  webby:
  - {version: 3.0.0, urls: [webby.tgz]}
generated: "2026-01-01"
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_lines_of_one_chart_are_found_in_a_file_as_helm_writes_it(line_end: str) -> None:
    data = HELM_STYLE.replace("\n", line_end).encode()
    found = {name: [item.version for item in chart_entries(data, name, "x")] for name in ("api", "web", "webby")}
    assert found == {"api": ["1.0.0"], "web": ["2.0.0"], "webby": ["3.0.0"]}
    assert chart_names(data, "x") == ["api", "web", "webby"]


UNUSUAL = {
    "json": json.dumps({"apiVersion": "v1", "entries": {"web": [entry()]}}),
    "flow": "apiVersion: v1\nentries: {web: [{version: 1.0.0, urls: [w.tgz]}]}\n",
    "anchors": ("apiVersion: v1\nentries:\n  api:\n  - &a\n    version: 1.0.0\n    urls: [a.tgz]\n  web:\n  - *a\n"),
    "byte order mark": "\ufeffapiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n    urls: [w.tgz]\n",
    "single quotes": "entries:\n  'web':\n  - version: 1.0.0\n    urls: [w.tgz]\n",
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_a_file_in_another_style_is_read_as_a_whole(text: str) -> None:
    assert [item.version for item in chart_entries(text.encode(), "web", "x")] == ["1.0.0"]
    assert "web" in chart_names(text.encode(), "x")


@pytest.mark.parametrize("text", ["<html></html>", "", "[]", "entries", "{", "apiVersion: [", "\x00"])
def test_what_is_no_index_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Terminal):
        chart_entries(text.encode(), "web", "https://charts.example")


NAMES = st.sampled_from(["web", "web-api", "we", "a.b", "redis", "true", "1"])
TEXTS = st.text("ab: -#'\"|>\n", max_size=30)


@given(st.dictionaries(NAMES, st.lists(TEXTS, min_size=1, max_size=3), min_size=1))
def test_the_quick_way_answers_like_reading_everything(charts: dict[str, list[str]]) -> None:
    entries = {
        name: [entry(f"1.0.{number}", description=text) for number, text in enumerate(texts)]
        for name, texts in charts.items()
    }
    data = index(entries)
    for name in charts:
        found = chart_entries(data, name, "x")
        assert [item.version for item in found] == [f"1.0.{number}" for number in reversed(range(len(charts[name])))]
        assert [item.about.get("description", "") for item in reversed(found)] == charts[name]
    assert chart_names(data, "x") == sorted(charts)
