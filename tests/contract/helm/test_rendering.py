"""Both renderers against the real `helm`: what they render is what it renders, byte for byte."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.corpus.cases import CASES, Case

from fairway.adapters.helm.binary import BinaryRenderer
from fairway.adapters.helm.sdk import SdkRenderer
from fairway.domain.charts.rendering import Rendered
from fairway.domain.errors import UserError
from fairway.domain.releases.record import encode
from fairway.domain.releases.revision import Revision, Status
from fairway.services.engine.ports import Renderer

pytestmark = pytest.mark.helm

GOOD = [case for case in CASES if not case.error]
BAD = [case for case in CASES if case.error]
NAMES = [case.name for case in GOOD]


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@dataclass
class Helm:
    """The program, each command run once per session."""

    program: Path
    folder: Path
    answers: dict[str, Answer]

    def template(self, case: Case) -> Answer:
        return self.run(
            case,
            "template",
            "--kube-version",
            case.kubeVersion,
            *(["--api-versions", ",".join(case.apiVersions)] if case.apiVersions else []),
            *(["--is-upgrade"] if case.upgrade else []),
        )

    def record(self, case: Case) -> dict[str, Any]:
        """The release as helm would store it, by a dry run; always with Helm's built-in capabilities."""
        answer = self.run(case, "install", "--dry-run=client", "--output", "json")
        record: dict[str, Any] = json.loads(answer.out)
        return record

    def run(self, case: Case, verb: str, *arguments: str) -> Answer:
        key = " ".join([verb, case.name, *arguments])
        if key not in self.answers:
            values = self.folder / f"{case.name}.json"
            values.write_text(json.dumps(case.values))
            command = [self.program, verb, "rel", case.folder, "-n", "corpus", "-f", values, *arguments]
            # Not text=True: that would turn the line ends of a document into others.
            done = subprocess.run(command, capture_output=True, check=False)
            self.answers[key] = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        return self.answers[key]


@pytest.fixture(scope="session")
def real(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(helm, tmp_path_factory.mktemp("values"), {})


@pytest.fixture(params=["sdk", "helm"])
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    if request.param == "sdk":
        sdk = SdkRenderer()
        yield sdk
        sdk.close()
    else:
        yield BinaryRenderer(str(request.getfixturevalue("helm")))


def printed(rendered: Rendered) -> str:
    """What `helm template` prints of a render."""
    hooks = "".join(f"---\n# Source: {hook.path}\n{hook.manifest}\n" for hook in rendered.hooks)
    return f"{rendered.manifest.strip()}\n{hooks}"


def documents(text: str) -> list[str]:
    return re.split(r"^---\n", text, flags=re.MULTILINE)


@pytest.mark.parametrize("case", GOOD, ids=NAMES)
async def test_what_is_rendered_equals_helm_template(case: Case, renderer: Renderer, real: Helm) -> None:
    expected = real.template(case)
    assert expected.code == 0, expected.err
    rendered = await renderer.render(case.request())
    if case.random:
        assert shape(printed(rendered)) == shape(expected.out)
        return
    assert documents(printed(rendered)) == documents(expected.out)
    assert printed(rendered) == expected.out


def shape(text: str) -> list[list[str]]:
    return [[line.split(":")[0] for line in document.splitlines()] for document in documents(text)]


@pytest.mark.parametrize("case", GOOD, ids=NAMES)
async def test_a_packed_chart_renders_like_its_folder(case: Case, tmp_path: Path) -> None:
    renderer = SdkRenderer()
    archive = case.packed(tmp_path)
    folder, packed = await renderer.render(case.request()), await renderer.render(case.request(archive))
    if not case.random:
        assert packed.manifest == folder.manifest
    assert [hook.name for hook in packed.hooks] == [hook.name for hook in folder.hooks]
    assert (packed.notes, packed.crds) == (folder.notes, folder.crds)
    assert normal(packed.chart) == normal(folder.chart)


OFFLINE = [case for case in GOOD if not case.apiVersions and not case.upgrade and case.kubeVersion == "v1.36.3"]


@pytest.mark.parametrize("case", OFFLINE, ids=[case.name for case in OFFLINE])
async def test_the_record_holds_the_hooks_notes_and_chart_that_helm_would_store(
    case: Case, renderer: Renderer, real: Helm
) -> None:
    record = real.record(case)
    rendered = await renderer.render(case.request())
    if not (case.random or case.name in ("release-info", "capabilities")):
        assert rendered.manifest == record.get("manifest", "")
    ours = [(h.name, h.kind, h.path, list(h.events), h.weight, list(h.output_log_policies)) for h in rendered.hooks]
    helms = [
        (h["name"], h["kind"], h["path"], h["events"], h.get("weight", 0), h.get("output_log_policies", []))
        for h in record.get("hooks") or []
    ]
    assert ours == helms
    assert [h.manifest for h in rendered.hooks] == [h["manifest"] for h in record.get("hooks") or []]
    policies = [h.get("delete_policies") or ["before-hook-creation"] for h in record.get("hooks") or []]
    assert [list(h.delete_policies) for h in rendered.hooks] == policies
    assert rendered.notes == record["info"].get("notes", "")
    assert normal(rendered.chart) == normal(record["chart"])


def normal(chart: Any) -> Any:
    """Without the times of files, which differ from checkout to checkout, and in file order."""
    kept = ("metadata", "lock", "templates", "values", "schema", "files")
    plain = {key: chart.get(key) or None for key in kept}
    for key in ("templates", "files"):
        named = [{"name": file["name"], "data": file["data"]} for file in plain[key] or []]
        plain[key] = sorted(named, key=lambda file: str(file["name"]))
    if plain["lock"]:
        plain["lock"] = {**plain["lock"], "generated": plain["lock"]["generated"].replace("+00:00", "Z")}
    return plain


WITH_CRDS = [case for case in GOOD if case.chart == "crds-subchart" or case.name.startswith("crds-")]


@pytest.mark.parametrize("case", WITH_CRDS, ids=[case.name for case in WITH_CRDS])
async def test_crds_are_those_that_helm_includes(case: Case, renderer: Renderer, real: Helm) -> None:
    crds = (await renderer.render(case.request())).crds
    answer = real.run(case, "template", "--include-crds", "--kube-version", case.kubeVersion)
    assert crds
    for crd in crds:
        assert f"---\n# Source: {crd.path}\n{crd.text}\n" in answer.out
    assert len(re.findall(r"^# Source: \S+/crds/", answer.out, re.MULTILINE)) == len(crds)


@pytest.mark.parametrize("case", BAD, ids=[case.name for case in BAD])
async def test_what_helm_refuses_is_refused_with_cause_and_place(case: Case, renderer: Renderer, real: Helm) -> None:
    assert real.template(case).code != 0
    with pytest.raises(UserError) as caught:
        await renderer.render(case.request())
    assert case.error in caught.value.message
    assert len(str(caught.value)) < 1000
    if case.where:
        assert str(caught.value.where) == case.where


@pytest.mark.parametrize("case", GOOD, ids=NAMES)
async def test_rendering_again_gives_the_same(case: Case, renderer: Renderer) -> None:
    if case.random:
        return
    first, second = await renderer.render(case.request()), await renderer.render(case.request())
    assert first == second


async def test_values_that_switch_subcharts_do_not_stick(renderer: Renderer) -> None:
    off = next(case for case in GOOD if case.name == "sub-aliases-one-off")
    on = next(case for case in GOOD if case.name == "sub-aliases")
    alone = await renderer.render(on.request())
    await renderer.render(off.request())
    assert await renderer.render(on.request()) == alone


async def test_every_document_of_a_manifest_parses_to_an_object(renderer: Renderer) -> None:
    for case in GOOD:
        if not case.random:
            for text, obj in await renderer.parse((await renderer.render(case.request())).manifest):
                assert obj["kind"], text


async def test_the_payload_of_a_chart_is_shared_by_its_releases() -> None:
    renderer, case = SdkRenderer(), next(case for case in GOOD if case.name == "plain")
    one, two = await renderer.render(case.request(release="one")), await renderer.render(case.request(release="two"))
    assert one.chart is two.chart
    assert encode(Revision("one", "corpus", 1, Status.DEPLOYED, one.manifest, {}, one.chart)) != encode(
        Revision("two", "corpus", 1, Status.DEPLOYED, two.manifest, {}, two.chart)
    )
