"""`extends`: a release inherits every field of its templates, so that a hundred similar services need no copying.

The rule not to break: what is inherited keeps the position of the template's line, and only what is inherited is
filled with placeholders. Merge rules (docs/spec/repository.md, templates): maps merge, `values` add up with the later
key winning, everything else is replaced by the nearer one; a null takes an inherited field away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.placeholders import BUILT_IN, fill, unknown_placeholders
from fairway.domain.repository.sites import Overlay, Site
from fairway.domain.yaml import Path


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    raw: Mapping[str, Any]
    site: Site


_DISPLACES = {
    "chart": ("resourceFiles",),
    "resourceFiles": ("chart",),
    "trigger": ("triggers",),
    "triggers": ("trigger",),
}


def bases_of(raw: Mapping[str, Any]) -> list[str]:
    """The names under `extends`, as far as they are names."""
    extends = raw.get("extends")
    if isinstance(extends, str):
        return [extends]
    return [name for name in extends if isinstance(name, str)] if isinstance(extends, list) else []


def expand(
    raw: Mapping[str, Any],
    site: Site,
    templates: Mapping[str, Template],
    names: Mapping[str, str],
    findings: Findings,
) -> tuple[dict[str, Any], Site]:
    """A release's entry with what it inherits, and its site. `names` are the built-in placeholders' values."""
    layers = lineage(raw, site, templates, findings)
    filled = {**_parameters(raw, site, layers, names, findings), **names}
    merged: dict[str, Any] = {}
    origins: dict[Path, Site] = {}
    for template in layers:
        _report_unknown(template.raw, template.site, filled, findings)
        _lay({key: fill(value, filled) for key, value in template.raw.items()}, template.site, merged, origins)
    _lay(raw, site, merged, origins)
    for key in ("extends", "parameters"):
        merged.pop(key, None)
    return merged, Site(Overlay(site, origins))


def lineage(
    raw: Mapping[str, Any], site: Site, templates: Mapping[str, Template], findings: Findings
) -> list[Template]:
    """The templates that an entry inherits from, weakest first, each once; unknown ones and circles are reported."""
    found: dict[str, Template] = {}

    def visit(entry: Mapping[str, Any], where: Site, chain: tuple[str, ...]) -> None:
        for index, name in enumerate(bases_of(entry)):
            place = where.at("extends", index) if isinstance(entry["extends"], list) else where.at("extends")
            if name in chain:
                circle = " → ".join([*chain[chain.index(name) :], name])
                findings.error("extends-cycle", f"templates extend each other in a circle: {circle}", place)
            elif name not in templates:
                message = f'no template "{name}"{suggestion(name, templates)}'
                findings.error("unknown-template", message, place, f"add it: templates: {{{name}: …}}")
            elif name not in found:
                visit(templates[name].raw, templates[name].site, (*chain, name))
                found.setdefault(name, templates[name])

    visit(raw, site, ())
    return list(found.values())


def _parameters(
    raw: Mapping[str, Any], site: Site, layers: list[Template], names: Mapping[str, str], findings: Findings
) -> dict[str, Any]:
    declared: dict[str, Any] = {}
    for template in layers:
        parameters = template.raw.get("parameters")
        if isinstance(parameters, dict):
            declared.update(fill(parameters, names))
    own = raw.get("parameters")
    own = own if isinstance(own, dict) else {}
    release = names.get("release", "")
    for source in (*((one.raw, one.site) for one in layers), (raw, site)):
        _report_reserved(*source, findings)
    for name in own:
        if layers and name not in declared:
            message = f'release "{release}": no template of it has a parameter "{name}"{suggestion(name, declared)}'
            findings.error("unknown-parameter", message, site.key("parameters", name))
    values = {**declared, **own}
    for name, value in values.items():
        if value is None:
            message = f'release "{release}": the parameter "{name}" of its template is not given'
            findings.error("missing-parameter", message, site.at("extends"), f"add parameters: {{{name}: …}}")
    return values


def _report_reserved(raw: Mapping[str, Any], site: Site, findings: Findings) -> None:
    parameters = raw.get("parameters")
    for name in parameters if isinstance(parameters, dict) else ():
        if name in BUILT_IN:
            message = f'the parameter "{name}" has the name of a built-in placeholder, which wins'
            findings.error("bad-name", message, site.key("parameters", name), "call it differently")


def _report_unknown(value: Any, site: Site, names: Mapping[str, Any], findings: Findings) -> None:
    if isinstance(value, str):
        for name in unknown_placeholders(value, names):
            message = f"{{{{{name}}}}} is no parameter of this template and stays as it is"
            fix = f"known here: {', '.join(sorted({*names, *BUILT_IN}))}"
            findings.warning("unknown-placeholder", message, site.at(), fix)
    elif isinstance(value, dict):
        for key, item in value.items():
            _report_unknown(item, site.into(key), names, findings)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _report_unknown(item, site.into(index), names, findings)


def _lay(over: Mapping[str, Any], site: Site, merged: dict[str, Any], origins: dict[Path, Site]) -> None:
    """Put one layer over what is there."""
    for key, value in over.items():
        for displaced in _DISPLACES.get(key, ()) if value is not None else ():
            _take(displaced, merged, origins)
        if key == "chart" and isinstance(value, dict) and ("dir" in value or "reference" in value):
            _take(key, merged, origins)
        if key == "values" and isinstance(value, list) and isinstance(merged.get(key), list):
            _add_values(value, site, merged[key], origins)
        else:
            _merge(merged, key, value, (key,), site.into(key), origins)


def _merge(holder: dict[str, Any], key: str, value: Any, path: Path, site: Site, origins: dict[Path, Site]) -> None:
    below = holder.get(key)
    if isinstance(value, dict) and isinstance(below, dict):
        holder[key] = dict(below)
        for name, item in value.items():
            _merge(holder[key], name, item, (*path, name), site.into(name), origins)
        return
    _forget(path, origins)
    holder[key] = list(value) if isinstance(value, list) else value
    origins[path] = site


def _add_values(added: list[Any], site: Site, values: list[Any], origins: dict[Path, Site]) -> None:
    whole = _popped(origins, ("values",))
    sites = [_popped(origins, ("values", i)) or (whole.into(i) if whole else site) for i in range(len(values))]
    new = {item.get("key") for item in added if isinstance(item, dict)}
    kept = [
        (item, at)
        for item, at in zip(values, sites, strict=True)
        if not (isinstance(item, dict) and item.get("key") in new)
    ]
    entries = kept + [(item, site.into("values", index)) for index, item in enumerate(added)]
    values[:] = [item for item, _ in entries]
    origins.update({("values", index): at for index, (_, at) in enumerate(entries)})


def _popped(origins: dict[Path, Site], path: Path) -> Site | None:
    return origins.pop(path) if path in origins else None


def _take(key: str, merged: dict[str, Any], origins: dict[Path, Site]) -> None:
    merged.pop(key, None)
    _forget((key,), origins)


def _forget(path: Path, origins: dict[Path, Site]) -> None:
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]
