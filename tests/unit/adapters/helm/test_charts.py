"""Charts as the SDK renderer knows them: the payload of a record, checks before rendering, API versions."""

from __future__ import annotations

import asyncio
import base64
import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from fairway.adapters.helm.api_versions import chart_without, unserved
from fairway.adapters.helm.known_chart import check_renderable, know
from fairway.adapters.helm.native import NativeChart
from fairway.adapters.helm.sdk import SdkRenderer
from fairway.domain.charts.archive import read_archive, write_archive
from fairway.domain.charts.rendering import Capabilities, ChartSource, RenderRequest
from fairway.domain.errors import FairwayError, UserError

META = b"apiVersion: v2\nname: web\nversion: 1.0.0\n"
SERVED = Capabilities("v1.36.3", ("apps/v1", "policy/v1", "v1"))


def source(path: Path) -> ChartSource:
    return ChartSource("web", "1.0.0", str(path), f"sha256:{path}", f"dir {path.name}")


def packed(folder: Path, **files: bytes) -> ChartSource:
    path = folder / "web.tgz"
    path.write_bytes(write_archive("web", {"Chart.yaml": META, **files}))
    return source(path)


def unpacked(folder: Path, **files: bytes) -> ChartSource:
    for name, data in {"Chart.yaml": META, **files}.items():
        (folder / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "web" / name).write_bytes(data)
    return source(folder / "web")


BOTH = pytest.mark.parametrize("chart", [packed, unpacked])


@BOTH
def test_files_that_are_no_text_are_recorded_byte_for_byte(chart: object, tmp_path: Path) -> None:
    blob = bytes(range(256))
    known = know(chart(tmp_path, **{"data/blob.bin": blob, "text.txt": "ü\ufffd".encode()}))  # type: ignore[operator]
    files = {file["name"]: base64.b64decode(file["data"]) for file in known.payload["files"]}
    assert files == {"data/blob.bin": blob, "text.txt": "ü\ufffd".encode()}


@BOTH
def test_the_schema_is_recorded_as_written(chart: object, tmp_path: Path) -> None:
    schema = b'{ "type": "object",\n  "properties": {} }\n'
    known = know(chart(tmp_path, **{"values.schema.json": schema}))  # type: ignore[operator]
    assert base64.b64decode(known.payload["schema"]) == schema


LOCK = b"""dependencies:
- {name: dep, repository: "https://charts.example", version: 1.0.0}
digest: sha256:aa
generated: "2026-01-02T03:04:05.678901234+01:00"
"""


@BOTH
def test_the_lock_is_recorded(chart: object, tmp_path: Path) -> None:
    known = know(chart(tmp_path, **{"Chart.lock": LOCK}))  # type: ignore[operator]
    assert known.payload["lock"] == {
        "generated": "2026-01-02T03:04:05.678901234+01:00",
        "digest": "sha256:aa",
        "dependencies": [{"name": "dep", "repository": "https://charts.example", "version": "1.0.0"}],
    }


@pytest.mark.parametrize("time", [b'"soon"', b'"2026-01-02T03:04:05"'])
def test_a_lock_whose_time_helm_could_not_read_back_is_refused(time: bytes, tmp_path: Path) -> None:
    lock = LOCK.replace(b'"2026-01-02T03:04:05.678901234+01:00"', time)
    with pytest.raises(UserError, match=r"Chart\.lock"):
        know(packed(tmp_path, **{"Chart.lock": lock}))


def test_a_lock_without_time_has_gos_zero_time(tmp_path: Path) -> None:
    known = know(packed(tmp_path, **{"Chart.lock": b"digest: sha256:aa\n"}))
    assert known.payload["lock"] == {"generated": "0001-01-01T00:00:00Z", "digest": "sha256:aa", "dependencies": None}


def test_what_a_chart_does_not_have_is_null_as_helm_writes_it(tmp_path: Path) -> None:
    payload = know(packed(tmp_path)).payload
    assert dict(payload) == {
        "metadata": {"name": "web", "version": "1.0.0", "apiVersion": "v2"},
        **dict.fromkeys(("lock", "templates", "values", "schema", "files")),
    }


def test_missing_dependencies_are_named_all_at_once(tmp_path: Path) -> None:
    meta = META + b"dependencies:\n- {name: a, version: 1, repository: ''}\n- {name: b, version: 1, repository: ''}\n"
    chart = packed(tmp_path, **{"Chart.yaml": meta})
    with pytest.raises(UserError, match="a, b") as caught:
        check_renderable(know(chart), chart, SERVED)
    assert str(caught.value.where) == "web/Chart.yaml"


@pytest.mark.parametrize(
    ("constraint", "version", "fits"),
    [
        (">=1.20", "v1.36.3", True),
        (">=1.20", "v1.36.3-gke.1200", True),
        ("<1.20", "v1.36.3", False),
        (">=1.36.3", "v1.36.3-eks-1234", True),
        ("", "v1.36.3", True),
        (">=1.99", "", True),
    ],
)
def test_a_constraint_on_the_cluster_ignores_the_providers_suffix(
    constraint: str, version: str, fits: bool, tmp_path: Path
) -> None:
    chart = packed(tmp_path, **{"Chart.yaml": META + f'kubeVersion: "{constraint}"\n'.encode()})
    try:
        check_renderable(know(chart), chart, replace(SERVED, kube_version=version))
    except UserError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize("data", [b"no archive", gzip.compress(b"no tar", mtime=0)])
def test_what_is_no_chart_is_refused_with_its_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.tgz"
    path.write_bytes(data)
    with pytest.raises(FairwayError, match=r"broken\.tgz"):
        know(source(path))


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        know(source(tmp_path / "nowhere"))


ASKS = b'{{ .Capabilities.APIVersions.Has "policy/v1beta1" }} {{ has `batch/v1beta1` .Capabilities.APIVersions }}'


def test_versions_that_are_built_in_but_not_served_are_known() -> None:
    assert {"policy/v1beta1", "extensions/v1beta1", "batch/v1"} <= unserved(SERVED)
    assert not unserved(SERVED) & {"apps/v1", "v1"}
    assert unserved(Capabilities("v1.36.3", ())) == frozenset()


def test_a_chart_that_never_asks_is_left_alone(tmp_path: Path) -> None:
    files = {"templates/x.yaml": b"apiVersion: policy/v1beta1 # {{ .Capabilities.APIVersions }}"}
    assert chart_without(packed(tmp_path, **files), unserved(SERVED)) is None
    assert chart_without(packed(tmp_path, **{"templates/x.yaml": ASKS}), frozenset()) is None


def test_only_the_question_changes_and_keeps_its_length(tmp_path: Path) -> None:
    served = b'{{ .Capabilities.APIVersions.Has "apps/v1" }} policy/v1beta1 '
    data = chart_without(packed(tmp_path, **{"templates/x.yaml": served + ASKS}), unserved(SERVED))
    assert data is not None
    text = read_archive(data, "copy")["templates/x.yaml"]
    assert text.startswith(served)
    assert len(text) == len(served + ASKS)
    assert b'Has "policy/v1beta1"' not in text


def test_a_packed_subchart_does_not_see_them_either(tmp_path: Path) -> None:
    dep = write_archive("dep", {"Chart.yaml": META.replace(b"web", b"dep"), "templates/x.yaml": b"a: " + ASKS[:52]})
    meta = META + b"dependencies: [{name: dep, version: 1.0.0, repository: ''}]\n"
    chart = packed(tmp_path, **{"Chart.yaml": meta, "charts/dep-1.0.0.tgz": dep})
    data = chart_without(chart, unserved(SERVED))
    assert data is not None
    assert read_archive(data, "copy")["charts/dep/templates/x.yaml"] != b"a: " + ASKS[:52]


async def test_the_same_chart_renders_for_two_clusters(tmp_path: Path) -> None:
    chart = packed(tmp_path, **{"templates/x.yaml": b'old: {{ .Capabilities.APIVersions.Has "policy/v1beta1" }}\n'})
    renderer = SdkRenderer()
    old = replace(SERVED, api_versions=(*SERVED.api_versions, "policy/v1beta1"))
    for capabilities, answer in ((SERVED, "false"), (old, "true"), (SERVED, "false")):
        rendered = await renderer.render(RenderRequest(chart, {}, "rel", "ns", 1, False, capabilities))
        assert f"old: {answer}" in rendered.manifest


async def test_a_chart_that_takes_long_is_rendered_beside_the_event_loop(tmp_path: Path) -> None:
    text = b"{{ range until 20000 }}{{ sha256sum (toString .) | trunc 0 }}{{ end }}a: b\n"
    chart, renderer = packed(tmp_path, **{"templates/x.yaml": text}), SdkRenderer()
    request = RenderRequest(chart, {}, "rel", "ns", 1, False, SERVED)
    first, second = await renderer.render(request), await renderer.render(request)
    assert first == second
    renderer.close()


def test_a_chart_is_freed_when_its_render_is_over(tmp_path: Path) -> None:
    from helm_python._native import open_handles_count

    chart = packed(tmp_path)
    before = open_handles_count()
    for _ in range(5):
        with NativeChart(chart.path, "web") as loaded:
            assert loaded.metadata["name"] == "web"
    assert open_handles_count() == before


async def test_many_releases_of_a_chart_load_it_once(tmp_path: Path) -> None:
    chart, renderer = packed(tmp_path, **{"templates/x.yaml": b"name: {{ .Release.Name }}\n"}), SdkRenderer()
    requests = [RenderRequest(chart, {}, f"rel{n}", "ns", 1, False, SERVED) for n in range(50)]
    rendered = await asyncio.gather(*map(renderer.render, requests))
    assert len({id(one.chart) for one in rendered}) == 1
    assert [f"name: rel{n}\n" in one.manifest for n, one in enumerate(rendered)] == [True] * 50


async def test_a_chart_that_failed_to_load_is_tried_again(tmp_path: Path) -> None:
    renderer, path = SdkRenderer(), tmp_path / "web.tgz"
    path.write_bytes(b"broken")
    request = RenderRequest(source(path), {}, "rel", "ns", 1, False, SERVED)
    with pytest.raises(FairwayError):
        await renderer.render(request)
    path.write_bytes(write_archive("web", {"Chart.yaml": META}))
    assert (await renderer.render(request)).manifest == ""


async def test_a_large_manifest_is_parsed_whole() -> None:
    text = "".join(f"---\nkind: A\nmetadata: {{name: x{n}}}\ntext: {'y' * 1000}\n" for n in range(300))
    assert len(await SdkRenderer().parse(text)) == 300
