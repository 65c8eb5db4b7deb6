"""The schemas of the built-in kinds, recorded from a control plane; see `_data/openapi/README.md`.

The rule not to break: the file is made by `recording`, never by hand, and its name carries the version.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from fairway.domain.kubernetes.builtin import is_builtin_group
from fairway.domain.kubernetes.schemas import Schemas, compact

FILE = "kubernetes-1.36.json.gz"


class RecordedSchemas:
    """The built-in kinds of the newest known version; older versions have fewer fields, never other ones."""

    async def schemas(self, api_versions: Iterable[str]) -> Schemas:
        return recorded()


@lru_cache(maxsize=1)
def recorded() -> Schemas:
    """Read once per process: about five milliseconds."""
    content = orjson.loads(gzip.decompress((files("fairway") / "_data" / "openapi" / FILE).read_bytes()))
    return Schemas(content["definitions"], content["kinds"])


def recording(documents: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The file's bytes for the OpenAPI documents of a control plane (API version → document): always the same ones."""
    built_in = (document for version, document in sorted(documents.items()) if is_builtin_group(version))
    definitions, kinds = compact(built_in)
    text = orjson.dumps({"definitions": definitions, "kinds": kinds}, option=orjson.OPT_SORT_KEYS)
    return gzip.compress(text, 9, mtime=0)
