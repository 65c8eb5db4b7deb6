"""Write YAML that Helm, kubectl and we ourselves read back as the same values.

The rule not to break: a string that any YAML 1.1 or 1.2 reader would take for something else is quoted.
"""

from __future__ import annotations

import io
from typing import Any

import yaml

from fairway.domain.yaml.scalars import plain_scalar


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Block style, keys in their order, aliases never written."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: Any, text: str) -> Any:
    if "\n" in text and not text.startswith((" ", "\n")):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    ambiguous = not isinstance(plain_scalar(text), str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if ambiguous else None)


_Dumper.add_representer(str, _represent_string)


def dump(value: Any) -> str:
    """One document, ended by a line break; mappings keep their order."""
    stream = io.StringIO()
    yaml.dump(
        value, stream, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=10_000
    )
    return stream.getvalue()
