"""`index.yaml` of a classic chart repository; real ones have 10 MB, and one chart of them is wanted.

The rule not to break: the quick way (cut one chart's lines out and parse those) must answer as parsing the whole file
would; whenever the file does not look as Helm writes it, the whole file is parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.domain import yaml
from fairway.domain.charts.metadata import index_fields
from fairway.domain.charts.versions import newest_first, parse_version
from fairway.domain.errors import InvalidInput, Terminal

_ENTRIES = re.compile(rb"^entries:[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_NEXT_TOP = re.compile(rb"^[^\s#]", re.MULTILINE)
_FIRST_KEY = re.compile(rb"\A(?:[ \t]*(?:#.*)?\r?\n)*( +)[^\s#]")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One version of a chart as its repository lists it."""

    version: str
    urls: tuple[str, ...]
    """Absolute, or relative to the repository's address."""
    digest: str | None = None
    """Bare hexadecimal SHA-256 of the archive, as Helm writes it."""
    about: Mapping[str, Any] = field(default_factory=dict)


def chart_entries(index: bytes, chart: str, origin: str) -> list[IndexEntry]:
    """A chart's versions, newest first; empty when the repository does not have it. Raises Terminal."""
    listed = _cut(index, chart)
    if listed is None:
        listed = _all_entries(index, origin).get(chart) or []
    # Of two entries with one version the first counts, as in Helm.
    found = {entry.version: entry for item in reversed(listed) if (entry := _entry(item)) is not None}
    return [found[version] for version in newest_first(found)]


def chart_names(index: bytes, origin: str) -> list[str]:
    """Names of all charts of the repository, sorted. Raises Terminal."""
    section = _section(index)
    if section is None:
        return sorted(_all_entries(index, origin))
    indent, text = section
    keys = re.finditer(rb"^ {%d}([\"']?)([^\s#:\"'-][^\s:\"']*)\1:[ \t]*(?:#.*)?\r?$" % indent, text, re.MULTILINE)
    return sorted(key[2].decode(errors="replace") for key in keys)


def _cut(index: bytes, chart: str) -> list[Any] | None:
    """The chart's list of versions, or None when the quick way does not apply."""
    section = _section(index)
    if section is None:
        return None
    indent, text = section
    key = re.compile(rb"^ {%d}([\"']?)%s\1:[ \t]*(?:#.*)?\r?$" % (indent, re.escape(chart.encode())), re.MULTILINE)
    starts = list(key.finditer(text))
    if len(starts) != 1:
        return None
    # A list may stand at the indent of its key: only a line that starts otherwise there ends it.
    end = re.compile(rb"^ {%d}[^\s#-]" % indent, re.MULTILINE).search(text, starts[0].end())
    piece = text[starts[0].start() : end.start() if end else len(text)]
    try:
        value = yaml.load(piece.decode(), "index.yaml")
    except (InvalidInput, UnicodeDecodeError):
        return None
    listed = value.get(chart) if isinstance(value, dict) and len(value) == 1 else None
    return listed if isinstance(listed, list) else None


def _section(index: bytes) -> tuple[int, bytes] | None:
    """(indent of the chart names, text of the section) of an index in Helm's block style."""
    start = _ENTRIES.search(index)
    if start is None:
        return None
    end = _NEXT_TOP.search(index, start.end())
    text = index[start.end() + 1 : end.start() if end else len(index)]
    first = _FIRST_KEY.match(text)
    return (len(first[1]), text) if first else None


def _all_entries(index: bytes, origin: str) -> dict[str, Any]:
    try:
        text = index.decode("utf-8-sig")
        value = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, "index.yaml")
    except (InvalidInput, ValueError) as error:
        raise Terminal(f"the index.yaml of {origin} cannot be read: {error}") from error
    entries = value.get("entries") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not ("apiVersion" in value or isinstance(entries, dict)):
        raise Terminal(f"{origin} is no chart repository: its index.yaml has no entries")
    return entries if isinstance(entries, dict) else {}


def _entry(item: Any) -> IndexEntry | None:
    """None for what Helm leaves out too: no version, none that is semantic, no address."""
    if not isinstance(item, dict) or not isinstance(item.get("version"), str) or parse_version(item["version"]) is None:
        return None
    urls = tuple(url for url in item.get("urls") or () if isinstance(url, str) and url)
    if not urls:
        return None
    digest = item.get("digest")
    digest = digest.removeprefix("sha256:").lower() if isinstance(digest, str) and digest else None
    return IndexEntry(item["version"], urls, digest, index_fields(item))
