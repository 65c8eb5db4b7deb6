"""Chart versions as Helm reads them: semantic versions, a leading `v` and missing parts allowed.

The rule not to break: the text of a version is kept as its author wrote it; only comparisons use the parsed form.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from semver import Version

_EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)


@lru_cache(maxsize=65536)
def parse_version(text: str) -> Version | None:
    """The version a text stands for (`v1.2` is 1.2.0), or None when it is none."""
    try:
        return Version.parse(text.removeprefix("v"), optional_minor_and_patch=True)
    except ValueError:
        return None


def is_exact(text: str) -> bool:
    """Whether the text names one version with all three parts, and not a range of them."""
    return bool(_EXACT.fullmatch(text)) and parse_version(text) is not None


def newest_first(versions: Iterable[str]) -> list[str]:
    """Semantic versions in descending order, each once; texts that are no versions are left out."""
    known = {text: parsed for text in versions if (parsed := parse_version(text)) is not None}
    return sorted(known, key=lambda text: (known[text], text), reverse=True)


def nearest(wanted: str, versions: Iterable[str], limit: int = 3) -> list[str]:
    """The versions around the one that is missing: what somebody who mistyped probably meant."""
    ordered = newest_first(versions)
    target = parse_version(wanted)
    if target is None:
        return ordered[:limit]
    above = [text for text in ordered if (v := parse_version(text)) is not None and v > target]
    below = ordered[len(above) :]
    same_core = [t for t in ordered if (v := parse_version(t)) is not None and v.finalize_version() == target]
    picked = [*same_core, *below[: limit - 1], *reversed(above[-limit:])]
    return newest_first(list(dict.fromkeys(picked))[:limit])


def nearest_names(wanted: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """Chart names that look like the one that is missing."""
    return difflib.get_close_matches(wanted, list(names), n=limit, cutoff=0.5)
