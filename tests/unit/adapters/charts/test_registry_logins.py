from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from fairway.adapters.charts.logins import Login
from fairway.adapters.charts.registry_logins import LIFETIME, RegistryLogins, config_files
from fairway.domain.errors import UserError

ANNA = base64.b64encode(b"anna:hunter2").decode()


def logins(tmp_path: Path, *configs: Any) -> RegistryLogins:
    files = []
    for number, config in enumerate(configs):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(config if isinstance(config, str) else json.dumps(config))
    return RegistryLogins(tuple(files), {"PATH": f"{tmp_path}:/usr/bin:/bin"})


def helper(tmp_path: Path, body: str) -> None:
    program = tmp_path / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": ANNA}, Login("anna", "hunter2")),
        ({"auth": base64.b64encode(b"anna:a:b\0").decode()}, Login("anna", "a:b")),
        ({"username": "anna", "password": "hunter2"}, Login("anna", "hunter2")),
        ({"identitytoken": "t"}, Login(token="t")),
        ({"auth": "%%%"}, None),
        ({"auth": base64.b64encode(b"\xff\xfe").decode()}, None),
        ({}, None),
        ("text", None),
    ],
)
async def test_an_entry(entry: Any, expected: Login | None, tmp_path: Path) -> None:
    assert await logins(tmp_path, {"auths": {"host": entry}}).login_of("host") == expected


@pytest.mark.parametrize("config", [{}, [], {"auths": []}, {"auths": None, "credHelpers": 7}])
async def test_a_file_without_logins(config: Any, tmp_path: Path) -> None:
    assert await logins(tmp_path, config).login_of("host") is None


async def test_the_first_file_with_a_login_wins_and_missing_ones_do_no_harm(tmp_path: Path) -> None:
    found = logins(tmp_path, {}, {"auths": {"host": {"auth": ANNA}}}, {"auths": {"host": {"username": "x"}}})
    (tmp_path / "0.json").unlink()
    assert await found.login_of("host") == Login("anna", "hunter2")


@pytest.mark.parametrize("host", ["docker.io", "registry-1.docker.io"])
async def test_docker_hub_has_a_name_of_its_own_in_the_file(host: str, tmp_path: Path) -> None:
    found = logins(tmp_path, {"auths": {"https://index.docker.io/v1/": {"auth": ANNA}}})
    assert await found.login_of(host) == Login("anna", "hunter2")


@pytest.mark.parametrize("answer", ["echo nothing", "echo '{}'", "echo '[]'"])
async def test_a_helper_that_talks_nonsense_is_named_without_its_answer(answer: str, tmp_path: Path) -> None:
    helper(tmp_path, answer)
    with pytest.raises(UserError, match="docker-credential-test gave an answer that cannot be read") as caught:
        await logins(tmp_path, {"credsStore": "test"}).login_of("host")
    assert "nothing" not in str(caught.value)


async def test_a_helper_that_knows_nothing_passes_on_to_the_next_file(tmp_path: Path) -> None:
    helper(tmp_path, "exit 1")
    found = logins(tmp_path, {"credHelpers": {"host": "test"}}, {"auths": {"host": {"auth": ANNA}}})
    assert await found.login_of("host") == Login("anna", "hunter2")


async def test_a_helper_is_asked_once(tmp_path: Path) -> None:
    helper(tmp_path, f'echo x >> {tmp_path}/calls; echo \'{{"Username": "anna", "Secret": "s"}}\'')
    found = logins(tmp_path, {"credsStore": "test"})
    for _ in range(3):
        assert await found.login_of("host") == Login("anna", "s")
    assert (tmp_path / "calls").read_text() == "x\n"


async def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"0\.json cannot be read"):
        await logins(tmp_path, "{").login_of("host")


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"HOME": "/h"}, ["/h/.config/helm/registry/config.json", "/h/.docker/config.json"]),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, ["/x/helm/registry/config.json"]),
        ({"HOME": "/h", "HELM_CONFIG_HOME": "/y"}, ["/y/registry/config.json"]),
        ({"HOME": "/h", "HELM_REGISTRY_CONFIG": "/r.json"}, ["/r.json"]),
        ({"HOME": "/h", "DOCKER_CONFIG": "/d"}, ["/d/config.json"]),
        ({"HOME": "/h", "REGISTRY_AUTH_FILE": "/a.json", "XDG_RUNTIME_DIR": "/run"}, ["/a.json"]),
        ({"HOME": "/h", "XDG_RUNTIME_DIR": "/run"}, ["/run/containers/auth.json"]),
    ],
)
def test_where_logins_are_looked_for(env: dict[str, str], expected: list[str]) -> None:
    found = [str(file) for file in config_files(env)]
    assert [file for file in found if file in expected] == expected


async def test_a_login_for_a_part_of_a_registry_goes_before_that_of_all(tmp_path: Path) -> None:
    berta = base64.b64encode(b"berta:pw").decode()
    found = logins(tmp_path, {"auths": {"r.example": {"auth": ANNA}, "r.example/team": {"auth": berta}}})
    assert await found.login_of("r.example", "team/app") == Login("berta", "pw")
    assert await found.login_of("r.example", "teams/app") == Login("anna", "hunter2")


async def test_who_logs_in_meanwhile_is_seen_after_some_minutes(tmp_path: Path) -> None:
    now = [0.0]
    file = tmp_path / "config.json"
    found = RegistryLogins((file,), {}, lambda: now[0])
    assert await found.login_of("r.example") is None
    file.write_text(json.dumps({"auths": {"r.example": {"auth": ANNA}}}))
    assert await found.login_of("r.example") is None
    now[0] = LIFETIME
    assert await found.login_of("r.example") == Login("anna", "hunter2")


async def test_a_helper_is_asked_once_for_all_repositories_of_a_registry(tmp_path: Path) -> None:
    helper(tmp_path, f'echo >> {tmp_path}/asked; echo \'{{"Username": "anna", "Secret": "hunter2"}}\'')
    found = logins(tmp_path, {"credHelpers": {"r.example": "test"}})
    for number in range(3):
        assert await found.login_of("r.example", f"team/{number}") == Login("anna", "hunter2")
    assert (tmp_path / "asked").read_text() == "\n"
