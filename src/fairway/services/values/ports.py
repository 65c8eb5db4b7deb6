"""What values need from outside: an object of the cluster, a reserved address, a decrypted file, a chart folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.values.addresses import AddressQuery


class SecretReader(Protocol):
    """Reads one object of the target cluster; every `ObjectReader` of the engine is one."""

    async def get(self, ref: ObjectRef) -> Object | None: ...


class AddressLookup(Protocol):
    async def address(self, query: AddressQuery) -> str | None:
        """The IP of a reserved address, None when there is none of that name. Raises Transient, UserError."""
        ...


class Decryptor(Protocol):
    async def decrypt(self, path: str) -> str:
        """The plain YAML of an encrypted file. Raises UserError saying what is missing, never with content."""
        ...


class FolderReader(Protocol):
    async def read(self, path: Path, boundary: Path | None = None) -> Mapping[str, bytes]:
        """The files of a chart folder as Helm would package them."""
        ...
