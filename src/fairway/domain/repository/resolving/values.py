"""`values`, `defaultValues` and every `valueFrom`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartValue, ValueSource
from fairway.domain.repository.resolving.context import Context
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written.values import ChartValueEntry, ValueFrom
from fairway.domain.values.paths import parse_key
from fairway.domain.yaml import reads_differently

_KINDS = ("gceResource", "env", "file", "configMap", "secret", "output")
_ATTRIBUTES = dict(zip(_KINDS, ("gce_resource", "env", "file", "config_map", "secret", "output"), strict=True))


def resolve_values(entries: Sequence[ChartValueEntry], site: Site, context: Context) -> tuple[ChartValue, ...]:
    """The entries that are well-formed, in order. Findings: one-value, bad-value-key, duplicate-value, lossy-scalar."""
    values: list[ChartValue] = []
    seen: dict[str, Site] = {}
    for index, entry in enumerate(entries):
        value = _value(entry, site.into(index), context)
        if value is None:
            continue
        if value.key in seen:
            first = seen[value.key].at("key").line
            message = f'value "{value.key}" stands already in line {first}; this one wins'
            context.findings.warning("duplicate-value", message, site.at(index, "key"), "remove one of the two")
        seen[value.key] = site.into(index)
        values.append(value)
    return tuple(values)


def _value(entry: ChartValueEntry, site: Site, context: Context) -> ChartValue | None:
    key = entry.key
    try:
        parse_key(key)
    except UserError as error:
        context.findings.error("bad-value-key", error.message, site.at("key"), error.fix)
        return None
    has_value = "value" in entry.model_fields_set
    if has_value == bool(site.given("valueFrom")):
        which = "both value and valueFrom" if has_value else "neither value nor valueFrom"
        context.findings.error("one-value", f'value "{key}" has {which}', site.key(), "give exactly one of them")
        return None
    if entry.value_from is not None:
        source = resolve_source(entry.value_from, site.into("valueFrom"), context, f'value "{key}"')
        return ChartValue(key, site.at("valueFrom"), value_from=source) if source else None
    if not has_value:
        return None
    _report_lossy(entry.value, site.into("value"), context, key)
    return ChartValue(key, site.at("value"), value=entry.value)


def _report_lossy(value: Any, site: Site, context: Context, key: str) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _report_lossy(item, site.into(name), context, f"{key}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _report_lossy(item, site.into(index), context, f"{key}[{index}]")
    elif isinstance(value, bool | int | float):
        written = site.scalar()
        becomes = reads_differently(written.text) if written and written.plain else None
        if written and becomes is not None:
            message = f'value "{key}": {written.text} without quotes is read as {becomes}'
            fix = f'write "{written.text}" to keep the text, or {becomes} to say what is meant'
            context.findings.warning("lossy-scalar", message, site.at(), fix)


def resolve_source(entry: ValueFrom, site: Site, context: Context, noun: str) -> ValueSource | None:
    """The one source of a `valueFrom`; settings as `models.ValueSource` lists them, `file` paths absolute."""
    given = site.given(*_KINDS)
    if len(given) != 1:
        which = " and ".join(given) if given else "nothing"
        message = f"{noun}: valueFrom names {which}, exactly one source is needed"
        context.findings.error("one-value", message, site.at(), f"one of {', '.join(_KINDS)}")
        return None
    kind = given[0]
    part = getattr(entry, _ATTRIBUTES[kind])
    if part is None:
        return None
    if kind == "gceResource":
        settings = _address(part.address, site.into(kind, "address"), context, noun)
        return ValueSource(kind, settings, site.at(kind)) if settings else None
    settings = {key: value for key, value in part.model_dump(by_alias=True).items() if value is not None}
    if kind == "file":
        where = site.at(kind, "path") if site.scalar(kind) is None else site.at(kind)
        settings["path"] = context.file(part.path, where, noun)
    return ValueSource(kind, settings, site.at(kind))


def _address(address: Any, site: Site, context: Context, noun: str) -> dict[str, Any] | None:
    if len(site.given("name", "nameFrom")) != 1:
        message = f"{noun}: address needs exactly one of name and nameFrom"
        context.findings.error("one-value", message, site.at())
        return None
    if address.name is not None:
        return {"name": address.name, "isGlobal": address.is_global}
    if address.name_from is None:
        return None
    return {"nameFrom": address.name_from.cluster_param, "isGlobal": address.is_global}
