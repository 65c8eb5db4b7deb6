"""What of the resources of a request nobody may read in a status, a log or an error."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from fairway.domain.manifests.masking import is_secret
from fairway.domain.manifests.objects import Object
from fairway.domain.values.secrets import SecretRegister, is_wordlike, looks_secret


def secrets_in(objects: Iterable[Object], register: SecretRegister) -> None:
    """What Secrets hold, as it is and decoded, and what sounds secret by the name of its field or variable."""
    for obj in objects:
        if is_secret(obj):
            for part in ("data", "stringData", "spec"):
                _add_all(obj.get(part), register)
        register.add_values(obj)
        _add_variables(obj, register)


def _add_all(value: Any, register: SecretRegister) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _add_all(item, register)
    elif isinstance(value, list):
        for item in value:
            _add_all(item, register)
    elif value is not None:
        register.add(value)
        try:
            register.add(base64.b64decode(str(value), validate=True).decode())
        except (binascii.Error, ValueError):
            return


def _add_variables(value: Any, register: SecretRegister) -> None:
    """Environment variables: `{name: DB_PASSWORD, value: …}`, wherever they stand."""
    if isinstance(value, list):
        for item in value:
            _add_variables(item, register)
    elif isinstance(value, dict):
        name, text = value.get("name"), value.get("value")
        if isinstance(name, str) and looks_secret(name) and isinstance(text, str) and not is_wordlike(text):
            register.add(text)
        for item in value.values():
            _add_variables(item, register)
