from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.charts import archive, chart_files

from fairway.domain.charts.contents import asks_of, asks_of_values, digest_of, facts_of

FILES = st.dictionaries(st.text("ab/.", min_size=1, max_size=5), st.binary(max_size=20), max_size=5)


@given(FILES, FILES)
def test_the_digest_tells_charts_apart_and_nothing_else(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)
    assert digest_of(dict(reversed(list(one.items())))) == digest_of(one)


def asks(text: str, path: str = "templates/a.yaml") -> set[str]:
    return asks_of({path: text.encode()}, "web")


@pytest.mark.parametrize(
    "text",
    [
        '{{ lookup "v1" "Secret" "ns" "x" }}',
        '{{- $s := (lookup "v1" "Secret" .Release.Namespace $name).data -}}',
        '{{ if not\n (lookup $api "Secret" "" "") }}{{ end }}',
        '{{ printf "}}" }}{{ lookup "v1" "Pod" "" "" }}',
        '{{ "}} x" | default (lookup "v1" "Pod" "" "") }}',
        "{{ `}}` }} {{ lookup `v1` `Pod` `` `` }}",
        '{{ dict "x" (lookup "v1" "Pod" "" "") | toYaml }}',
        '{{ $x := lookup "v1" "Pod" "" ""}}',
        '{{/* a comment */}}{{ lookup "v1" "Pod" "" "" }}',
    ],
)
def test_a_call_of_lookup_is_found(text: str) -> None:
    assert "lookup" in asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "# we lookup nothing here",
        "lookup: true",
        "{{ .Values.lookup }}",
        "{{ $lookup }}",
        "{{ .Values.dns-lookup-time }}",
        '{{/* lookup "v1" "Pod" */}}',
        "{{- /* lookup me */ -}}",
        "{{ .Values.a }} lookup {{ .Values.b }}",
        "{{ unlookup 1 }}",
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert "lookup" not in asks(text)


def test_any_file_may_be_handed_to_tpl() -> None:
    assert "lookup" in asks('{{ lookup "v1" "Pod" "" "" }}', "config/app.conf")


def test_in_default_values_the_bare_word_counts_but_not_in_a_comment() -> None:
    assert "lookup" in asks('extra: "{{ lookup \\"v1\\" }}"\n', "values.yaml")
    assert "lookup" in asks("parts: ['{{ ', 'lookup \"v1\"']\n", "charts/sub/values.yaml")
    assert "lookup" not in asks("# lookup is cheap\na: 1\n", "values.yaml")


def test_capabilities_are_found_in_any_form() -> None:
    assert asks("{{ .Capabilities.KubeVersion }}") == {"capabilities"}
    assert asks('{{ (index $ "Capabilities").APIVersions }}') == {"capabilities"}
    assert asks("{{ .Values.a }}") == set()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"a": 1, "b": [True, None, 2.5, "plain"]}, set()),
        ({"a": {"b": ["x", "{{ .Capabilities.KubeVersion }}"]}}, {"capabilities"}),
        ({"a": '{{ (lookup "v1" "Secret" "ns" "n").data }}'}, {"lookup"}),
        ({'{{ lookup "v1" "Pod" "" "" }}': '{{ index $ "Capabilities" }}'}, {"lookup", "capabilities"}),
        ({"url": "dns-lookup.example", "key": ".Values.lookup"}, set()),
    ],
)
def test_values_that_a_release_sets_are_searched_too(values: object, found: set[str]) -> None:
    assert asks_of_values(values) == found


@pytest.mark.parametrize(
    "text",
    [
        "{{ $.Capabilities.APIVersions }}",
        "{{ with .Capabilities }}{{ .KubeVersion }}{{ end }}",
        '{{ $root := . }}{{ get $root "Capabilities" }}',
        '{{ define "web.v" }}{{ .Capabilities.HelmVersion }}{{ end }}',
    ],
)
@pytest.mark.parametrize(
    "path", ["templates/a.yaml", "templates/_helpers.tpl", "charts/sub/templates/_h.tpl", "files/x.conf", "values.yaml"]
)
def test_capabilities_are_found_wherever_a_template_may_stand(text: str, path: str) -> None:
    assert asks(text, path) == {"capabilities"}


def test_sub_charts_count_also_when_packed_twice() -> None:
    inner = archive(chart_files("inner", more={"templates/x.yaml": '{{ lookup "v1" "Pod" "" "" }}'}), "inner")
    middle = archive({**chart_files("middle"), "charts/inner-1.0.0.tgz": inner}, "middle")
    assert asks_of({"charts/middle-1.0.0.tgz": middle}, "web") == {"lookup"}
    assert asks_of({"charts/inner/templates/x.yaml": b"{{ lookup 1 }}"}, "web") == {"lookup"}


def test_charts_packed_too_deeply_are_not_trusted() -> None:
    packed = archive(chart_files("leaf"), "leaf")
    for _ in range(12):
        packed = archive({**chart_files("box"), "charts/in.tgz": packed}, "box")
    assert asks_of({"charts/in.tgz": packed}, "web") == {"lookup", "capabilities"}


def test_a_chart_that_wants_certain_clusters_depends_on_the_cluster() -> None:
    about = b"apiVersion: v2\nname: web\nversion: 1.0.0\nkubeVersion: '>=1.20'\n"
    assert facts_of({"Chart.yaml": about}, "web").uses_capabilities
    assert not facts_of({"Chart.yaml": about.replace(b"kubeVersion: '>=1.20'\n", b"")}, "web").uses_capabilities


@given(st.text("{}\"'`-/* lookup\\\n", max_size=60))
def test_no_text_breaks_the_search(text: str) -> None:
    assert asks(text) <= {"lookup"}


def test_a_long_unfinished_action_takes_no_time() -> None:
    assert asks("{{ lookup " + '"a" ' * 200_000) in (set(), {"lookup"})
