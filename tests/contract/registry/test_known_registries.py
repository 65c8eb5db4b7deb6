"""Each registry that people use, as it shows itself on the wire: its challenge, its tokens, its pages."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tests.contract.registry.conftest import asked
from tests.support.registries import Habits, basic, registry

from fairway.domain.errors import Position, Transient, UserError
from fairway.domain.repository.models import HelmRepo, ValueSource
from fairway.wiring.upgrades import open_registries

TAGS = [f"1.0.{number}" for number in range(10, 30)]

DOCKER_HUB = Habits(
    challenge='Bearer realm="URL/token",service="registry.docker.io",scope="repository:REPO:pull"',
    expires_in=300,
    page=8,
    absolute_links=False,
)
GHCR = Habits(challenge='Bearer realm="URL/token",service="ghcr.io",scope="repository:REPO:pull"', page=10, denied=403)
QUAY = Habits(
    challenge='Bearer realm="URL/v2/auth",service="quay.io",scope="repository:REPO:pull"',
    token_path="/v2/auth",
    page=7,
    link_rel="rel=next",
)
HARBOR = Habits(
    challenge='Bearer realm="URL/service/token",service="harbor-registry",scope="repository:REPO:pull"',
    token_path="/service/token",
    expires_in=1800,
    etag=True,
)
GITLAB = Habits(
    challenge='Bearer realm="URL/jwt/auth",service="container_registry",scope="repository:REPO:pull",error="x"',
    token_path="/jwt/auth",
    page=6,
    denied=403,
)
ECR = Habits(
    challenge='Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
    basic=basic("AWS", "secret"),
    page=9,
    absolute_links=True,
)
GOOGLE = Habits(
    challenge='Bearer realm="URL/v2/token",service="127.0.0.1",scope="repository:REPO:pull"',
    token_path="/v2/token",
    expires_in=3600,
    manifests=True,
)
ACR = Habits(
    challenge='Bearer realm="URL/oauth2/token",service="shop.azurecr.io",scope="repository:REPO:pull"',
    token_path="/oauth2/token",
    token_field="access_token",
    page=10,
)
NEXUS = Habits(challenge='BASIC realm="Sonatype Nexus Repository Manager"', basic=basic("anna", "hunter2"), etag=True)
ARTIFACTORY = Habits(challenge='Basic realm="x", Bearer realm="URL/token", service="a, b"', absolute_links=True, page=5)

BY_LOGIN = [
    pytest.param(habits, user, name, id=name)
    for habits, user, name in [
        (DOCKER_HUB, "anna", "docker-hub"),
        (GHCR, "x", "ghcr"),
        (QUAY, "shop+robot", "quay"),
        (HARBOR, "robot$ci", "harbor"),
        (GITLAB, "gitlab-ci-token", "gitlab"),
        (ECR, "AWS", "ecr"),
        (GOOGLE, "oauth2accesstoken", "google"),
        (NEXUS, "anna", "nexus"),
        (ARTIFACTORY, "anna", "artifactory"),
    ]
]


def log_in(home: Path, host: str, entry: dict[str, Any]) -> None:
    folder = home / ".docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {host: entry}}))


def password_of(habits: Habits) -> str:
    return base64.b64decode(habits.basic.partition(" ")[2]).decode().partition(":")[2] if habits.basic else "s3cret"


@pytest.mark.parametrize(("habits", "user", "name"), BY_LOGIN)
async def test_tags_are_listed_with_the_login_of_docker(habits: Habits, user: str, name: str, home: Path) -> None:
    with registry(habits) as place:
        place.tags = {"shop/web": TAGS, "shop/api": TAGS[:1]}
        password = password_of(habits)
        place.login = basic(user, password)
        log_in(home, place.host, {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()})
        async with asked(home) as images:
            assert sorted(await images.tags(f"{place.host}/shop/web")) == TAGS
            before = len(place.asked)
            assert await images.tags(f"{place.host}/shop/api") == TAGS[:1]
        # A second repository of the same registry is not refused first.
        tokens = [path for _, path in place.asked[before:] if path.startswith(habits.token_path)]
        assert len(place.asked) - before == 1 + len(tokens) <= 2
        for number, query in enumerate(place.tokens):
            if "scope" in query:
                assert query["scope"] == [f"repository:shop/{('web', 'api')[number]}:pull"]


@pytest.mark.parametrize(("habits", "user", "name"), BY_LOGIN)
async def test_a_wrong_login_is_told_without_its_password(habits: Habits, user: str, name: str, home: Path) -> None:
    with registry(habits) as place:
        place.tags = {"shop/web": TAGS}
        place.login = basic(user, "right")
        log_in(home, place.host, {"username": user, "password": "wr0ng"})
        async with asked(home) as images:
            with pytest.raises(UserError, match="the login was refused") as caught:
                await images.tags(f"{place.host}/shop/web")
    assert f"docker login {place.host}" in (caught.value.fix or "")
    assert "wr0ng" not in f"{caught.value} {caught.value.fix}"


@pytest.mark.parametrize("habits", [DOCKER_HUB, GHCR, QUAY, GOOGLE], ids=["docker-hub", "ghcr", "quay", "google"])
async def test_what_is_public_needs_no_login(habits: Habits, home: Path) -> None:
    with registry(habits) as place:
        place.tags = {"shop/web": TAGS}
        async with asked(home) as images:
            assert sorted(await images.tags(f"{place.host}/shop/web")) == TAGS


async def test_azure_exchanges_the_refresh_token_that_its_program_stores(home: Path) -> None:
    with registry(ACR) as place:
        place.tags = {"shop/web": TAGS}
        place.login, place.refresh_token = "nobody", "refresh-me"
        nobody = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
        log_in(home, place.host, {"auth": nobody, "identitytoken": "refresh-me"})
        async with asked(home) as images:
            assert sorted(await images.tags(f"{place.host}/shop/web")) == TAGS
        assert place.tokens[0]["grant_type"] == ["refresh_token"]
        assert place.tokens[0]["service"] == ["shop.azurecr.io"]


async def test_google_says_digests_along_with_tags(home: Path) -> None:
    with registry(GOOGLE) as place:
        place.tags = {"shop/web": ["1.0.0"]}
        async with asked(home) as images:
            await images.tags(f"{place.host}/shop/web")
            before = len(place.asked)
            assert await images.created(f"{place.host}/shop/web", "1.0.0") is None
        digest = f"sha256:{hashlib.sha256(b'1.0.0').hexdigest()}"
        assert [path for _, path in place.asked[before:]] == [f"/v2/shop/web/manifests/{digest}"]


@pytest.mark.parametrize("habits", [HARBOR, NEXUS], ids=["bearer", "basic"])
async def test_a_list_that_did_not_change_is_not_sent_again(habits: Habits, home: Path) -> None:
    with registry(habits) as place:
        place.tags = {"shop/web": TAGS}
        password = password_of(habits)
        place.login = basic("anna", password)
        log_in(home, place.host, {"username": "anna", "password": password})
        repository = f"{place.host}/shop/web"
        async with asked(home) as images:
            assert sorted(await images.tags(repository)) == TAGS
            for _ in range(3):
                before = len(place.asked)
                assert sorted(await images.tags(repository)) == TAGS
                assert len(place.asked) - before == 1
            place.tags["shop/web"] = [*TAGS, "2.0.0"]
            assert "2.0.0" in await images.tags(repository)
        async with asked(home) as images:
            assert sorted(await images.tags(repository)) == [*TAGS, "2.0.0"]


async def test_a_token_that_has_run_out_is_renewed(home: Path) -> None:
    with registry(DOCKER_HUB) as place:
        place.tags = {"shop/web": TAGS}
        async with asked(home) as images:
            await images.tags(f"{place.host}/shop/web")
            place.valid.clear()
            assert sorted(await images.tags(f"{place.host}/shop/web")) == TAGS
        assert len(place.tokens) == 2


async def test_an_answer_that_never_ends_is_given_up(home: Path) -> None:
    with registry(Habits()) as place:
        place.tags, place.trickle = {"shop/web": TAGS}, 0.05
        async with asked(home, longest=0.4) as images:
            with pytest.raises(Transient, match="did not finish its answer"):
                await images.tags(f"{place.host}/shop/web")


async def test_a_registry_refuses_once_however_many_repositories_are_asked_at_the_same_time(home: Path) -> None:
    with registry(DOCKER_HUB) as place:
        place.tags = {f"shop/app-{number}": TAGS[:3] for number in range(12)}
        async with asked(home) as images:
            found = await asyncio.gather(*(images.tags(f"{place.host}/{name}") for name in place.tags))
        assert found == [TAGS[:3]] * 12
        assert place.lists() == 13
        assert len(place.tokens) == 12


async def test_a_registry_that_nobody_answers_for_keeps_no_question_waiting(home: Path) -> None:
    async with asked(home) as images:
        found = await asyncio.gather(
            *(images.tags(f"127.0.0.1:1/shop/app-{number}") for number in range(5)), return_exceptions=True
        )
    assert all(isinstance(one, Transient) and "nothing answers there" in one.message for one in found)


async def test_logins_of_helm_repos_are_followed_while_a_registry_stays_open(home: Path) -> None:
    def repo(user: str) -> HelmRepo:
        source = ValueSource("env", {"name": user}, Position("environments.yaml"))
        return HelmRepo(
            "own", f"oci://{place.host}/shop", Position("environments.yaml"), username=source, password=source
        )

    with registry(Habits(challenge='Basic realm="x"', basic=basic("berta", "berta"))) as place:
        place.tags = {"shop/web": TAGS[:1]}
        env = {"HOME": str(home), "ANNA": "anna", "BERTA": "berta"}
        async with open_registries(home / "cache", [repo("ANNA")], env=env) as opened:
            with pytest.raises(UserError, match="the login was refused"):
                await opened.images.tags(f"{place.host}/shop/web")
            opened.follow([repo("BERTA")])
            assert await opened.images.tags(f"{place.host}/shop/web") == TAGS[:1]
