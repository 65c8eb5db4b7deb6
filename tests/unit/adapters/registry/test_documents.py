"""Whatever a registry answers, it is read without falling over."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.registry.documents import (
    config_digest,
    image_in,
    index_in,
    is_digest,
    json_in,
    platform_of,
    time_in,
)
from fairway.domain.errors import Terminal

_keys = st.sampled_from(
    [
        "manifests",
        "platform",
        "os",
        "architecture",
        "variant",
        "digest",
        "config",
        "Labels",
        "annotations",
        "created",
        "mediaType",
    ]
) | st.sampled_from(["org.opencontainers.image.source", "org.opencontainers.image.created"])
_digest = st.just(f"sha256:{'a' * 64}")
_leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | _digest | st.just("2026-05-01T00:00:00Z")
_values = st.recursive(
    _leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4), max_leaves=20
)
_documents = st.dictionaries(_keys, _values, max_size=6)


@given(_documents, _documents)
def test_no_manifest_and_no_config_is_too_strange(manifest: dict[str, object], config: dict[str, object]) -> None:
    index = index_in(manifest)
    assert index is None or all(is_digest(one) for one in index.platforms.values())
    assert (found := config_digest(manifest)) is None or is_digest(found)
    image = image_in(manifest, config)
    assert image.created is None or image.created.tzinfo is UTC
    assert all(isinstance(value, str) for value in image.labels.values())


@given(st.binary(max_size=40) | _values.map(lambda value: json.dumps(value).encode()))
def test_an_answer_is_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(Terminal):
        assert isinstance(json_in(body, "r.example/app"), dict)


@given(st.text("0123456789-+:.TZ", max_size=30) | st.datetimes().map(lambda when: f"{when.isoformat()}-23:59"))
def test_a_time_is_one_or_none(text: str) -> None:
    found = time_in(text)
    assert found is None or found.astimezone(UTC) == found


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"])
def test_a_time_at_the_edge_of_all_times_is_none(text: str) -> None:
    assert time_in(text) is None


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
        ({"os": "linux"}, ""),
        ({"os": 1, "architecture": ["x"]}, ""),
        ({"architecture": "amd64", "variant": "v2"}, ""),
    ],
)
def test_a_platform_is_whole_or_none(about: dict[str, object], expected: str) -> None:
    assert platform_of(about) == expected
