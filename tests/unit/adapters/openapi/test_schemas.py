"""Schemas from the recording and from a server: the same shape, and a document is fetched once per hash."""

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from fairway.adapters.openapi.recorded import RecordedSchemas, recorded, recording
from fairway.adapters.openapi.served import ServedSchemas
from fairway.domain.kubernetes.builtin import builtin_kinds, builtin_resources


def document(kind: str, field: str) -> dict[str, Any]:
    """An OpenAPI document of one kind with one field."""
    schema = {
        "type": "object",
        "properties": {field: {"type": "string"}},
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": kind}],
    }
    return {"components": {"schemas": {f"com.example.v1.{kind}": schema}}}


class Server:
    """Publishes documents under addresses with hashes, and counts what is asked."""

    def __init__(self, hash_: str = "AAA") -> None:
        self.hash = hash_
        self.asked: Counter[str] = Counter()

    async def document(self, path: str) -> Any:
        self.asked[path.partition("?")[0]] += 1
        if path == "/openapi/v3":
            return {
                "paths": {
                    "apis/example.com/v1": {"serverRelativeURL": f"/openapi/v3/apis/example.com/v1?hash={self.hash}"},
                    "api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"},
                }
            }
        return document("Tank", "size" if self.hash == "AAA" else "volume")


async def test_a_document_is_asked_for_once_in_a_run_and_not_again_in_the_next(tmp_path: Path) -> None:
    server = Server()
    for _ in range(2):
        source = ServedSchemas(server, tmp_path / "cache")
        for _ in range(2):
            schemas = await source.schemas(["example.com/v1", "example.com/v1", "absent.example/v1"])
            schema = schemas.of("example.com/v1", "Tank")
            assert schema is not None
            assert set(schema.fields) >= {"size", "metadata", "kind"}
    assert server.asked == {"/openapi/v3": 2, "/openapi/v3/apis/example.com/v1": 1}


async def test_another_hash_is_another_document(tmp_path: Path) -> None:
    await ServedSchemas(Server(), tmp_path).schemas(["example.com/v1"])
    schema = (await ServedSchemas(Server("BBB"), tmp_path).schemas(["example.com/v1"])).of("example.com/v1", "Tank")
    assert schema is not None
    assert "volume" in schema.fields
    assert len(list(tmp_path.glob("*.json"))) == 2


async def test_a_document_without_a_hash_is_not_kept(tmp_path: Path) -> None:
    await ServedSchemas(Server(), tmp_path).schemas(["v1"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"kinds": {}}'])
async def test_a_damaged_file_is_fetched_anew(tmp_path: Path, damage: bytes) -> None:
    await ServedSchemas(Server(), tmp_path).schemas(["example.com/v1"])
    [file] = tmp_path.glob("*.json")
    file.write_bytes(damage)
    server = Server()
    assert (await ServedSchemas(server, tmp_path).schemas(["example.com/v1"])).of("example.com/v1", "Tank")
    assert server.asked["/openapi/v3/apis/example.com/v1"] == 1


async def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    schemas = await ServedSchemas(Server(), tmp_path / "file" / "below").schemas(["example.com/v1"])
    assert schemas.of("example.com/v1", "Tank") is not None


async def test_every_kind_that_the_newest_version_serves_is_recorded() -> None:
    schemas = await RecordedSchemas().schemas([])
    assert [one for one in builtin_resources().by_ref if schemas.of(*one) is None] == []


def test_removed_and_switched_off_versions_are_not_recorded() -> None:
    gone = [one for one in builtin_kinds() if one.removed is not None]
    assert gone
    assert [one for one in gone if recorded().of(one.api_version, one.kind) is not None] == []


def test_a_recording_keeps_built_in_groups_only_and_is_always_the_same() -> None:
    built_in = document("Deployment", "spec")
    built_in["components"]["schemas"]["com.example.v1.Deployment"]["x-kubernetes-group-version-kind"][0]["group"] = (
        "apps"
    )
    documents = {"example.com/v1": document("Tank", "size"), "apps/v1": built_in}
    data = recording(documents)
    assert data == recording(dict(reversed(documents.items())))
    assert orjson.loads(gzip.decompress(data))["kinds"] == {"apps/v1 Deployment": "com.example.v1.Deployment"}
