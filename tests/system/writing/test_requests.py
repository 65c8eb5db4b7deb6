"""Pull requests through the command line: real git, and a GitHub on loopback that follows the published API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.forges.github import GithubServer
from tests.support.forges.serving import serving
from tests.system.upgrades.conftest import Answer
from tests.system.writing.conftest import PushedShop

PROD = "fairway/upgrades/prod"
CONFIGURATION = """\
git:
  forge: {kind: github, api: API, repository: shop/deployments, token: {env: FORGE_TOKEN}}
upgrades:
  write: pullRequest
  pullRequests: {labels: [upgrade]}
"""


class BareBranches(dict[str, str]):
    """The branches of a bare repository, as the forge sees them."""

    def __init__(self, shop: PushedShop) -> None:
        super().__init__()
        self._shop = shop

    def _now(self) -> dict[str, str]:
        listed = self._shop.remote("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/")
        return dict(line.split(" ") for line in listed.splitlines())  # type: ignore[misc]

    def __contains__(self, name: object) -> bool:
        return name in self._now()

    def __getitem__(self, name: str) -> str:
        return self._now()[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._now().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        found = self._now().get(name, *default)
        self._shop.remote("update-ref", "-d", f"refs/heads/{name}")
        return found


@pytest.fixture
def github(shop: PushedShop) -> Iterator[GithubServer]:
    with serving(GithubServer()) as server:
        assert isinstance(server, GithubServer)
        server.world.branches = BareBranches(shop)
        shop.write("fairway.yaml", CONFIGURATION.replace("API", server.api))
        shop.publish()
        yield server


def poll(shop: PushedShop, github: GithubServer, *words: str, monkeypatch: pytest.MonkeyPatch) -> Answer:
    monkeypatch.setenv("FORGE_TOKEN", github.token)
    return shop("poll", "prod", "--push", *words)


def test_upgrades_become_one_request_that_is_kept_up_to_date(
    shop: PushedShop, github: GithubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    shop.push("web", "5.1")
    before = shop.log()
    first = poll(shop, github, monkeypatch=monkeypatch)
    assert first.code == 0, first.err
    assert first.out.startswith(f"pull request #1 from {PROD}: Upgrade orders to 1.4.3 in prod\n")
    assert github.token not in first.out + first.err
    shop.push("web", "5.2.0")
    second = poll(shop, github, monkeypatch=monkeypatch)
    assert second.code == 0, second.err
    (request,) = github.world.open_ones()
    assert (request.branch, request.base, request.title) == (PROD, "main", "Upgrade 2 releases in prod")
    assert request.labels == ["upgrade"]
    assert "`5.1` → `5.2.0`" in request.body
    assert shop.log() == before
    assert shop.log(PROD) == ["Upgrade 2 releases in prod", *before]
    third = poll(shop, github, monkeypatch=monkeypatch)
    assert third.out.startswith("pull request #1 is up to date: Upgrade 2 releases in prod\n")


def test_a_request_of_which_nothing_is_left_is_closed(
    shop: PushedShop, github: GithubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    shop.push("web", "5.1")
    assert poll(shop, github, monkeypatch=monkeypatch).code == 0
    text = (shop.folder / "releases/prod.yaml").read_text()
    (shop.folder / "releases/prod.yaml").write_text(text.replace("1.4.1", "1.4.3"))
    shop.publish()
    answer = poll(shop, github, monkeypatch=monkeypatch)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("pull request #1 closed: nothing is left of it\n")
    assert github.world.open_ones() == []
    assert "Nothing is left to do here" in github.world.requests[1].notes[-1].body
    assert PROD not in BareBranches(shop)


def test_a_token_that_is_refused_is_said_without_it(
    shop: PushedShop, github: GithubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    monkeypatch.setenv("FORGE_TOKEN", "wr0ng-token")
    answer = shop("poll", "prod", "-r", "orders", "--push")
    assert answer.code == 2
    assert "wr0ng-token" not in answer.out + answer.err
