"""Written text against a written model: every mistake with its place, and what is left when they are taken out.

The rule not to break: one bad field never hides the mistakes of the others. The faulty parts are reported and dropped,
and the rest goes on through the checks that need a whole entry.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.placeholders import PLACEHOLDER
from fairway.domain.repository.rules import RULES
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written import TemplateEntry

M = TypeVar("M", bound=BaseModel)

MOST_ROUNDS = 8

_TYPES = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}
_BOUNDS = {"less_than_equal": "at most", "greater_than_equal": "at least"}
_LITERAL_RULES = {"track": "bad-track", "strategy": "unknown-strategy", "kind": "unknown-gate"}


def validated(
    model: type[M], raw: Any, site: Site, findings: Findings, noun: str, stand_ins: Mapping[str, Any] | None = None
) -> M | None:
    """The entry as a model, without its faulty parts; None when what is left cannot be one.

    `noun` names the entry in messages, e.g. `release "web"`. `stand_ins` fill reported gaps, so that checks go on.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as errors:
        wrong = errors.errors(include_url=False)
    for error in wrong:
        _report(error, model, site, findings, noun)
    rest = copy.deepcopy(raw)
    if isinstance(rest, dict):
        rest = {**(stand_ins or {}), **rest}
    return _what_is_left(model, rest)


def _what_is_left(model: type[M], rest: Any) -> M | None:
    """Faulty parts go until the rest is valid; taking one out can leave a gap that takes out the map around it."""
    for _ in range(MOST_ROUNDS):
        try:
            return model.model_validate(rest)
        except ValidationError as errors:
            for error in errors.errors(include_url=False):
                rest = _without(rest, error["loc"])
    return None


def validated_template(raw: Any, site: Site, findings: Findings, noun: str) -> dict[str, Any] | None:
    """A template's map without its faulty parts; texts with placeholders are judged when they are filled."""
    if not isinstance(raw, dict):
        findings.error("wrong-type", f"{noun} must be a map, not {_described(raw)}", site.at())
        return None
    try:
        TemplateEntry.model_validate(raw)
    except ValidationError as errors:
        rest = copy.deepcopy(raw)
        for error in errors.errors(include_url=False):
            if isinstance(error["input"], str) and PLACEHOLDER.search(error["input"]):
                continue
            _report(error, TemplateEntry, site, findings, noun)
            rest = _without(rest, error["loc"])
        return rest
    return raw


def without_unknown_keys(model: type[BaseModel], raw: dict[str, Any], site: Site, findings: Findings) -> dict[str, Any]:
    """`raw` with only the keys that the model has; the others are reported."""
    known = known_keys(model)
    for key in raw:
        if key not in known:
            findings.error("unknown-key", f'unknown key "{key}"{suggestion(key, known)}', site.key(key))
    return {key: value for key, value in raw.items() if key in known}


def _report(error: Any, model: type[BaseModel], site: Site, findings: Findings, noun: str) -> None:
    loc: tuple[str | int, ...] = error["loc"]
    kind: str = error["type"]
    value = error["input"]
    inside = f"{noun}: " if noun else ""
    if kind == "extra_forbidden":
        owner = model_at(model, loc[:-1])
        known = known_keys(owner) if owner else ()
        message = f'{inside}unknown key "{_dotted(loc)}"{suggestion(str(loc[-1]), known, most=6)}'
        findings.error("unknown-key", message, site.key(*loc))
    elif kind == "missing":
        fix = _example(model_at(model, loc[:-1]), str(loc[-1]))
        findings.error("missing-key", f'{inside}"{_dotted(loc)}" is missing', site.at(*loc[:-1]), fix)
    elif kind == "literal_error":
        rule = _LITERAL_RULES.get(str(loc[-1]), "bad-value")
        choices = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        message = f'{inside}{_dotted(loc)}: no such {loc[-1]} "{value}"{suggestion(str(value), choices)}'
        findings.error(rule, message, site.at(*loc))
    elif kind in RULES:
        findings.error(kind, f"{inside}{_dotted(loc)}: {error['ctx']['message']}", site.at(*loc), error["ctx"]["fix"])
    elif kind == "string_type" and isinstance(value, str | int | float | bool):
        written = site.scalar(*loc)
        text = written.text if written else str(value)
        message = f"{inside}{_dotted(loc)}: {text} is not text without quotes"
        findings.error("wrong-type", message, site.at(*loc), f'write "{text}"')
    elif kind in _TYPES:
        message = f"{inside}{_dotted(loc)} must be {_TYPES[kind]}, not {_described(value)}"
        fix = 'write "- …" lines below the key' if kind == "list_type" else None
        findings.error("wrong-type", message.replace("  ", " "), site.at(*loc), fix)
    elif kind in _BOUNDS:
        bound = f"{_BOUNDS[kind]} {next(iter(error['ctx'].values()))}"
        findings.error("bad-value", f"{inside}{_dotted(loc)}: {value} is out of range, {bound}", site.at(*loc))
    else:
        findings.error("bad-value", f"{inside}{_dotted(loc)}: {error['msg']}", site.at(*loc))


def _without(raw: Any, loc: tuple[str | int, ...]) -> Any:
    """`raw` minus the part at `loc`. A list with a faulty item goes as a whole: the others keep their indices."""
    parents: list[tuple[Any, str | int]] = []
    value = raw
    for part in loc:
        known = part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)
        if not known or (isinstance(value, list) and isinstance(part, int) and part >= len(value)):
            break
        parents.append((value, part))
        value = value[part]
    exact = len(parents) == len(loc)
    if not exact:  # a key is missing: the map that lacks it goes
        parents = parents or []
    while parents and isinstance(parents[-1][0], list):
        parents.pop()
    if parents:
        holder, part = parents[-1]
        holder.pop(part, None)
    return raw


def model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that a location below `model` points into; list indices and keys of free maps are passed over."""
    current: type[BaseModel] | None = model
    for part in loc:
        if current is None:
            return None
        fields = _fields_by_key(current)
        if isinstance(part, str) and part in fields:
            current = _model_in(fields[part].annotation)
    return current


def known_keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(_fields_by_key(model))


@lru_cache(maxsize=256)
def _fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if (found := _model_in(part)) is not None:
            return found
    return None


def _example(model: type[BaseModel] | None, key: str) -> str | None:
    field = _fields_by_key(model).get(key) if model else None
    return f"add e.g. {key}: {field.examples[0]}" if field and field.examples else None


def _dotted(loc: tuple[str | int, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _described(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value!r}"[:60]
