"""What a pipeline wants, out of options and what its system says: who goes before whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner

from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.wanted import Wanted
from fairway.domain.errors import FairwayError, UserError
from fairway.entrypoints.cli.asking_command import AskingCommand
from fairway.entrypoints.cli.deploy import LOGIN
from fairway.entrypoints.cli.deploy_inputs import repository_of, team_for, wanted_of, way_of
from fairway.entrypoints.cli.flags.command import FlagCommand
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables.asking import HOW, WHAT, WHERE
from fairway.services.asking.resources import Resources

WANTED = Wanted(RepositoryName("shop", "web"), "prod", "shop", (), ref="main")
NO_VARIABLES = {
    variable: ""
    for group in (WHAT, WHERE, HOW, LOGIN)
    for flag in group.flags
    for variable in (*flag.variables, *flag.file_variables)
}
ACTIONS = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}
KEY = "ab" * 32


def given(*words: str) -> Given:
    found: list[Given] = []

    @click.command(cls=FlagCommand, groups=(WHAT, WHERE, HOW, LOGIN))
    def command(given: Given) -> None:
        found.append(given)

    done = CliRunner().invoke(command, words, env=NO_VARIABLES, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return found[0]


def resource(name: str = "web", namespace: str = "shop", **labels: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "X", "metadata": {"name": name, "namespace": namespace, "labels": labels}}


@pytest.mark.parametrize(
    ("words", "env", "found"),
    [
        (["--repository", "shop/web"], {}, "shop/web"),
        (["--repository", "web", "--owner", "shop"], {}, "shop/web"),
        (["--repository", "shop/web", "--owner", "bank"], {}, "shop/web"),
        ([], {"GITHUB_REPOSITORY": "shop/web"}, "shop/web"),
        (["--repository", "orders"], {"GITHUB_REPOSITORY": "shop/web"}, "shop/orders"),
        (["--owner", "bank"], {"GITHUB_REPOSITORY": "shop/web"}, "bank/web"),
        (["--repository", "bank/orders"], {"GITHUB_REPOSITORY": "shop/web"}, "bank/orders"),
    ],
)
def test_the_repository_is_what_is_written_else_the_pipelines(
    words: list[str], env: Mapping[str, str], found: str
) -> None:
    assert str(repository_of(given(*words), env)) == found


@pytest.mark.parametrize("words", [[], ["--repository", "web"], ["--owner", "shop"], ["--repository", "a/b/c"]])
def test_half_a_repository_is_none(words: list[str]) -> None:
    with pytest.raises(UserError, match=r"the repository is not known|is no repository with its owner"):
        repository_of(given(*words), {})


def test_the_team_that_is_written_goes_before_labels_and_others_are_told() -> None:
    found = Resources((resource(team="shop"), resource(team="bank"), resource()), ())
    team, warnings = team_for(given(), found)
    assert (team, "bank" in warnings[0].message) == ("shop", True)
    team, warnings = team_for(given("--team", "SHOP"), replace(found, objects=found.objects[:1]))
    assert (team, warnings) == ("SHOP", [])
    with pytest.raises(UserError, match="team can't be told"):
        team_for(given(), Resources((resource(),), ()))


@pytest.mark.parametrize(
    ("words", "cluster", "environment"),
    [
        (["--cluster", "prod"], "prod", "prod:shop"),
        (["--environment", "prod"], "prod", "prod"),
        (["--cluster", "prod", "--environment", "live"], "prod", "live"),
    ],
)
def test_the_cluster_and_its_environment(words: list[str], cluster: str, environment: str) -> None:
    env = {"GITHUB_REPOSITORY": "shop/web", "GITHUB_SHA": "3" * 40, "GITHUB_ACTOR": "anna"}
    found = wanted_of(given(*words), Resources((resource(),), ()), "shop", env)
    assert (found.cluster, found.environment) == (cluster, environment)
    assert (found.ref, found.sha, found.creator) == ("3" * 40, "3" * 40, "anna")
    assert wanted_of(given(*words, "--ref", "v1"), Resources((resource(),), ()), "shop", env).ref == "v1"


SERVER = ["--deploy-server", "https://deploy.example.com"]
TOKEN = ["--github-token", "ghs_x"]


@pytest.mark.parametrize(
    ("words", "env", "shown"),
    [
        (TOKEN, {}, "through GitHub"),
        ([*SERVER, "--apikey", KEY], {}, "through https://deploy.example.com"),
        ([*SERVER, "--apikey", KEY, *TOKEN], {}, "through https://deploy.example.com"),
        (SERVER, ACTIONS, "through https://deploy.example.com"),
        ([*SERVER, *TOKEN], ACTIONS, "through https://deploy.example.com"),
        ([*SERVER, *TOKEN, "--via", "github"], ACTIONS, "through GitHub"),
        ([*SERVER, "--apikey", KEY, "--via", "server"], {}, "through https://deploy.example.com"),
    ],
)
def test_hookd_is_asked_where_its_address_is_given_else_github(
    words: list[str], env: Mapping[str, str], shown: str
) -> None:
    assert way_of(given(*words), WANTED, env).shown == shown


@pytest.mark.parametrize(
    ("words", "env", "message"),
    [
        ([], {}, "there is no login to deploy with"),
        ([], ACTIONS, "there is no login to deploy with"),
        (SERVER, {}, "there is no login for hookd"),
        (["--apikey", KEY], {}, "the address of hookd is not known"),
        ([*SERVER, "--apikey", "not hexadecimal"], {}, "the team's key can't be read"),
        (["--github-app-id", "1"], {}, "github-key-file"),
        ([*TOKEN, "--github-api-url", "api.github.com"], {}, "no address of GitHub's API"),
        (["--deploy-server", "deploy.example.com", "--apikey", KEY], {}, "is no address of a hookd"),
    ],
)
def test_what_is_missing_for_a_login_is_named(words: list[str], env: Mapping[str, str], message: str) -> None:
    with pytest.raises(FairwayError, match=message) as caught:
        way_of(given(*words), WANTED, env)
    assert caught.value.fix
    assert KEY not in f"{caught.value}{caught.value.fix}"


def test_github_wants_to_know_which_commit() -> None:
    with pytest.raises(UserError, match="not known what to deploy"):
        way_of(given(*TOKEN), replace(WANTED, ref=""), {})


def test_the_command_is_one_of_pipelines() -> None:
    from fairway.entrypoints.cli.deploy import deploy
    from fairway.entrypoints.cli.mkdeploy import mkdeploy

    assert isinstance(deploy, AskingCommand)
    assert isinstance(mkdeploy, AskingCommand)
