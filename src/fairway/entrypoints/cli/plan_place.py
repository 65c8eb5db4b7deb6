"""Where `fairway plan` reports to: what the options say, then the pipeline, then fairway.yaml and the clone.

The rule not to break: a pipeline's own token goes to the pipeline's own forge and to no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairway import wiring
from fairway.adapters.git.facts import GitFacts
from fairway.domain.configuration.git import Forge
from fairway.domain.errors import UserError
from fairway.domain.forges.addresses import forge_address
from fairway.domain.forges.pipelines import TOKEN
from fairway.domain.values.secrets import SecretRegister, looks_secret
from fairway.entrypoints.cli.plan_comment import Reporter, Wanted
from fairway.services.configuring import Configured, load_configuration
from fairway.wiring.forges import ForgeLogin, configured_login

if TYPE_CHECKING:
    from fairway.domain.forges.addresses import ForgeAddress
    from fairway.domain.forges.pipelines import Pipeline


def reporter(wanted: Wanted, environments_file: Path, scope: str, facts: GitFacts, env: Mapping[str, str]) -> Reporter:
    """Whom to tell. Raises UserError that names what is lacking."""
    pipeline = wiring.running_pipeline(env)
    configured = load_configuration(environments_file)
    address = pipeline.address if pipeline and not wanted.repository else _address(wanted, configured, facts)
    own = pipeline if pipeline and pipeline.address.api == address.api else None
    login = _login(env, own) or configured_login(configured, env)
    if login is None:
        names = own.tokens if own else (TOKEN,)
        raise UserError(f"there is no login for {address.web or address.api}", fix=f"set {' or '.join(names)}")
    number = wanted.number or (pipeline.number if pipeline else None)
    if wanted.comment and number is None:
        raise UserError("this is no pull request", fix="name --pull-request NUMBER, or leave out --comment")
    commit = wanted.commit or (pipeline.commit if pipeline else "") or facts.commit
    if wanted.status and not commit:
        raise UserError("there is no commit to set a status of", fix="name --commit SHA")
    run_url = pipeline.run_url if pipeline else ""
    fork = own is not None and own.fork
    return Reporter(wanted, address, login, number or 0, commit, scope, run_url, fork, _secrets(env, login))


def _address(wanted: Wanted, configured: Configured, facts: GitFacts) -> ForgeAddress:
    written = configured.configuration.git.forge or Forge()
    url = wanted.repository or configured.configuration.git.url or facts.remote
    if not url:
        raise UserError("there is nothing to comment on: no pipeline, and no remote", fix="name --repository URL")
    name = None if wanted.repository else written.repository
    return forge_address(url, kind=written.kind, api=written.api, repository=name)


def _login(env: Mapping[str, str], pipeline: Pipeline | None) -> ForgeLogin | None:
    """That of the variables."""
    token = env.get(TOKEN) or (pipeline.token if pipeline else "")
    return ForgeLogin(token) if token else None


def scope_of(facts: GitFacts, environments_file: Path, names: Sequence[str | None]) -> str:
    """What a report is about: the file, unless it is the usual one at the top, and what was named."""
    file = f"{facts.prefix}{environments_file.name}"
    return " ".join([*([file] if file != "environments.yaml" else []), *(name for name in names if name)])


def _secrets(env: Mapping[str, str], login: ForgeLogin) -> SecretRegister:
    """What the pipeline's own variables hold must not get into a comment through a chart or a values file."""
    register = SecretRegister()
    for name, value in env.items():
        if looks_secret(name):
            register.add(value)
    register.add(login.token)
    register.add(login.private_key)
    return register
