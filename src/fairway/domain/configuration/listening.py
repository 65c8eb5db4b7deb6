"""Addresses to listen on: `127.0.0.1:8080`, `:8080` (all addresses), `[::1]:0` (any free port)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]*)):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listen:
    host: str
    port: int

    def with_port(self, port: int) -> Listen:
        return replace(self, port=port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> Listen | None:
    """None when the text is no address."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        return None
    return Listen(found["six"] or found["host"] or "0.0.0.0", int(found["port"]))
