"""Signatures in `fairway.yaml`: whether what Fairway writes would pass what its agent asks for."""

from __future__ import annotations

from fairway.domain.configuration.file import Configuration
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Site


def check_signatures(configuration: Configuration, site: Site, findings: Findings) -> None:
    git = configuration.git
    if git.verify is None:
        return
    if git.verify.allowed_signers is None and git.verify.gpg_keys is None:
        message = "verify names no keys: no commit would be applied"
        findings.error("bad-value", message, site.at("git", "verify"), "give allowedSigners, gpgKeys or both")
    elif git.signing is None:
        message = "commits must be signed to be applied, and Fairway's own would not be"
        fix = "give git.signing, with a key that is among those of git.verify"
        findings.warning("unsigned-commits", message, site.at("git", "verify"), fix)
