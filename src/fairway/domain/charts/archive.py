"""Chart archives: what is in a `.tgz`, and refusal of those that could harm.

The rule not to break: nothing is written and nothing is trusted before the whole archive was looked at; sizes are
bounded while decompressing, not after. Limits are Helm's (`pkg/chart/loader/archive`), so what passes here loads there.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from fairway.domain.errors import Terminal

MIB = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
_DRIVE = re.compile(r"[A-Za-z]:")
_LINKS = (tarfile.SYMTYPE, tarfile.LNKTYPE)


class UnsafeArchive(Terminal):
    """The archive is no chart, or would write or unpack what it must not; it is refused as a whole."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes after decompression, and number of entries; nested chart archives count as plain files."""

    total: int = 100 * MIB
    file: int = 5 * MIB
    entries: int = 20_000


HELM_LIMITS = Limits()


def read_archive(data: bytes, origin: str, limits: Limits = HELM_LIMITS) -> dict[str, bytes]:
    """The files of a chart archive by path below its top folder, in name order.

    Raises UnsafeArchive: not a gzip-compressed tar, cut off, too large, paths that leave the chart, links that do,
    device files, no or several top folders, no or several Chart.yaml, two entries of one name.
    """
    if not data.startswith(GZIP_MAGIC):
        raise UnsafeArchive(f"{origin} is not a chart archive: it is not gzip-compressed{_hint(data)}")
    raw = _decompress(data, origin, limits)
    files: dict[str, bytes] = {}
    tops: set[str] = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            for count, member in enumerate(tar):
                if count >= limits.entries:
                    raise UnsafeArchive(f"{origin} has more than {limits.entries} entries")
                _read_member(tar, member, files, tops, origin, limits)
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise UnsafeArchive(f"{origin} is not a chart archive: {error}") from error
    if len(tops) > 1:
        names = ", ".join(sorted(tops)[:3])
        raise UnsafeArchive(f"{origin} has several top folders ({names}); a chart has one, named after it")
    if "Chart.yaml" not in files:
        raise UnsafeArchive(f"{origin} is not a chart: there is no Chart.yaml in its top folder")
    return dict(sorted(files.items()))


def write_archive(name: str, files: Mapping[str, bytes]) -> bytes:
    """A chart archive with `name` as top folder; the same files always give the same bytes."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(files, key=lambda path: (path != "Chart.yaml", path)):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(files[path])
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(files[path]))
    return buffer.getvalue()


def _decompress(data: bytes, origin: str, limits: Limits) -> bytes:
    allowed = limits.total + limits.entries * 1024 + 64 * 1024
    chunks: list[bytes] = []
    size = 0
    rest = data
    try:
        while rest.startswith(GZIP_MAGIC):
            stream = zlib.decompressobj(wbits=31)
            chunk = stream.decompress(rest, allowed + 1 - size)
            chunks.append(chunk)
            size += len(chunk)
            if size > allowed:
                raise UnsafeArchive(f"{origin} unpacks to more than {limits.total // MIB} MiB")
            if not stream.eof:
                raise UnsafeArchive(f"{origin} is cut off: the compressed data has no end")
            rest = stream.unused_data
    except zlib.error as error:
        raise UnsafeArchive(f"{origin} is damaged: {error}") from error
    return b"".join(chunks)


def _read_member(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    files: dict[str, bytes],
    tops: set[str],
    origin: str,
    limits: Limits,
) -> None:
    top, path = _split(member.name, origin)
    if member.isdir():
        return
    if not path:
        raise UnsafeArchive(f'{origin} has a file outside of a top folder: "{member.name}"')
    tops.add(top)
    if member.type in _LINKS:
        _check_link(member, top, path, origin)
    elif not member.isreg() or member.issparse():
        # A sparse file of some bytes unpacks to any size.
        raise UnsafeArchive(f'{origin} contains a device, pipe or sparse file: "{member.name}"')
    if path in files:
        what = "two Chart.yaml" if path == "Chart.yaml" else "two entries of one name"
        raise UnsafeArchive(f'{origin} contains {what}: "{member.name}"')
    if member.size > limits.file:
        raise UnsafeArchive(
            f'{origin}: "{path}" has {member.size // MIB} MiB; a file may have {limits.file // MIB} MiB'
        )
    source = tar.extractfile(member) if member.isreg() else None
    content = source.read() if source else b""
    if len(content) != (member.size if member.isreg() else 0):
        raise UnsafeArchive(f'{origin} is cut off inside "{path}"')
    # Helm reads a link inside of an archive as an empty file, and so does what renders it.
    files[path] = content


def _split(name: str, origin: str) -> tuple[str, str]:
    """(top folder, path below it); refuses what could leave the chart on any operating system."""
    plain = name.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if plain.startswith("/") or _DRIVE.match(plain) or ".." in parts or "\0" in plain:
        raise UnsafeArchive(f'{origin} contains a path that leaves the chart: "{name[:200]}"')
    return (parts[0] if parts else "", "/".join(parts[1:]))


def _check_link(member: tarfile.TarInfo, top: str, path: str, origin: str) -> None:
    target = member.linkname.replace("\\", "/")
    start = posixpath.join(top, posixpath.dirname(path)) if member.type == tarfile.SYMTYPE else ""
    inside = posixpath.normpath(posixpath.join(start, target))
    if _DRIVE.match(target) or not inside.startswith(f"{top}/"):
        raise UnsafeArchive(f'{origin} contains a link that leaves the chart: "{member.name}" → "{member.linkname}"')


def _hint(data: bytes) -> str:
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "; it is a web page, is a login needed?"
    return "; it is empty" if not data else ""
