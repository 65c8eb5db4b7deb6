"""From rendered files to a manifest, hooks and notes."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.head import UnreadableDocument
from fairway.domain.manifests.lists import flatten
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.rendered import Sorted, manifest_text, sort_rendered
from fairway.domain.manifests.split import split_stream


def read(text: str) -> Object:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UnreadableDocument(f"line {error.problem_mark.line + 1}") from error  # type: ignore[attr-defined]
    if document is not None and not isinstance(document, dict):
        raise UnreadableDocument("no mapping")
    return document or {}


def rendered(**files: str) -> Sorted:
    return sort_rendered({f"web/templates/{name}": text for name, text in files.items()}, "web", read)


def document(kind: str, name: str, hook: str = "") -> str:
    annotations = f"\n  annotations: {{helm.sh/hook: {hook}}}" if hook else ""
    return f"kind: {kind}\nmetadata:\n  name: {name}{annotations}\n"


def test_documents_come_in_install_order_with_their_source() -> None:
    found = rendered(**{"a.yaml": document("Deployment", "d"), "b.yaml": document("Service", "s")})
    assert found.manifest == (
        "---\n# Source: web/templates/b.yaml\nkind: Service\nmetadata:\n  name: s\n\n"
        "---\n# Source: web/templates/a.yaml\nkind: Deployment\nmetadata:\n  name: d\n\n"
    )


def test_equal_kinds_come_in_path_order_by_bytes_then_as_in_the_file() -> None:
    two = document("ConfigMap", "2") + "---\n" + document("ConfigMap", "1")
    files = {"b.yaml": two, "B.yaml": document("ConfigMap", "3"), "a/x.yaml": document("ConfigMap", "4"),
             "a.yaml": document("ConfigMap", "5"), "a-b.yaml": document("ConfigMap", "6")}  # fmt: skip
    assert [d.head.name for d in rendered(**files).documents] == ["3", "6", "5", "4", "2", "1"]


def test_hooks_are_kept_out_of_the_manifest_and_sorted_by_kind() -> None:
    files = {"a.yaml": document("Job", "job", "pre-install") + "---\n" + document("ConfigMap", "main"),
             "z.yaml": document("ServiceAccount", "account", "pre-install")}  # fmt: skip
    found = rendered(**files)
    assert [h.name for h in found.hooks] == ["account", "job"]
    assert [d.head.name for d in found.documents] == ["main"]
    assert found.hooks[1].manifest == document("Job", "job", "pre-install")


def test_partials_blank_files_and_notes_are_no_documents() -> None:
    files = {
        "_helpers.tpl": "x: y",
        "a/_b.yaml": "x: y",
        "blank.yaml": " \n\t",
        "NOTES.txt": "hello {",
        "MYNOTES.txt": "a",
    }
    found = rendered(**files)
    assert (found.documents, found.hooks, found.notes) == ((), (), "hello {")


def test_only_the_charts_own_notes_count() -> None:
    files = {"web/charts/sub/templates/NOTES.txt": "sub", "web/templates/deep/NOTES.txt": "deep"}
    assert sort_rendered(files, "web", read).notes == ""


def test_a_document_of_comments_stays_in_the_manifest() -> None:
    assert rendered(**{"a.yaml": "# nothing\n"}).manifest == "---\n# Source: web/templates/a.yaml\n# nothing\n\n"


def test_a_document_that_is_no_object_is_an_error_at_its_template() -> None:
    with pytest.raises(UserError) as caught:
        rendered(**{"bad.yaml": "- a\n"})
    assert caught.value.where == Position("web/templates/bad.yaml")
    assert "no mapping" in caught.value.message


def test_the_reader_sees_each_document_as_it_stands_in_the_manifest() -> None:
    seen: list[str] = []

    def recording(text: str) -> Object:
        seen.append(text)
        return read(text)

    found = sort_rendered(
        {"web/templates/a.yaml": document("Job", "a") + "---\n" + document("Pod", "b")}, "web", recording
    )
    assert sorted(seen) == sorted(split_stream(found.manifest))


names = st.lists(st.sampled_from(["Service", "Deployment", "Widget", "Job"]), max_size=6)


@given(names)
def test_the_documents_of_a_manifest_are_those_that_went_in(kinds: list[str]) -> None:
    texts = [(f"c/templates/{n}.yaml", document(kind, str(n))) for n, kind in enumerate(kinds)]
    found = [text.split("\n", 1) for text in split_stream(manifest_text(texts))]
    assert [(first.removeprefix("# Source: "), rest) for first, rest in found] == [(p, f"{t}\n") for p, t in texts]


LISTS = [
    ({"kind": "ConfigMap", "items": ["data"]}, [{"kind": "ConfigMap", "items": ["data"]}]),
    ({"kind": "List", "items": [{"kind": "A"}, {"kind": "B"}]}, [{"kind": "A"}, {"kind": "B"}]),
    ({"kind": "List", "items": []}, []),
    ({"kind": "List", "items": [{"kind": "PodList", "items": [{"kind": "Pod"}]}]}, [{"kind": "Pod"}]),
    ({"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {}}]},
     [{"apiVersion": "v1", "kind": "Pod", "metadata": {}}]),
    ({"kind": "AccessList", "spec": {}}, [{"kind": "AccessList", "spec": {}}]),
    ({"kind": "List", "items": [None, "x"]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "items"), LISTS, ids=range(len(LISTS)))
def test_a_list_stands_for_its_items(obj: Object, items: list[Object]) -> None:
    assert flatten(obj) == items
