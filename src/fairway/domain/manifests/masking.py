"""Hides secrets in everything that is shown: known secret texts wherever they occur, and Secrets as a whole.

The rule not to break: a plan, a difference, an error or a log line is masked before it is stored, not when it is shown.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from fairway.domain.manifests.objects import Object

MASK = "(masked)"
SENSITIVE = "fairway.dev/sensitive"
"""Annotation: `"true"` makes Fairway treat any object as it treats a Secret."""

_SHORTEST_PART = 4
_SHORTEST_LINE = 16


def is_secret(obj: Object | None) -> bool:
    """True for a core Secret, and for any object that says so by the annotation `fairway.dev/sensitive: "true"`."""
    if not obj:
        return False
    if obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1":
        return True
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(SENSITIVE, "")).lower() == "true"


class Masker:
    """Replaces known secrets in text by `(masked)`, also their base64 form and single lines of long ones.

    A secret shorter than four characters is only masked where it is a whole value: masking every `1` of a text would
    hide everything else and tell the secret by its holes.
    """

    def __init__(self, known_secrets: Iterable[str] = ()) -> None:
        self._whole = {secret for secret in known_secrets if secret}
        parts = {part for secret in self._whole for part in _forms(secret) if len(part) >= _SHORTEST_PART}
        longest_first = sorted(parts, key=lambda part: (-len(part), part))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if parts else None

    def text(self, text: str) -> str:
        """The text with every known secret replaced."""
        if text in self._whole:
            return MASK
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """Any JSON value, masked to its depths, mapping keys included; the same object when nothing was found."""
        if not self._whole:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if value is not None and not isinstance(value, bool) and str(value) in self._whole:
            return MASK
        return value


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield secret.strip()
    yield b64encode(secret.encode()).decode()
    for line in secret.splitlines():
        if len(line.strip()) >= _SHORTEST_LINE:
            yield line.strip()
