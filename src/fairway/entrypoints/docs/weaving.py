"""Replacing the generated parts of a page: what stands between two marks, and nothing else.

<!-- made from code: NAME -->
...
<!-- end of NAME -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from fairway.domain.errors import Terminal

BEGIN = re.compile(r"^<!-- made from code: (.+) -->$")


def weave(page: str, parts: Mapping[str, Callable[[], str]], name: str) -> str:
    """The page with all its generated parts as they are now. Raises Terminal for an unknown or unclosed part."""
    lines = page.split("\n")
    woven: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        woven.append(line)
        position += 1
        begun = BEGIN.match(line)
        if begun is None:
            continue
        part = begun.group(1)
        if part not in parts:
            raise Terminal(f'{name}: nothing makes a part "{part}"', fix=f"one of {', '.join(sorted(parts))}")
        end = f"<!-- end of {part} -->"
        if end not in lines[position:]:
            raise Terminal(f"{name}: the part {part} has no end", fix=f"add a line {end}")
        position += lines[position:].index(end)
        woven += ["", *parts[part]().strip().split("\n"), ""]
    return "\n".join(woven)
