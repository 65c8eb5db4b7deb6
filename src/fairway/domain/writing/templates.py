"""Templates of subjects, titles, bodies and branches: {environment}, {release}, {image}, {old}, {new} and {count}.

The rule not to break: what is put in is text; it is never read as a template again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fairway.domain.upgrades.upgrade import Upgrade

NAMES = ("environment", "release", "image", "old", "new", "count")
MOST_NAMED = 3

_BESIDE = "-also-"
_PLACE = re.compile(r"\{(\w*)\}")
_NOT_IN_BRANCHES = re.compile(r"[^\w./-]+", re.ASCII)


def unknown_names(template: str) -> list[str]:
    """Placeholders that there are not."""
    return [name for name in _PLACE.findall(template) if name not in NAMES]


def fill(template: str, upgrades: Sequence[Upgrade], *, clean: Callable[[str], str] = str) -> str:
    """The template for these upgrades; up to three different names are listed, more are counted."""
    facts = {
        "environment": _listed([one.environment for one in upgrades], "environments"),
        "release": _listed([one.release for one in upgrades], "releases"),
        "image": _listed([one.name for one in upgrades], "images"),
        "old": _listed([shown(one.old) for one in upgrades], "versions"),
        "new": _listed([shown(one.new) for one in upgrades], "versions"),
        "count": str(len(upgrades)),
    }
    return _PLACE.sub(lambda found: clean(facts[found[1]]) if found[1] in facts else found[0], template)


def branch_of(template: str, upgrade: Upgrade) -> str:
    """The branch that an upgrade belongs on; those with the same branch are one pull request."""
    return _branch(fill(template, [upgrade], clean=_part))


def branch_beside(template: str, environment: str, release: str, key: str) -> str:
    """The branch of a change that is no upgrade: a request of its own, beside that of the upgrades."""
    plain = Upgrade(environment, release, "", "", "", "", "")
    return _branch(f"{fill(template, [plain], clean=_part)}{_BESIDE}{_part(key.replace('/', '-'))}")


def is_own_branch(template: str, branch: str) -> bool:
    """Whether a branch can be one of the template's. One without placeholders is no beginning of others' names."""
    prefix = branch_prefix(template)
    if prefix != template:
        return branch.startswith(prefix)
    return branch == prefix or branch.startswith(f"{prefix}{_BESIDE}")


def branch_prefix(template: str) -> str:
    """What the names of all branches of a template begin with; these branches are Fairway's own."""
    found = _PLACE.search(template)
    return template[: found.start()] if found else template


def shown(version: str) -> str:
    """A version as people read it: without the digest behind it."""
    return version.partition("@")[0]


def _listed(words: Sequence[str], plural: str) -> str:
    different = list(dict.fromkeys(words))
    return ", ".join(different) if len(different) <= MOST_NAMED else f"{len(different)} {plural}"


def _part(text: str) -> str:
    """A name as a part of a branch's name: no slashes of its own but those of an image, nothing that git refuses."""
    return _NOT_IN_BRANCHES.sub("-", text).strip("-./")


def _branch(name: str) -> str:
    """As `git check-ref-format` wants it."""
    parts = (re.sub(r"\.{2,}", ".", part).strip(".").removesuffix(".lock") for part in name.split("/"))
    return "/".join(part for part in parts if part).lstrip("-")
