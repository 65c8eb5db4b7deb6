"""Which objects, fields and environment variables of a manifest are secret.

Which names sound secret, and how known secrets are found in texts, is said in `domain.values.secrets`. The rule not to
break: a difference is masked when it is made, not when it is shown, so that no plan ever holds a secret.
"""

from __future__ import annotations

import re
from typing import Any

from fairway.domain.manifests.objects import Object
from fairway.domain.values.secrets import MASK, looks_secret, value_looks_secret

SENSITIVE = "fairway.dev/sensitive"
"""Annotation: `"true"` makes Fairway treat any object as it treats a Secret."""

_STEP = re.compile(r"""\["(?P<quoted>[^"]*)"\]|\[(?P<item>[^\]]*)\]|(?P<name>[^.\[]+)""")


def is_secret(obj: Object | None) -> bool:
    """True for a core Secret, and for any object that says so by the annotation `fairway.dev/sensitive: "true"`."""
    if not obj:
        return False
    if obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1":
        return True
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and str(annotations.get(SENSITIVE, "")).lower() == "true"


def is_secret_field(path: str) -> bool:
    """Whether a scalar at this path is secret by its name: `data.db_password`, `….env[API_TOKEN].value`."""
    steps = [step.group("quoted") or step.group("item") or step.group("name") or "" for step in _STEP.finditer(path)]
    if len(steps) > 1 and steps[-1] == "value":
        return looks_secret(steps[-2])
    return bool(steps) and looks_secret(steps[-1])


def without_secrets(value: Any, path: str = "") -> Any:
    """A JSON value with every scalar masked that is secret by its name or its looks, environment variables included."""
    if isinstance(value, dict):
        named = isinstance(value.get("name"), str) and looks_secret(value["name"])
        return {
            key: MASK
            if named and key == "value" and _can_be_secret(item)
            else without_secrets(item, f'{path}["{key}"]')
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item, path) for item in value]
    return MASK if _can_be_secret(value) and (is_secret_field(path) or value_looks_secret(value)) else value


def _can_be_secret(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
