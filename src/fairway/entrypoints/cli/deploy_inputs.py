"""What a pipeline wants deployed, from its options, its resources and what its system says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.wanted import Wanted, environment_of, team_of, teams_of
from fairway.domain.errors import Diagnostic, Severity, UserError
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables import asking as flags
from fairway.entrypoints.cli.flags.tables import github
from fairway.wiring.asking import ActionsIdentity
from fairway.wiring.github_deployments import GITHUB_API, GithubLogin

if TYPE_CHECKING:
    from fairway.services.asking.ports import Addressee
    from fairway.services.asking.resources import Resources


def read_resources(given: Given) -> Resources:
    """Raises UserError when none are named, InvalidInput for what is wrong in them."""
    from fairway.services.asking.resources import load_resources, load_variables

    files: tuple[Path, ...] = given.value(flags.RESOURCE) or ()
    if not files:
        raise UserError("there is nothing to deploy", fix="name files with Kubernetes objects: --resource FILE")
    variables = load_variables(given.value(flags.VARS), given.value(flags.VAR) or ())
    found = load_resources(files, variables, allow_missing=bool(given.value(flags.ALLOW_MISSING)))
    if not found.objects:
        raise UserError(f"there are no resources in {', '.join(map(str, files))}", fix="is the file empty?")
    return found


def team_for(given: Given, resources: Resources) -> tuple[str, list[Diagnostic]]:
    """The team, and a warning where resources are labelled with others."""
    teams = teams_of(resources.objects)
    team = given.value(flags.TEAM) or team_of(resources.objects)
    if not team:
        fix = "give --team, or label a resource: metadata: {labels: {team: …}}"
        raise UserError("the team can't be told from the resources", fix=fix)
    others = [one for one in teams if one.lower() != team.lower()]
    if not others:
        return team, []
    message = f"resources are labelled with other teams than {team}: {', '.join(others)}"
    return team, [Diagnostic(message, None, "they are deployed as one team", Severity.WARNING, "other-team")]


def wanted_of(given: Given, resources: Resources, team: str, env: Mapping[str, str]) -> Wanted:
    cluster = given.value(flags.CLUSTER) or given.value(flags.ENVIRONMENT)
    if not cluster:
        raise UserError("it is not said where to deploy to", fix="give --cluster")
    return Wanted(
        repository=repository_of(given, env),
        cluster=cluster,
        team=team,
        resources=resources.objects,
        environment=given.value(flags.ENVIRONMENT) or environment_of(cluster, resources.objects),
        ref=given.value(flags.REF) or env.get("GITHUB_SHA", ""),
        sha=env.get("GITHUB_SHA", ""),
        creator=env.get("GITHUB_ACTOR", ""),
        description=given.value(flags.DESCRIPTION) or "",
    )


def repository_of(given: Given, env: Mapping[str, str]) -> RepositoryName:
    """From `--owner` and `--repository`, else the pipeline's own."""
    own_owner, _, own_name = env.get("GITHUB_REPOSITORY", "").partition("/")
    written = given.value(flags.REPOSITORY) or own_name
    owner, slash, name = written.partition("/")
    if not slash:
        owner, name = given.value(flags.OWNER) or own_owner, written
    if not owner or not name or "/" in name:
        problem = f"{written[:100]} is no repository with its owner" if written else "the repository is not known"
        raise UserError(problem, fix="give --repository OWNER/NAME")
    return RepositoryName(owner, name)


@dataclass(frozen=True, slots=True)
class Way:
    """Whom to ask, and how to say that."""

    addressee: Addressee
    shown: str


def way_of(given: Given, wanted: Wanted, env: Mapping[str, str]) -> Way:
    """By `--via`, else hookd where its address or a key is given, else GitHub.

    Raises UserError when there is no login for it.
    """
    from fairway.wiring.asking import ask_github, ask_hookd

    server, key, login = given.value(flags.SERVER), given.value(flags.APIKEY), _github_login(given, env)
    identity = _identity(given, env)
    via = given.value(flags.VIA) or ("server" if server or key else "github")
    if via == "github":
        if not login.is_there:
            fix = (
                "give --apikey and --deploy-server, or --github-token, or a GitHub App; docs/guide/deploying-from-ci.md"
            )
            raise UserError("there is no login to deploy with", fix=fix)
        if not wanted.ref:
            raise UserError("it is not known what to deploy", fix="give --ref: the commit, a tag or a branch")
        transient, production = bool(given.value(flags.TRANSIENT)), given.value(flags.PRODUCTION)
        web = env.get("GITHUB_SERVER_URL", "")
        return Way(ask_github(login, web=web, transient=transient, production=production), "through GitHub")
    if not server:
        raise UserError("the address of hookd is not known", fix="give --deploy-server")
    who: Any = key or identity
    if who is None:
        fix = "give --apikey; in GitHub Actions give the job permissions: id-token: write"
        raise UserError("there is no login for hookd", fix=fix)
    return Way(ask_hookd(server, who), f"through {server}")


def _github_login(given: Given, env: Mapping[str, str]) -> GithubLogin:
    app_id = given.value(github.APP_ID)
    api = given.value(github.API) or env.get("GITHUB_API_URL") or GITHUB_API
    if not app_id:
        return GithubLogin(api, given.value(flags.GITHUB_TOKEN) or "")
    return GithubLogin(api, "", app_id, github.private_key(given), given.value(github.INSTALL_ID) or None)


def _identity(given: Given, env: Mapping[str, str]) -> ActionsIdentity | None:
    url, token = env.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""), env.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    return ActionsIdentity(url, token, given.value(flags.AUDIENCE) or "") if url and token else None
