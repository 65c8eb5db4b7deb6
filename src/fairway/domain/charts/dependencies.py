"""What a chart depends on: declared in Chart.yaml, pinned in Chart.lock, present under charts/.

The rule not to break: the digest of a lock is computed over the very JSON that Helm writes, or nobody's lock is valid.
Sources: Helm `internal/resolver/resolver.go` (HashReq), `pkg/action/action.go` (CheckDependencies).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fairway.domain import yaml
from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.constraints import BadConstraint, parse_constraint
from fairway.domain.errors import Diagnostic, InvalidInput, Position, UserError

ChartFiles = Mapping[str, bytes]
RULE = "chart-dependency"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One entry of `dependencies:`.

    `repository` is "", `file://…`, `http(s)://…`, `oci://…`, `s3://…`, `@name` or `alias:name`.
    """

    name: str
    version: str
    repository: str
    position: Position
    alias: str = ""
    written: Mapping[str, Any] | None = None
    """The entry as read, for the lock's digest."""

    @property
    def repository_name(self) -> str | None:
        """The name behind `@name` or `alias:name`."""
        for prefix in ("@", "alias:"):
            if self.repository.startswith(prefix):
                return self.repository.removeprefix(prefix)
        return None


@dataclass(frozen=True, slots=True)
class Lock:
    digest: str
    dependencies: tuple[Dependency, ...]
    file: str


def declared(files: ChartFiles, api_version: str, origin: str) -> tuple[Dependency, ...]:
    """The dependencies of a chart: Chart.yaml, or requirements.yaml of an old (v1) chart. Raises InvalidInput."""
    found = _read_list(files.get("Chart.yaml"), f"{origin}/Chart.yaml")
    if api_version == "v1" and "requirements.yaml" in files:
        found = _read_list(files["requirements.yaml"], f"{origin}/requirements.yaml") or found
    return found


def read_lock(files: ChartFiles, api_version: str, origin: str) -> Lock | None:
    name = "requirements.lock" if api_version == "v1" and "requirements.lock" in files else "Chart.lock"
    if name not in files:
        return None
    file = f"{origin}/{name}"
    fields = yaml.load(_decode(files[name], file), file)
    digest = fields.get("digest") if isinstance(fields, dict) else None
    return Lock(str(digest or ""), _read_list(files[name], file), file)


def missing(dependencies: Sequence[Dependency], files: ChartFiles, origin: str) -> list[Dependency]:
    """Dependencies that are not under charts/, compared by chart name alone as Helm does."""
    if not dependencies:
        return []
    present = present_names(files, origin)
    return [item for item in dependencies if item.name not in present]


def present_names(files: ChartFiles, origin: str) -> set[str]:
    """Names of the charts under charts/, folders and archives; names that start with `_` or `.` do not count."""
    names: set[str] = set()
    for path, data in files.items():
        parts = path.split("/")
        if parts[0] != "charts" or len(parts) < 2 or parts[1][:1] in ("_", "."):
            continue
        if len(parts) == 2 and path.endswith(".tgz"):
            names.add(_chart_name(read_archive(data, f"{origin}/{path}")["Chart.yaml"]))
        elif len(parts) == 3 and parts[2] == "Chart.yaml":
            names.add(_chart_name(data))
    return names


def refuse_missing(items: Sequence[Dependency], chart: str) -> UserError:
    """Helm's refusal, with the place of the first missing dependency."""
    names = ", ".join(item.name for item in items)
    return UserError(
        f'chart "{chart}": found in Chart.yaml, but missing in charts/ directory: {names}',
        where=items[0].position,
        fix="give it a repository, or put the chart under charts/",
    )


def pinned(dependencies: Sequence[Dependency], lock: Lock | None, urls: Mapping[str, str]) -> tuple[Dependency, ...]:
    """The dependencies with the lock's exact versions; without a lock, as declared.

    `urls` gives the address behind a repository name. Raises UserError when the lock does not belong to them.
    """
    if lock is None:
        return tuple(dependencies)
    resolved = [_with_address(item, urls) for item in dependencies]
    if lock.digest not in (lock_digest(resolved, lock.dependencies), _old_digest(dependencies)):
        raise UserError(
            "the lock is out of sync with the dependencies in Chart.yaml",
            where=Position(lock.file),
            fix="run helm dependency update in the chart's folder and commit the lock",
        )
    if len(lock.dependencies) != len(dependencies):
        raise UserError("the lock does not name every dependency", where=Position(lock.file))
    return tuple(
        replace(item, version=locked.version or item.version)
        for item, locked in zip(dependencies, lock.dependencies, strict=True)
    )


def lock_digest(dependencies: Sequence[Dependency], locked: Sequence[Dependency]) -> str:
    """`sha256:…` over the JSON of both lists, exactly as Go's encoder writes it."""
    return _digest([[_as_json(item) for item in dependencies], [_as_json(item) for item in locked]])


def check_constraint(dependency: Dependency) -> None:
    """Raises InvalidInput when the version of a dependency is no constraint."""
    try:
        parse_constraint(dependency.version)
    except BadConstraint as error:
        message = f'dependency "{dependency.name}": {error}'
        fix = 'write e.g. version: "1.2.3" or "^1.2"'
        raise InvalidInput([Diagnostic(message, dependency.position, fix, rule=RULE)]) from None


def _old_digest(dependencies: Sequence[Dependency]) -> str:
    """What Helm 2 wrote into requirements.lock."""
    return _digest({"dependencies": [_as_json(item) for item in dependencies]})


def _digest(value: object) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=False)
    for char, escaped in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(char, escaped)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _as_json(item: Dependency) -> dict[str, Any]:
    written = item.written or {}
    result: dict[str, Any] = {"name": item.name}
    if item.version:
        result["version"] = item.version
    result["repository"] = item.repository
    for key in ("condition", "tags", "enabled", "import-values", "alias"):
        if written.get(key):
            result[key] = _sorted_maps(written[key])
    return result


def _sorted_maps(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_maps(value[key]) for key in sorted(value)}
    return [_sorted_maps(item) for item in value] if isinstance(value, list) else value


def _with_address(item: Dependency, urls: Mapping[str, str]) -> Dependency:
    name = item.repository_name
    return replace(item, repository=urls.get(name, item.repository)) if name else item


def _chart_name(data: bytes) -> str:
    fields = yaml.load(_decode(data, "Chart.yaml"), "Chart.yaml")
    return str(fields.get("name", "")) if isinstance(fields, dict) else ""


def _read_list(data: bytes | None, file: str) -> tuple[Dependency, ...]:
    if data is None or b"dependencies" not in data:
        return ()
    fields, positions = yaml.load_with_positions(_decode(data, file), file)
    entries = fields.get("dependencies") if isinstance(fields, dict) else None
    if entries is None:
        return ()
    problems: list[Diagnostic] = []
    found: list[Dependency] = []
    if not isinstance(entries, list):
        raise InvalidInput([Diagnostic("dependencies is a list", positions[("dependencies",)], rule=RULE)])
    for number, entry in enumerate(entries):
        at = positions[("dependencies", number)]
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
            fix = "write - name: …, version: …, repository: …"
            problems.append(Diagnostic("a dependency is a map with at least a name", at, fix, rule=RULE))
            continue
        texts = {key: entry.get(key) or "" for key in ("version", "repository", "alias")}
        if wrong := [key for key, value in texts.items() if not isinstance(value, str)]:
            fix = f"put the {wrong[0]} in quotes"
            message = f'{wrong[0]} of dependency "{entry["name"]}" must be a string'
            problems.append(Diagnostic(message, positions[("dependencies", number, wrong[0])], fix, rule=RULE))
            continue
        found.append(Dependency(entry["name"], position=at, written=entry, **texts))
    if problems:
        raise InvalidInput(problems)
    return tuple(found)


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput([Diagnostic("the file is not UTF-8 text", Position(file), rule=RULE)]) from None
