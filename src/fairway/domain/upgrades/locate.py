"""Where the value stands that an upgrade changes: the strongest layer that writes it, as `fairway values` explains it.

The rule not to break: an upgrade of one release changes that release. A value that other releases get too (a default
of the environment, a template) is refused with its place; what only the chart has is written at the release.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import CHART_VERSION, ChartReference, Locked, Release
from fairway.domain.repository.resolving.locking import LOCK_FILE
from fairway.domain.upgrades.documents import slices
from fairway.domain.upgrades.helm_objects import helm_objects
from fairway.domain.upgrades.places import Place
from fairway.domain.upgrades.written import CannotEdit, WrittenFile, entries, read_written
from fairway.domain.values.layers import LayerKind
from fairway.domain.values.paths import parse_key
from fairway.domain.values.tracing import Origin
from fairway.domain.yaml import Path
from fairway.domain.yaml.positions import key_text
from fairway.domain.yaml.scalars import plain_scalar, scalar_text

Read = Callable[[str], bytes]
"""The bytes of a file by the name that positions carry."""


def locate(release: Release, key: str, origins: Sequence[Origin], read: Read) -> Place:
    """Where the value `key` (a dotted path) of a release is to be changed.

    `origins` are the layers that speak about it, strongest first: `Explanation.provenance[parse_key(key)]`, empty when
    there is none. Raises CannotEdit with the place of the value when a change there would reach other releases, or
    when it is not written as text there; InvalidInput when a file cannot be read.
    """
    if (locked := _locked(release, key)) is not None:
        return _in_lock(locked, read)
    own_file = release.position.file
    strongest = origins[0] if origins else None
    layer = strongest.layer if strongest is not None else LayerKind.CHART
    if strongest is None or layer in (LayerKind.CHART, LayerKind.SUBCHART):
        return Place(own_file, _release_path(read_written(read(own_file), own_file), release), key)
    where = strongest.position
    if layer is LayerKind.DEPENDENCY:
        return _unchanged(Place(where.file, strongest.path), read, strongest.value, where)
    if layer is LayerKind.RESOURCE:
        return _in_object(strongest, read)
    fix = f'write {{key: {key}, value: "…"}} under values of release "{release.name}"'
    if layer in (LayerKind.ENVIRONMENT, LayerKind.ENVIRONMENT_FILE):
        message = (
            f'{key} of release "{release.name}" is a default of the environment; a change reaches its other releases'
        )
        raise CannotEdit(message, where=where, fix=fix)
    if layer is LayerKind.RELEASE_FILE:
        if strongest.secret:
            message = f"{key} stands in an encrypted file"
            raise CannotEdit(message, where=where, fix="edit it with sops, or move the tag out of the file")
        return _unchanged(Place(where.file, strongest.path), read, strongest.value, where)
    if strongest.note:
        raise CannotEdit(f"{key} is not written here, it comes from {strongest.note}", where=where, fix=fix)
    if strongest.written is not None and strongest.written != strongest.value:
        message = f"{key} is put together from variables or placeholders"
        raise CannotEdit(message, where=where, fix="write the tag itself")
    return _unchanged(Place(own_file, _value_path(release, key, strongest, read)), read, strongest.value, where)


def locate_chart_version(release: Release, read: Read) -> Place:
    """Where the version of the release's chart is written. Raises as `locate`."""
    if (locked := _locked(release, CHART_VERSION)) is not None:
        return _in_lock(locked, read)
    chart: ChartReference | None = release.chart
    own_file = release.position.file
    if chart is None or chart.version is None:
        message = f'release "{release.name}" names no version of a chart'
        raise CannotEdit(message, where=chart.position if chart else release.position, fix="remove the chart trigger")
    written = read_written(read(own_file), own_file)
    path = _release_path(written, release)
    if not written.has((*path, "chart", "version")):
        message = f'the chart version of release "{release.name}" comes from a template; a change reaches others'
        fix = f'write chart: {{version: "…"}} under release "{release.name}"'
        raise CannotEdit(message, where=chart.position, fix=fix)
    return _unchanged(Place(own_file, (*path, "chart", "version")), read, chart.version, chart.position)


def locate_lock(release: Release, environment: str, key: str, read: Read) -> Place:
    """Where the lock file beside the release file holds the value, or will. Raises as `locate`."""
    if (locked := _locked(release, key)) is not None:
        return _in_lock(locked, read)
    file = posixpath.join(posixpath.dirname(release.position.file), LOCK_FILE)
    return Place(file, (f"{environment}/{release.name}", key), made=True)


def _locked(release: Release, key: str) -> Locked | None:
    return next((one for one in release.locked if parse_key(one.key) == parse_key(key)), None)


def _in_lock(locked: Locked, read: Read) -> Place:
    place = Place(locked.position.file, (locked.entry, locked.key))
    return _unchanged(place, read, locked.value, locked.position)


def _in_object(origin: Origin, read: Read) -> Place:
    """In the document of a resource file that has the line."""
    file = origin.position.file
    data = read(file)
    numbers = [n for n, part in enumerate(slices(data, file)) if part.line < origin.position.line]
    for one in helm_objects(data, file):
        if numbers and one.document == numbers[-1] and one.at(origin.path) == origin.value:
            return Place(file, origin.path, document=one.document)
    raise CannotEdit("this value changed since the repository was read", where=origin.position, fix="run it again")


def _unchanged(place: Place, read: Read, value: Any, where: Position) -> Place:
    """The place, when what it says is still what was read; what is no single value is for the edit to refuse."""
    written = read_written(read(place.file), place.file)
    node = written.find(place.path).node
    if isinstance(node, ScalarNode):
        text = scalar_text(plain_scalar(node.value)) if node.tag is None else str(node.value)
        if text not in (scalar_text(value), value):
            raise CannotEdit("this value changed since the repository was read", where=where, fix="run it again")
    return place


def _value_path(release: Release, key: str, origin: Origin, read: Read) -> Path:
    """The path of a value of `values`; refuses one that stands in a template."""
    own_file = release.position.file
    if origin.position.file == own_file:
        written = read_written(read(own_file), own_file)
        path = _release_path(written, release)
        values = written.find((*path, "values")).node if written.has((*path, "values")) else None
        items = list(enumerate(values.value if isinstance(values, SequenceNode) else ()))
        entry = _entry_at(written, items, origin) or _entry_of(written, (*path, "values"), items, origin)
        if entry is not None:
            index, below = entry
            return (*path, "values", index, "value", *below)
    message = f'{key} of release "{release.name}" comes from a template; a change there reaches others'
    fix = f'write {{key: {key}, value: "…"}} under values of release "{release.name}"'
    raise CannotEdit(message, where=origin.position, fix=fix)


_Items = list[tuple[int, Node]]


def _entry_at(written: WrittenFile, items: _Items, origin: Origin) -> tuple[int, Path] | None:
    """The entry at the very place that the origin names, and the path inside of its value."""
    for index, item in items:
        parts = _parts(item)
        if "value" in parts and "key" in parts and written.at(parts["value"]) == origin.position:
            below = _below(parts["key"], origin)
            if below is not None:
                return index, below
    return None


def _entry_of(written: WrittenFile, values: Path, items: _Items, origin: Origin) -> tuple[int, Path] | None:
    """The last entry about that value: lines above it may have come since it was read."""
    for index, item in reversed(items):
        parts = _parts(item)
        below = _below(parts["key"], origin) if "value" in parts and "key" in parts else None
        if below is not None and written.has((*values, index, "value", *below)):
            return index, below
    return None


def _below(key: Node, origin: Origin) -> Path | None:
    """What of the origin's path is inside of the value under a key; None when the key is about something else."""
    try:
        own = parse_key(str(key.value))
    except UserError:
        return None
    return origin.path[len(own) :] if origin.path[: len(own)] == own else None


def _parts(item: Node) -> dict[str, Node]:
    return {key_text(key): value for key, value in entries(item)} if isinstance(item, MappingNode) else {}


def _release_path(written: WrittenFile, release: Release) -> Path:
    """The path of a release in its file, found by its name; of several with that name, by the place."""
    named = written.releases.get(release.name, ())
    for index, name in named:
        if len(named) == 1 or written.at(name) == release.position:
            return ("releases", index)
    message = f'release "{release.name}" is no longer where it was when the repository was read'
    raise CannotEdit(message, where=Position(written.file), fix="run it again")
