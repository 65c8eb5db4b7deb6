"""Where Helm and the Kubernetes client cut a stream of YAML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.split import split_documents, split_stream

SPLITS = [
    ("", []),
    ("   \n\t\n", []),
    ("a: b\n", ["a: b\n"]),
    ("\n\n---\n\na: b\n", ["a: b\n"]),
    ("a: b\n---\nc: d\n", ["a: b\n", "c: d\n"]),
    ("a: b\n\n\n---   \n\nc: d", ["a: b\n\n\n", "c: d"]),
    ("a: b\n--- # why\nc: d\n", ["a: b\n", "# why\nc: d\n"]),
    ("---\n---\n---\na: b\n---\n", ["a: b\n"]),
    ("# only a comment\n---\na: b", ["# only a comment\n", "a: b"]),
    ("text: |\n  --- not here\n  x\n", ["text: |\n  --- not here\n  x\n"]),
    ("a: b\r\n---\r\nc: d\r\n", ["a: b\r\n", "c: d\r\n"]),
    ("a: b ---\nc: d\n", ["a: b ---\nc: d\n"]),
    ("---a: b\n", ["a: b\n"]),
    ("\u00a0\u3000a: b", ["a: b"]),
    ("\x1ca: b", ["\x1ca: b"]),
]


@pytest.mark.parametrize(("text", "documents"), SPLITS, ids=range(len(SPLITS)))
def test_templates_are_split_as_helm_splits_them(text: str, documents: list[str]) -> None:
    assert split_documents(text) == documents


STREAMS = [
    ("", []),
    ("---\n", []),
    ("---\na: b\n", ["a: b\n"]),
    ("---\n# Source: x\na: |\n  text\n\n---\nb: c", ["# Source: x\na: |\n  text\n\n", "b: c\n"]),
    ("--- # comment\na: b\n", ["a: b\n"]),
    ("a: b\n---", ["a: b\n"]),
    ("a: b\n---\r\nc: d\r\n", ["a: b\n", "c: d\r\n"]),
]


@pytest.mark.parametrize(("text", "documents"), STREAMS, ids=range(len(STREAMS)))
def test_a_stored_manifest_is_split_as_the_kubernetes_client_does(text: str, documents: list[str]) -> None:
    assert split_stream(text) == documents


def test_a_separator_with_a_value_on_its_line_is_an_error() -> None:
    with pytest.raises(ValueError, match="separator"):
        split_stream("a: b\n--- c\nd: e\n")


pieces = st.lists(
    st.sampled_from(["a: b\n", "---\n", "--- # x\n", "# c\n", "\n", "  d: e\n", "\t\n", "text: |\n  x\n\n"])
)


@given(pieces)
def test_no_document_is_blank_and_none_holds_a_separator(lines: list[str]) -> None:
    for document in split_documents("".join(lines)):
        assert document.strip()
        assert not any(line.startswith("---") for line in document.split("\n"))


@given(pieces)
def test_splitting_the_joined_documents_gives_them_again(lines: list[str]) -> None:
    documents = split_documents("".join(lines))
    assert split_documents("---\n".join(documents)) == documents
