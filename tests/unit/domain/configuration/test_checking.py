"""fairway.yaml: every mistake is reported, at its place, in one run."""

import re
from pathlib import Path

import jsonschema
import pytest

from fairway.domain.configuration.checking import check_configuration
from fairway.domain.configuration.file import Configuration
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.schemas import json_schema
from fairway.domain.repository.sites import Document
from fairway.domain.yaml import compose, load

PAGE = Path(__file__).parents[4] / "docs" / "spec" / "configuration.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def check(text: str) -> tuple[Configuration, list[str]]:
    findings = Findings()
    value, positions, problems = compose(text, "fairway.yaml")
    found = check_configuration(Document("/fairway.yaml", "fairway.yaml", value, positions, tuple(problems)), findings)
    return found, [
        f"{one.rule} {one.position.line}:{one.position.column}" for one in findings.in_order() if one.position
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split(":")[0])
def test_every_example_of_the_contract_is_right_for_fairway_and_for_editors(example: str) -> None:
    configuration, mistakes = check(example)
    assert mistakes == []
    assert configuration != Configuration()
    jsonschema.validate(load(example, "fairway.yaml"), json_schema("configuration"))


def test_an_empty_file_is_all_defaults() -> None:
    assert check("") == (Configuration(), [])
    assert check("x-anchors: {a: &a 1m}\nagent: {every: *a}\n")[1] == []


def test_every_mistake_of_one_file_is_found_in_one_run() -> None:
    text = """\
git: {url: "https://bot:hunter2@host/x.git", forge: {api: nowhere}, credentials: {token: abc}}
server:
  listen: localhost
  webhooks: {github: [{env: A, file: b}], pubsub: {audience: "", serviceAccount: x}}
agent: {every: 5, evry: 3}
notifications:
  channels: [{name: a, webhook: {url: "ftp://x"}}, {name: a}]
  routes: [{to: [b]}]
"""
    assert check(text)[1] == [
        "plain-credential 1:12",
        "bad-address 1:59",
        "plain-credential 1:90",
        "bad-address 3:11",
        "not-exactly-one 4:23",
        "bad-value 4:62",
        "bad-address 4:82",
        "bad-duration 5:16",
        "unknown-key 5:19",
        "bad-address 7:39",
        "not-exactly-one 7:52",
        "duplicate-name 7:59",
        "unknown-channel 8:18",
    ]


@pytest.mark.parametrize(
    ("freeze", "rule"),
    [
        ("{reason: x}", "not-exactly-one"),
        ("{reason: x, from: '2026-12-23T18:00:00Z', weekly: Fri 16:00 - Mon 06:00}", "not-exactly-one"),
        ("{reason: x, from: tomorrow}", "bad-time"),
        ("{reason: x, from: '2026-12-23T18:00:00'}", "bad-time"),
        ("{reason: x, from: '2026-12-23T18:00:00Z', until: '2026-12-22T18:00:00Z'}", "bad-time"),
        ("{reason: x, weekly: Friday evening}", "bad-time"),
        ("{reason: x, weekly: Fri 16:00 - Mon 06:00, timezone: Nowhere/Land}", "bad-time"),
    ],
)
def test_times_that_cannot_be_read_are_reported(freeze: str, rule: str) -> None:
    assert [one.split()[0] for one in check(f"agent: {{freezes: [{freeze}]}}")[1]] == [rule]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("server: {listen: '127.0.0.1:8080'}", True),
        ("server: {listen: ':0'}", True),
        ("server: {listen: '[::1]:8080'}", True),
        ("server: {listen: '8080'}", False),
        ("server: {listen: '127.0.0.1:99999'}", False),
        ("server: {listen: 'a b:80'}", False),
        ("server: {publicUrl: 'https://fairway.example/x'}", True),
        ("server: {publicUrl: 'https://u:p@fairway.example'}", False),
        ("server: {publicUrl: 'https://[::1'}", False),
        ("server: {publicUrl: 'https://host:port'}", False),
        ("git: {url: 'git@github.com:a/b.git'}", True),
        ("git: {url: 'https://git@github.com/a/b.git'}", True),
        ("git: {url: 'https://git:token@github.com/a/b.git'}", False),
        ("notifications: {channels: [{name: m, email: {host: h, from: 'Me <me@x.org>', to: [a@b]}}]}", True),
        ("notifications: {channels: [{name: m, email: {host: h, port: 0, from: me@x.org, to: [a@b]}}]}", False),
        ("notifications: {channels: [{name: m, email: {host: h, from: me@x.org, to: [all]}}]}", False),
    ],
)
def test_addresses_are_looked_at(text: str, good: bool) -> None:
    assert (check(text)[1] == []) is good


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("message: 'Upgrade {release} to {new}'", []),
        ("message: 'Upgrade {realease}'", ["unknown-placeholder 1:21"]),
        ("pullRequests: {title: '{x}', body: '{count} {y}'}", ["unknown-placeholder 1:34", "unknown-placeholder 1:47"]),
        ("pullRequests: {branch: '{environment}'}", ["bad-value 1:35"]),
        ("pullRequests: {branch: ''}", ["bad-value 1:35"]),
        ("pullRequests: {branch: 'upgrades-{environment}'}", []),
    ],
)
def test_texts_are_looked_at(text: str, found: list[str]) -> None:
    assert check(f"upgrades: {{{text}}}")[1] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("verify: {allowedSigners: keys}, signing: {format: ssh, key: {env: KEY}}", []),
        ("verify: {allowedSigners: keys}", ["unsigned-commits 1:15"]),
        ("verify: {}", ["bad-value 1:15"]),
        ("signing: {format: ssh, key: {env: KEY}}", []),
    ],
)
def test_what_fairway_signs_must_fit_what_its_agent_asks_for(text: str, found: list[str]) -> None:
    assert check(f"git: {{{text}}}")[1] == found


@pytest.mark.parametrize(
    ("lease", "good"), [("fairway/agent", True), ("a/b.c-d", True), ("agent", False), ("/x", False), ("A/b", False)]
)
def test_a_lease_is_a_namespace_and_a_name(lease: str, good: bool) -> None:
    assert check(f"agent: {{lease: {lease}}}")[1] == ([] if good else ["bad-name 1:16"])


def test_a_password_in_an_address_is_in_no_message() -> None:
    findings = Findings()
    text = "git: {url: 'https://u:hunter2@x/y'}\nserver: {publicUrl: 'https://u:hunter2@x'}\n"
    value, positions, problems = compose(text, "f")
    check_configuration(Document("/f", "f", value, positions, tuple(problems)), findings)
    assert len(findings.in_order()) == 2
    assert "hunter2" not in repr(findings.in_order())
