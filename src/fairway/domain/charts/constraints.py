"""Version constraints with the meaning Helm gives them: `^1.2`, `~1.2.3`, `1.x`, `1.0 - 2.0`, `>=1 <2 || 3.*`.

Source of every rule: Masterminds semver 3.4, `constraints.go`, which Helm uses. The rule not to break: a pre-release
matches only when a part of the same "and" group names a pre-release itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from semver import Version

from fairway.domain.charts.versions import newest_first, parse_version

_PLAIN = r"v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*])){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
_TERM = re.compile(
    r"\s*(?P<op>!=|>=|=>|<=|=<|~>|~|\^|>|<|=|)\s*"
    r"v?(?P<major>\d+|[xX*])(?:\.(?P<minor>\d+|[xX*]))?(?:\.(?P<patch>\d+|[xX*]))?"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?(?P<end>\s*$|\s*,\s*(?=\S)|\s+)",
    re.ASCII,
)
_LEADING_ZERO = re.compile(r"0\d+", re.ASCII)
_HYPHEN = re.compile(rf"(?P<low>{_PLAIN})\s+-\s+(?P<high>{_PLAIN})", re.ASCII)


class BadConstraint(ValueError):
    """The text is no version constraint."""


@dataclass(frozen=True, slots=True)
class _Term:
    operator: str
    version: Version
    wild: bool = False
    """Some part is missing or `x`; then at most one of the next two says which is the first such part."""
    wild_minor: bool = False
    wild_patch: bool = False

    def allows(self, version: Version, *, pre_releases: bool) -> bool:
        if version.prerelease and not pre_releases:
            return False
        return _CHECKS[self.operator](self, version)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Alternatives of terms that must all hold."""

    text: str
    alternatives: tuple[tuple[_Term, ...], ...]

    def allows(self, version: Version, *, pre_releases: bool = False) -> bool:
        """`pre_releases` lets them match without being named (Masterminds: IncludePrerelease)."""
        return any(
            all(term.allows(version, pre_releases=pre) for term in terms)
            for terms in self.alternatives
            for pre in [pre_releases or any(term.version.prerelease for term in terms)]
        )

    def newest(self, versions: Iterable[str]) -> str | None:
        """The highest version allowed; a text that is the constraint itself wins, as in Helm's index lookup."""
        candidates = list(versions)
        if self.text in candidates:
            return self.text
        for text in newest_first(candidates):
            parsed = parse_version(text)
            if parsed is not None and self.allows(parsed):
                return text
        return None


def parse_constraint(text: str) -> Constraint:
    """Parse a constraint; the empty text means any release. Raises BadConstraint."""
    groups = tuple(_terms(part) for part in (text or "*").split("||"))
    return Constraint(text, groups)


def allows(constraint: str, version: str) -> bool:
    """Whether `version` satisfies `constraint`. Raises BadConstraint; a text that is no version satisfies nothing."""
    parsed = parse_version(version)
    return parse_constraint(constraint).allows(parsed) if parsed is not None else False


def _terms(text: str) -> tuple[_Term, ...]:
    text = _HYPHEN.sub(r" >=\g<low>, <=\g<high> ", text)
    terms: list[_Term] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or any(_LEADING_ZERO.fullmatch(part) for part in (match["pre"] or "").split(".")):
            raise BadConstraint(f'"{text.strip()}" is not a version constraint')
        terms.append(_term(match))
        at = match.end()
    if not terms:
        raise BadConstraint("a version constraint between || is empty")
    return tuple(terms)


def _term(match: re.Match[str]) -> _Term:
    major, minor, patch, pre = match["major"], match["minor"], match["patch"], match["pre"]
    operator = match["op"]
    if _any(major):
        return _Term(operator, Version(0, 0, 0, pre), wild=True)
    if _any(minor):
        return _Term(operator, Version(int(major), 0, 0, pre), wild=True, wild_minor=True)
    if _any(patch):
        return _Term(operator, Version(int(major), int(minor), 0, pre), wild=True, wild_patch=True)
    return _Term(operator, Version(int(major), int(minor), int(patch), pre))


def _any(part: str | None) -> bool:
    return part is None or part in "xX*"


def _not_equal(term: _Term, version: Version) -> bool:
    con = term.version
    if term.wild:
        if con.major != version.major:
            return True
        if con.minor != version.minor and not term.wild_minor:
            return True
        if term.wild_minor or term.wild_patch:
            return False
    return version.compare(con) != 0


def _greater(term: _Term, version: Version) -> bool:
    con = term.version
    if not term.wild or version.major != con.major:
        return version.compare(con) > 0 if not term.wild else version.major > con.major
    if term.wild_minor:
        return False
    if term.wild_patch:
        return version.minor > con.minor
    return version.compare(con) > 0


def _less(term: _Term, version: Version) -> bool:
    return version.compare(term.version) < 0


def _greater_or_equal(term: _Term, version: Version) -> bool:
    return version.compare(term.version) >= 0


def _less_or_equal(term: _Term, version: Version) -> bool:
    con = term.version
    if not term.wild:
        return version.compare(con) <= 0
    if version.major > con.major:
        return False
    return not (version.major == con.major and version.minor > con.minor and not term.wild_minor)


def _tilde(term: _Term, version: Version) -> bool:
    con = term.version
    if version.compare(con) < 0:
        return False
    if (con.major, con.minor, con.patch) == (0, 0, 0) and not term.wild_minor and not term.wild_patch:
        return True
    return version.major == con.major and (version.minor == con.minor or term.wild_minor)


def _equal(term: _Term, version: Version) -> bool:
    return _tilde(term, version) if term.wild else version.compare(term.version) == 0


def _caret(term: _Term, version: Version) -> bool:
    con = term.version
    if version.compare(con) < 0:
        return False
    if con.major > 0 or term.wild_minor:
        return version.major == con.major
    if version.major > 0:
        return False
    if con.minor > 0 or term.wild_patch:
        return version.minor == con.minor
    return version.minor == 0 and version.patch == con.patch


_CHECKS: dict[str, Callable[[_Term, Version], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": _less,
    ">=": _greater_or_equal,
    "=>": _greater_or_equal,
    "<=": _less_or_equal,
    "=<": _less_or_equal,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
