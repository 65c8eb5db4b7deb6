"""Templates in `fairway.yaml`: subjects, titles, bodies and branches.

The rule not to break: a branch's name begins with fixed text, by which Fairway tells its own branches from others.
"""

from __future__ import annotations

from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.sites import Site
from fairway.domain.writing.templates import NAMES, branch_prefix, unknown_names


def check_texts(upgrades: UpgradesSection, site: Site, findings: Findings) -> None:
    requests = upgrades.pull_requests
    below = site.into("pullRequests")
    for where, key, template in (
        (site, "message", upgrades.message),
        (below, "branch", requests.branch),
        (below, "title", requests.title),
        (below, "body", requests.body),
    ):
        for name in unknown_names(template) if template else ():
            message = f'{key}: "{{{name}}}" is nothing that is known here, and stays as it is{suggestion(name, NAMES)}'
            findings.warning("unknown-placeholder", message, where.at(key))
    if not branch_prefix(requests.branch).strip("/"):
        message = f'the branch "{requests.branch}" has no fixed beginning, by which Fairway knows its own branches'
        findings.error("bad-value", message, below.at("branch"), "write e.g. fairway/upgrades/{environment}")
