"""The forms of a lint report: text, JSON, SARIF 2.1.0, GitHub workflow commands.

The rule not to break: `json` is a contract (docs/spec/lint.md); fields are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fairway import __version__
from fairway.domain.errors import Diagnostic, Severity
from fairway.domain.repository.rules import RULES
from fairway.entrypoints.cli.errors import diagnostic_text
from fairway.entrypoints.cli.output import to_json
from fairway.entrypoints.cli.render import style
from fairway.services.linting import Report

_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_text(report: Report) -> str:
    """`file:line:col  severity  message`, the fix below it, and the count."""
    return "\n".join([*(diagnostic_text(item) for item in report.diagnostics), summary(report)])


def summary(report: Report) -> str:
    """`2 errors, 1 warning in 14 files`."""
    silenced = f", {report.silenced} silenced" if report.silenced else ""
    files = f"in {style.count(report.files, 'file')}{silenced}"
    if not report.failed(strict=True):
        return f"no mistakes {files}"
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    return f"{style.count(errors, 'error')}, {style.count(warnings, 'warning')} {files}"


def as_json(report: Report) -> str:
    return to_json(
        {
            "files": report.files,
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "silenced": report.silenced,
            "diagnostics": [_plain(item) for item in report.diagnostics],
        }
    )


def _plain(item: Diagnostic) -> dict[str, Any]:
    place = item.position
    return {
        "rule": item.rule,
        "severity": item.severity.value,
        "message": item.message,
        "fix": item.fix,
        "file": place.file if place else None,
        "line": place.line if place and place.line else None,
        "column": place.column if place and place.column else None,
    }


def as_sarif(report: Report) -> str:
    """One run of SARIF 2.1.0, as code scanning services read it."""
    used = sorted({item.rule for item in report.diagnostics})
    rules = [{"id": rule, "shortDescription": {"text": RULES.get(rule, rule)}} for rule in used]
    driver = {"name": "fairway", "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, used) for item in report.diagnostics],
    }
    return to_json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _result(item: Diagnostic, rules: list[str]) -> dict[str, Any]:
    text = f"{item.message}. {item.fix}" if item.fix else item.message
    result: dict[str, Any] = {
        "ruleId": item.rule,
        "ruleIndex": rules.index(item.rule),
        "level": _SARIF_LEVELS[item.severity],
        "message": {"text": text},
    }
    if item.position:
        location: dict[str, Any] = {"artifactLocation": {"uri": _uri(item.position.file)}}
        if item.position.line:
            location["region"] = {"startLine": item.position.line, "startColumn": item.position.column or 1}
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(file: str) -> str:
    """A relative file stays relative: code scanning resolves it against the repository's root."""
    return f"file://{quote(file)}" if file.startswith("/") else quote(file)


def as_github(report: Report) -> str:
    """Workflow commands that GitHub Actions turns into annotations, then the count."""
    return "\n".join([*(annotation(item) for item in report.diagnostics), summary(report)])


def annotation(item: Diagnostic) -> str:
    """`::error file=…,line=…,col=…,title=…::message`; source of the escapes: GitHub's workflow commands."""
    fields = {"title": item.rule}
    if item.position:
        fields = {"file": item.position.file, **fields}
        if item.position.line:
            fields["line"] = str(item.position.line)
            fields["col"] = str(item.position.column or 1)
    message = f"{item.message}\n{item.fix}" if item.fix else item.message
    described = ",".join(f"{key}={_escaped(value, of_property=True)}" for key, value in fields.items())
    return f"::{_GITHUB_LEVELS[item.severity]} {described}::{_escaped(message)}"


def _escaped(text: str, *, of_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if of_property else text


FORMS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
