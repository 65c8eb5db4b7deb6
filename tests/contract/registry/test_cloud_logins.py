"""Logins that AWS (a moto server), Google (a token endpoint on loopback) and clusters give."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.registries import Habits, basic, registry

from fairway.adapters.charts.login_sources import FirstLogin
from fairway.adapters.charts.logins import Login, Logins
from fairway.adapters.charts.oci_session import OciSessions
from fairway.adapters.charts.web import Web
from fairway.adapters.registry.asking import Asking
from fairway.adapters.registry.ecr import EARLY, EcrLogins, region_of
from fairway.adapters.registry.google import AGAIN, SCOPE, GoogleLogins, is_google
from fairway.adapters.registry.listing import Listing
from fairway.adapters.registry.pull_secrets import PullSecretLogins
from fairway.adapters.registry.tag_lists import TagLists
from fairway.domain.errors import Transient, UserError

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR = "europe-docker.pkg.dev"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    yield {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    server.stop()


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (ECR, "eu-west-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
        ("public.ecr.aws", "us-east-1"),
        ("evil.example", None),
        (f"{ECR}.evil.example", None),
        ("123.dkr.ecr.eu-west-1.amazonaws.com", None),
    ],
)
def test_a_registry_of_amazon_says_its_region(host: str, region: str | None) -> None:
    assert region_of(host) == region


async def test_aws_gives_a_password_that_is_kept_until_shortly_before_its_end(aws: dict[str, str]) -> None:
    now = [0.0]
    logins = EcrLogins(aws, lambda: now[0])
    login = await logins.login_of(ECR, "shop/web")
    assert login is not None
    assert login.username == "AWS"
    assert login.password
    assert await logins.login_of(ECR, "shop/api") is login
    now[0] = 4e9 - EARLY  # whenever that token ends, it has by then
    assert await logins.login_of(ECR) is not login
    assert await logins.login_of("r.example") is None


async def test_without_credentials_aws_gives_nothing_and_says_what_is_missing(
    aws: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    logins = EcrLogins(aws)
    assert await logins.login_of(ECR) is None
    assert logins.advice(ECR) == (
        "give AWS credentials that may ecr:GetAuthorizationToken and read the repository (Unable to locate credentials)"
    )
    assert logins.advice("r.example") == ""


async def test_aws_that_does_not_answer_is_a_passing_problem(aws: dict[str, str]) -> None:
    with pytest.raises(Transient, match=f"AWS gave no token for {ECR}"):
        await EcrLogins({"AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:1"}).login_of(ECR)


class _Elsewhere:
    """The logins of a registry with another name: nobody can listen at that name here."""

    def __init__(self, source: Any, host: str) -> None:
        self._source = source
        self._host = host

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        found: Login | None = await self._source.login_of(self._host, repository)
        return found

    def advice(self, host: str) -> str:
        text: str = self._source.advice(self._host)
        return text


async def tags(source: Any, repository: str, folder: Path) -> list[str]:
    web = Web()
    sessions = OciSessions(web, Logins((), {}), FirstLogin(source))
    try:
        found = await Listing(Asking(sessions), TagLists(folder)).tags(repository)
        return list(found.tags)
    finally:
        await web.aclose()


async def test_a_registry_of_amazon_is_opened_with_what_aws_gave(aws: dict[str, str], tmp_path: Path) -> None:
    logins = EcrLogins(aws)
    login = await logins.login_of(ECR)
    assert login is not None
    wants = Habits(challenge='Basic realm="https://x/",service="ecr.amazonaws.com"', basic=login.header)
    with registry(wants) as place:
        place.tags = {"shop/web": ["1.0.0"]}
        assert await tags(_Elsewhere(logins, ECR), f"{place.host}/shop/web", tmp_path) == ["1.0.0"]


class Google:
    """Google's token endpoint: answers `status`, and remembers what was asked."""

    def __init__(self) -> None:
        google = self
        self.status = 200
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                google.asked += 1
                good = {"access_token": f"ya29.{google.asked}", "expires_in": 3600, "token_type": "Bearer"}
                body = json.dumps(good if google.status == 200 else {"error": "invalid_grant"}).encode()
                self.send_response(google.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def credentials(self) -> Any:
        from google.oauth2 import service_account

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        about = {
            "type": "service_account",
            "client_email": "fairway@shop.iam.gserviceaccount.com",
            "private_key": pem.decode(),
            "token_uri": f"http://127.0.0.1:{self.server.server_port}/token",
        }
        return service_account.Credentials.from_service_account_info(about, scopes=[SCOPE])


@pytest.fixture
def google() -> Iterator[Google]:
    made = Google()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize(
    ("host", "expected"),
    [(GAR, True), ("gcr.io", True), ("eu.gcr.io", True), ("notgcr.io", False), ("x.pkg.devs", False)],
)
def test_registries_of_google_are_known_by_their_names(host: str, expected: bool) -> None:
    assert is_google(host) is expected


async def test_google_gives_a_token_that_opens_its_registry(google: Google, tmp_path: Path) -> None:
    logins = GoogleLogins(google.credentials)
    habits = Habits(challenge='Bearer realm="URL/token",service="x",scope="repository:REPO:pull"', manifests=True)
    with registry(habits) as place:
        place.tags = {"shop/web": ["1.0.0"]}
        place.login = basic("oauth2accesstoken", "ya29.1")
        for _ in range(2):
            assert await tags(_Elsewhere(logins, GAR), f"{place.host}/shop/web", tmp_path) == ["1.0.0"]
    assert google.asked == 1
    assert await logins.login_of("r.example") is None


async def test_google_that_refuses_says_how_to_log_in(google: Google, tmp_path: Path) -> None:
    google.status = 400
    logins = GoogleLogins(google.credentials)
    assert await logins.login_of(GAR) is None
    assert logins.advice(GAR).startswith("Google refused the credentials: gcloud auth application-default login")
    assert logins.advice("r.example") == ""
    habits = Habits(challenge='Basic realm="x"', basic="never")
    with registry(habits) as place, pytest.raises(UserError, match=r"it wants a login \(401\)") as caught:
        await tags(_Elsewhere(logins, GAR), f"{place.host}/shop/web", tmp_path)
    assert "gcloud auth" in (caught.value.fix or "")


async def test_without_credentials_google_gives_nothing() -> None:
    from google.auth.exceptions import DefaultCredentialsError

    asked: list[None] = []

    def none() -> Any:
        asked.append(None)
        raise DefaultCredentialsError("no")

    now = [0.0]
    logins = GoogleLogins(none, lambda: now[0])
    for seconds, looked in ((0.0, 1), (1.0, 1), (AGAIN, 2)):
        now[0] = seconds
        assert await logins.login_of(GAR) is None
        assert len(asked) == looked
    assert "gcloud auth application-default login" in logins.advice(GAR)


def secret(auths: object, key: str = ".dockerconfigjson") -> dict[str, Any]:
    document = {"auths": auths} if key == ".dockerconfigjson" else auths
    return {"data": {key: base64.b64encode(json.dumps(document).encode()).decode()}}


def entry(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:pw".encode()).decode()}


@pytest.mark.parametrize(
    ("host", "repository", "user"),
    [
        ("r.example", "shop/web", "anna"),
        ("r.example", "team/web", "berta"),
        ("r.example", "teams/web", "anna"),
        ("docker.io", "library/nginx", "hub"),
        ("eu.gcr.example", "x", "star"),
        ("a.b.gcr.example", "x", None),
        ("other.example", "x", None),
    ],
)
async def test_a_secret_of_a_cluster_opens_what_its_keys_name(host: str, repository: str, user: str | None) -> None:
    logins = PullSecretLogins()
    logins.take("shop/one", secret({"https://r.example/v2/": entry("anna"), "r.example/team": entry("berta")}))
    hub = {"https://index.docker.io/v1/": entry("hub"), "*.gcr.example": {"username": "star", "password": "pw"}}
    logins.take("shop/two", secret(hub, ".dockercfg"))
    found = await logins.login_of(host, repository)
    assert (found.username if found else None) == user


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"data": {"password": "eA=="}}, "is not of the type kubernetes.io/dockerconfigjson"),
        ({}, "is not of the type"),
        ({"data": {".dockerconfigjson": "aHVudGVyMg=="}}, "cannot be read: it is not JSON"),
        ({"data": {".dockerconfigjson": "%"}}, "cannot be read"),
    ],
)
def test_a_secret_without_logins_is_told_without_its_content(found: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        PullSecretLogins().take("shop/regcred", found)
    assert "hunter2" not in f"{caught.value} {caught.value.fix}"
