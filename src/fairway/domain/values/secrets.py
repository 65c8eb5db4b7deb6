"""What must not be shown, and how it is shown instead.

One rule: the replacement says nothing about the secret, neither its length nor a hash of it: short secrets are guessed
from a hash in seconds. Which keys count as secret: docs/spec/values.md, "Masking".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from fairway.domain.values.paths import Path

MASK = "••••••"
MIN_LENGTH = 4
"""Shorter secrets are masked where they stand, but not searched for in texts: they would blot out ordinary words."""

STRONG_LENGTH = 8
_WORDS = re.compile(r"[a-z]+(?:[-_. /:][a-z]+)*")

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LAST_WORD = frozenset(
    {"password", "passwd", "pwd", "passphrase", "token", "secret", "credential", "credentials"}
    | {"apikey", "privatekey", "secretkey", "accesskey"}
)
_LAST_TWO = frozenset(
    (first, "key")
    for first in ("api", "private", "secret", "access", "encryption", "signing", "auth", "license", "master", "shared")
) | {("connection", "string"), ("pass", "word"), ("pass", "phrase")}
_NAMES_ANOTHER = frozenset({"existing", "pull", "tls"})
"""existingSecret, imagePullSecret, tlsSecret: the value is the name of an object, not a secret."""
_HOLDERS = frozenset({"secrets", "secretenv", "secretdata", "stringdata"})
"""Maps whose every scalar is secret, whatever its key."""

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)


class NotRead(str):
    """Stands where a source was not asked, and says so; shown as it is, whatever its key."""

    __slots__ = ()


@lru_cache(maxsize=8192)
def looks_secret(key: str) -> bool:
    """Whether a scalar under this key is taken for a secret: `adminPassword`, `API_KEY`, `auth-token`."""
    words = [word.lower() for word in _WORD.findall(key)]
    if not words:
        return False
    last = words[-1]
    if last == "secret" and any(word in _NAMES_ANOTHER for word in words):
        return False
    return last in _LAST_WORD or tuple(words[-2:]) in _LAST_TWO


@lru_cache(maxsize=8192)
def holds_secrets(key: str) -> bool:
    return key.lower().replace("_", "").replace("-", "") in _HOLDERS


def value_looks_secret(value: Any) -> bool:
    """A private key in PEM, or a URL with a password in it."""
    if not isinstance(value, str):
        return False
    return ("://" in value and _USER_INFO.search(value) is not None) or (
        "-----BEGIN " in value and _PRIVATE_KEY.search(value) is not None
    )


def secret_leaves(
    values: Any, secret_paths: Collection[Path] = (), path: Path = (), *, inside: bool = False
) -> Iterator[tuple[Path, Any]]:
    """Every scalar that must be masked, with its path: below a path of `secret_paths`, or by its key or its looks.

    Booleans, nulls and empty strings are never secret.
    """
    inside = inside or path in secret_paths
    if isinstance(values, Mapping):
        for key, value in values.items():
            if isinstance(value, Mapping):
                below = inside or holds_secrets(key)
            else:
                below = inside or looks_secret(key)
            yield from secret_leaves(value, secret_paths, (*path, key), inside=below)
    elif isinstance(values, list):
        for i, item in enumerate(values):
            yield from secret_leaves(item, secret_paths, (*path, i), inside=inside)
    elif _is_maskable(values) and (inside or value_looks_secret(values)):
        yield path, values


def mask(values: Any, secret_paths: Collection[Path] = ()) -> Any:
    """The same structure with every secret replaced by `MASK`."""
    hidden = {path for path, _ in secret_leaves(values, secret_paths)}
    return _masked(values, hidden, ()) if hidden else values


def _masked(values: Any, hidden: Collection[Path], path: Path) -> Any:
    if isinstance(values, Mapping):
        return {key: _masked(value, hidden, (*path, key)) for key, value in values.items()}
    if isinstance(values, list):
        return [_masked(item, hidden, (*path, i)) for i, item in enumerate(values)]
    return MASK if path in hidden else values


def _is_maskable(value: Any) -> bool:
    return value is not None and not isinstance(value, bool | NotRead) and value != ""


class SecretRegister:
    """The secret strings that this run has seen; masks them in any text: diffs, errors, logs, rendered objects.

    Knows each secret as it is, in base64 (Secret data), and as it stands inside JSON or a quoted YAML string. A secret
    that could be an ordinary word (`postgres`, `admin1`) is masked only where it stands alone: nobody could read a plan
    in which every `default` is blotted out.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._paths: set[Path] = set()
        self._forms: dict[str, dict[str, bool]] = {}
        """Each form by its first characters, and whether it counts only as a whole word."""

    def __len__(self) -> int:
        return len(self._known)

    @property
    def known(self) -> frozenset[str]:
        """The secrets themselves, for whoever masks whole objects; never to be shown."""
        return frozenset(self._known)

    def add(self, secret: Any) -> None:
        """Remember one secret: a string or a number; shorter than `MIN_LENGTH` is ignored."""
        if not _is_maskable(secret):
            return
        text = str(secret)
        if len(text.strip()) < MIN_LENGTH or text in self._known:
            return
        self._known.add(text)
        for form in _forms(text):
            self._forms.setdefault(form[:MIN_LENGTH], {}).setdefault(form, False)
        self._forms.setdefault(text[:MIN_LENGTH], {})[text] = is_wordlike(text)

    def add_values(self, values: Any, secret_paths: Collection[Path] = ()) -> None:
        """Remember the secret leaves of some values; those that only their key gives away must not look like words."""
        self._paths.update(secret_paths)
        for path, value in secret_leaves(values, secret_paths):
            if not is_wordlike(str(value)) or any(path[:i] in secret_paths for i in range(len(path) + 1)):
                self.add(value)

    def add_earlier_values(self, values: Any) -> None:
        """Remember the secrets of an earlier revision's values: what is secret now was secret then."""
        self.add_values(values, frozenset(self._paths))

    def mask_values(self, values: Any) -> Any:
        """Values, of now or earlier, with each secret masked: by its path, its key, or because it is known."""
        return self.mask_tree(mask(values, self._paths))

    def mask(self, text: str) -> str:
        """`text` with each known secret replaced by `MASK`."""
        heads = {text[i : i + MIN_LENGTH] for i in range(len(text) - MIN_LENGTH + 1)}
        near = [self._forms[head] for head in heads & self._forms.keys()]
        found = {form: alone for forms in near for form, alone in forms.items() if form in text}
        if not found:
            return text
        longest_first = sorted(found, key=lambda form: (-len(form), form))
        return re.sub("|".join(_pattern(form, alone=found[form]) for form in longest_first), MASK, text)

    def mask_tree(self, value: Any) -> Any:
        """Decoded JSON with each known secret masked inside its strings (keys of maps stay)."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {key: self.mask_tree(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mask_tree(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self._known:
            return MASK
        return value


def _pattern(form: str, *, alone: bool) -> str:
    escaped = re.escape(form)
    return rf"(?<![\w-]){escaped}(?![\w-])" if alone else escaped


@lru_cache(maxsize=4096)
def is_wordlike(text: str) -> bool:
    """Short, or lower-case words joined by dashes and the like: could stand in any text without being the secret."""
    return len(text) < STRONG_LENGTH or _WORDS.fullmatch(text) is not None


def _forms(secret: str) -> Iterator[str]:
    yield base64.b64encode(secret.encode()).decode()
    if not secret.endswith("\n"):
        yield base64.b64encode(f"{secret}\n".encode()).decode()
    for form in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        if form != secret:
            yield form
    if "\n" in secret:
        yield from (line for line in (raw.strip() for raw in secret.splitlines()) if len(line) >= STRONG_LENGTH)
