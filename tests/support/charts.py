"""Small charts for tests, as folders and as archives made without Fairway's own code."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"


def chart_files(name: str = "web", version: str = "1.0.0", more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A complete chart; `more` adds files or replaces them."""
    about = f"apiVersion: v2\nname: {name}\nversion: {version}\n"
    return {"Chart.yaml": about, "templates/one.yaml": TEMPLATE, **(more or {})}


def write_chart(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def archive(files: Mapping[str, str | bytes], top: str = "web") -> bytes:
    """A `.tgz` of the files below `top`."""
    return tar_of(
        lambda tar: [
            _add(tar, f"{top}/{path}", data if isinstance(data, bytes) else data.encode())
            for path, data in files.items()
        ]
    )


def chart_archive(name: str = "web", version: str = "1.0.0", more: Mapping[str, str] | None = None) -> bytes:
    return archive(chart_files(name, version, more), name)


def tar_of(fill: Callable[[tarfile.TarFile], object]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        fill(tar)
    return buffer.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
