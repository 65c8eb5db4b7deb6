"""Helm's messages turned into one clear error: what went wrong, in which template line, how to fix it.

Helm reports a failing template as a chain of calls, each with a place; the last place is where the mistake is and the
first is who called it. The rule not to break: no rendered text in the message, it may hold secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from helm_python.errors import HelmChartLoadError, HelmError, HelmKubeError, HelmRenderError, HelmValuesError

from fairway.domain.errors import FairwayError, Position, Terminal, Transient, UserError

LONGEST = 600
"""Characters of a cause that are shown."""

_PLACE = re.compile(r"(?P<file>[^\s():\"<>]+/[^\s():\"<>]+):(?P<line>\d+)(?::(?P<column>\d+))?")
_CHAIN = re.compile(
    r"(?:error calling \w+:\s*)|(?:template: )|(?:executing \"[^\"]*\" at <.*?>:\s*)"
    r"|(?:(?:execution|parse) error (?:at|in) \([^)]*\):\s*)",
    re.DOTALL,
)
_MISSING_TEMPLATE = re.compile(r'no template "(?P<name>[^"]+)"|template "(?P<other>[^"]+)" not defined')
_UNANSWERED = re.compile(
    r"cluster unreachable|(?:error calling lookup|reachability check failed).*"
    r"(?:dial tcp|connection refused|no such host|timeout|timed out|EOF|connection reset)",
    re.DOTALL,
)
_INTERNAL = re.compile(r"gotpl:\d+(?::\d+)?:\s*")


@contextmanager
def translating(origin: str) -> Iterator[None]:
    """Raise Fairway's errors for the SDK's; `origin` names the chart for people."""
    try:
        yield
    except HelmError as error:
        raise failure(error, origin) from error


def failure(error: HelmError, origin: str) -> FairwayError:
    text = str(error)
    if isinstance(error, HelmRenderError):
        return template_failure(text, origin)
    if isinstance(error, HelmValuesError):
        return values_failure(text, origin)
    if isinstance(error, HelmKubeError):
        return _unanswered(text, origin)
    if isinstance(error, HelmChartLoadError):
        return UserError(
            f"the chart {origin} cannot be loaded: {shorten(text)}",
            where=Position(origin),
            fix="check the file that the message names, and that the path is a chart folder or a .tgz",
        )
    return Terminal(f"Helm could not work with the chart {origin}: {shorten(text)}")


def command_failure(stderr: str, origin: str) -> FairwayError:
    """The error of a `helm` command by what it printed."""
    text = stderr.partition("Error: ")[2] or stderr
    text = text.partition("\n\nUse --debug flag")[0].strip()
    if unreadable := re.match(r"YAML parse error on (?P<path>\S+): (?P<why>.*)", text, re.DOTALL):
        return UserError(
            f"the template does not give a readable Kubernetes object: {yaml_reason(unreadable['why'])}",
            where=Position(unreadable["path"]),
            fix="render the chart with these values and look at the document's indentation and quoting",
        )
    if "specifications of the schema" in text:
        return values_failure(text, origin)
    return template_failure(text, origin)


def template_failure(text: str, origin: str) -> FairwayError:
    """The error of a template that failed; `where` is the deepest place, columns counted from 1."""
    if _UNANSWERED.search(text):
        return _unanswered(text, origin)
    places = list(_PLACE.finditer(text))
    cause = _cause(text)
    if not places:
        return UserError(f"the chart {origin} cannot be rendered: {cause}", where=Position(origin))
    where = _position(places[-1])
    callers = [str(_position(place)) for place in places[:-1]]
    chain = f" (called from {', '.join(dict.fromkeys(reversed(callers)))})" if callers else ""
    return UserError(f"{cause}{chain}", where=where, fix=_fix(text, cause))


def _unanswered(text: str, origin: str) -> Transient:
    return Transient(f"the cluster did not answer while the chart {origin} was rendered: {shorten(text)}")


def values_failure(text: str, origin: str) -> UserError:
    """Values that break the chart's schema, or are no mapping."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "schema" not in lines[0]:
        return UserError(f"the values for the chart {origin} cannot be used: {shorten(text)}", where=Position(origin))
    problems = [line for line in lines[1:] if line.startswith("- ")]
    charts = [line.removesuffix(":") for line in lines[1:] if line.endswith(":") and not line.startswith("- ")]
    listed = "; ".join(_schema_problem(line) for line in problems[:10]) or shorten(" ".join(lines[1:]))
    more = f" (and {len(problems) - 10} more)" if len(problems) > 10 else ""
    return UserError(
        f"the values break the schema of the chart {', '.join(charts) or origin}: {listed}{more}",
        where=Position(f"{charts[0] if charts else origin}/values.schema.json"),
        fix="change the values, or correct values.schema.json in the chart",
    )


def yaml_reason(message: str) -> str:
    """Why a document is not readable, without the names of Go functions."""
    if shape := re.search(r"cannot unmarshal (\w+) into Go value", message):
        return f"it is not a mapping but a{'n' if shape[1][0] in 'ao' else ''} {shape[1]}"
    return shorten(message.removeprefix("error converting YAML to JSON: ").removeprefix("yaml: "))


def shorten(text: str) -> str:
    """One line of at most `LONGEST` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}… ({len(line) - LONGEST} more characters)"


def _schema_problem(line: str) -> str:
    found = re.match(r"- at '(?P<path>[^']*)': (?P<what>.*)", line)
    if not found:
        return line.removeprefix("- ")
    path = found["path"].strip("/").replace("/", ".")
    return f"{path or 'the top level'}: {found['what']}"


def _position(place: re.Match[str]) -> Position:
    column = int(place["column"]) + 1 if place["column"] else 0
    return Position(place["file"], int(place["line"]), column)


def _cause(text: str) -> str:
    """What is left when places and calls are taken away: the last link of the chain."""
    rest = _INTERNAL.sub("", _CHAIN.sub("\0", _PLACE.sub("\0", text)))
    links = [link.strip(" :\n\t") for link in rest.split("\0")]
    links = [link for link in links if link]
    return shorten(links[-1]) if links else shorten(text)


def _fix(text: str, cause: str) -> str:
    if missing := _MISSING_TEMPLATE.search(text):
        name = missing["name"] or missing["other"]
        return f'define "{name}" in a _helpers.tpl, or build the dependency that brings it'
    if "nil pointer evaluating" in cause:
        key = cause.rsplit(".", 1)[-1]
        return f"a value above `{key}` is missing: set it, or guard it in the template with `with` or `default`"
    if "not defined" in cause:
        return "Helm has no such template function; see helm.sh/docs/chart_template_guide/function_list"
    if text.startswith("execution error"):
        return "the chart's author demands this: set the value that the message asks for"
    return "correct the template at this place, or the values that it uses"
