"""OCI registries: logins, tokens, pages, digests, and what is no chart."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from tests.contract.charts.places import AT, a_run, push_chart
from tests.support.chart_servers import WebServer, basic, certificates, web_server
from tests.support.charts import chart_archive, sha256
from tests.support.registry import OciRegistry

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import FairwayError, Terminal, UserError
from fairway.domain.repository.models import ChartKind, ChartReference, HelmRepo, ValueSource


def ref(web: WebServer, version: str | None = "1.0.0", suffix: str = "") -> ChartReference:
    return ChartReference(ChartKind.OCI, f"oci://{web.host}/team/web{suffix}", version, AT)


async def fetch(
    home: Path, wanted: ChartReference, repos: tuple[HelmRepo, ...] = (), env: dict[str, str] | None = None
) -> ChartSource:
    async with a_run(home, repos, env=env) as run:
        return await run.charts.fetch(wanted)


def docker_login(home: Path, config: dict[str, object]) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker" / "config.json").write_text(json.dumps(config))


def encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def published(web: WebServer) -> WebServer:
    web.push("team/web", "1.0.0", chart_archive())
    return web


async def test_an_anonymous_token_is_asked_for_once(published: WebServer, home: Path) -> None:
    published.realm_login = "anonymous"
    assert (await fetch(home, ref(published))).version == "1.0.0"
    assert published.count("/token") == 1
    assert "authorization" not in next(asked for asked in published.asked if "/token" in asked.path).headers


async def test_a_login_of_docker_opens_the_realm(published: WebServer, home: Path) -> None:
    published.realm_login = basic("anna", "hunter2")
    docker_login(home, {"auths": {published.host: {"auth": encoded("anna", "hunter2")}}})
    assert (await fetch(home, ref(published))).version == "1.0.0"


async def test_a_login_of_helm_comes_before_that_of_docker(published: WebServer, home: Path) -> None:
    published.authorization = basic("anna", "hunter2")
    docker_login(home, {"auths": {published.host: {"auth": encoded("other", "other")}}})
    file = home / "registry.json"
    file.write_text(json.dumps({"auths": {published.host: {"auth": encoded("anna", "hunter2")}}}))
    assert (await fetch(home, ref(published), env={"HELM_REGISTRY_CONFIG": str(file)})).version == "1.0.0"


async def test_a_registry_may_want_a_password_on_every_request(published: WebServer, home: Path) -> None:
    published.authorization = basic("anna", "hunter2")
    docker_login(home, {"auths": {f"https://{published.host}": {"username": "anna", "password": "hunter2"}}})
    assert (await fetch(home, ref(published))).version == "1.0.0"


async def test_a_refresh_token_is_exchanged(published: WebServer, home: Path) -> None:
    published.realm_login, published.refresh_token = "nobody", "refresh-me"
    docker_login(home, {"auths": {published.host: {"identitytoken": "refresh-me"}}})
    assert (await fetch(home, ref(published))).version == "1.0.0"


HELPER = """#!/bin/sh
read host
[ "$1" = get ] && [ "$host" = "{host}" ] || exit 1
echo '{{"ServerURL": "x", "Username": "{user}", "Secret": "{secret}"}}'
"""


@pytest.mark.parametrize("way", ["credHelpers", "credsStore"])
@pytest.mark.parametrize(("user", "secret"), [("anna", "hunter2"), ("<token>", "refresh-me")])
async def test_a_credential_helper_is_asked(way: str, user: str, secret: str, published: WebServer, home: Path) -> None:
    published.realm_login, published.refresh_token = basic("anna", "hunter2"), "refresh-me"
    program = home / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(HELPER.format(host=published.host, user=user, secret=secret))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    docker_login(home, {way: {published.host: "test"} if way == "credHelpers" else "test"})
    env = {"PATH": f"{program.parent}:/usr/bin:/bin"}
    assert (await fetch(home, ref(published), env=env)).version == "1.0.0"


@pytest.mark.parametrize("helper", ["not-installed", "../../bin/sh", ""])
async def test_a_credential_helper_that_is_not_there_leaves_no_login(
    helper: str, published: WebServer, home: Path
) -> None:
    docker_login(home, {"credsStore": helper})
    assert (await fetch(home, ref(published))).version == "1.0.0"


async def test_an_entry_of_helm_repos_gives_the_login(published: WebServer, home: Path) -> None:
    published.realm_login = basic("anna", "hunter2")
    user, password = (ValueSource("env", {"name": name}, AT) for name in ("U", "P"))
    repo = HelmRepo("team", f"oci://{published.host}/team", AT, username=user, password=password)
    found = await fetch(home, ref(published), (repo,), {"U": "anna", "P": "hunter2"})
    assert found.version == "1.0.0"


async def test_an_entry_of_helm_repos_may_hold_a_token(published: WebServer, home: Path) -> None:
    published.authorization = "Bearer t0ken"
    repo = HelmRepo("team", f"oci://{published.host}", AT, token=ValueSource("env", {"name": "T"}, AT))
    assert (await fetch(home, ref(published), (repo,), {"T": "t0ken"})).version == "1.0.0"


@pytest.mark.parametrize("with_login", [True, False])
async def test_a_refused_login_says_how_to_log_in(with_login: bool, published: WebServer, home: Path) -> None:
    published.realm_login = basic("anna", "hunter2")
    if with_login:
        docker_login(home, {"auths": {published.host: {"auth": encoded("anna", "wr0ng")}}})
    with pytest.raises(UserError) as caught:
        await fetch(home, ref(published))
    assert ("the login was refused" if with_login else "it wants a login") in str(caught.value)
    assert "helm registry login" in (caught.value.fix or "")
    assert "wr0ng" not in str(caught.value)


async def test_a_password_never_goes_to_a_realm_without_encryption(published: WebServer, home: Path) -> None:
    docker_login(home, {"auths": {published.host: {"auth": encoded("anna", "hunter2")}}})
    challenge = {"WWW-Authenticate": 'Bearer realm="http://auth.example.test/token"'}
    published.failures = [(401, challenge)]
    with pytest.raises(Terminal, match="not https"):
        await fetch(home, ref(published))


async def test_a_registry_with_an_own_authority(home: Path, tmp_path: Path) -> None:
    files = certificates(tmp_path, want_client=True)
    with web_server(files.server) as web:
        web.push("team/web", "1.0.0", chart_archive())
        repo = HelmRepo("team", f"oci://{web.host}", AT, files.ca_file, files.cert_file, files.key_file)
        assert (await fetch(home, ref(web), (repo,))).version == "1.0.0"


async def test_tags_come_in_pages(web: WebServer, home: Path) -> None:
    web.pages = 2
    for minor in range(7):
        web.push("team/web", f"1.{minor}.0", chart_archive(version=f"1.{minor}.0"))
    web.push("team/web", "latest", chart_archive())
    assert (await fetch(home, ref(web, "1.x"))).version == "1.6.0"
    assert web.count("/tags/list") == 4


async def test_a_chart_by_digest_is_immutable(published: WebServer, home: Path) -> None:
    digest = published.push("team/web", "2.0.0", chart_archive(version="2.0.0"))
    wanted = ref(published, None, f"@{digest}")
    assert (await fetch(home, wanted)).version == "2.0.0"
    async with a_run(home, offline=True) as run:
        assert (await run.charts.fetch(wanted)).version == "2.0.0"


async def test_a_manifest_that_does_not_have_its_digest_is_refused(published: WebServer, home: Path) -> None:
    digest = published.push("team/web", "2.0.0", chart_archive(version="2.0.0"))
    path = f"/v2/team/web/manifests/{digest}"
    published.files[path] = published.files[path].replace(b'"schemaVersion": 2', b'"schemaVersion":  2')
    with pytest.raises(Terminal, match="does not have the digest"):
        await fetch(home, ref(published, None, f"@{digest}"))


async def test_a_layer_that_does_not_have_its_digest_is_refused(web: WebServer, home: Path) -> None:
    web.push("team/web", "1.0.0", chart_archive(), layer=chart_archive(more={"templates/evil.yaml": "x"}))
    with pytest.raises(Terminal, match="does not match its digest"):
        await fetch(home, ref(web))


async def test_a_layer_may_lie_on_another_host_that_gets_no_token(published: WebServer, home: Path) -> None:
    published.realm_login = "anonymous"
    with web_server() as storage:
        data = chart_archive()
        storage.files["/blob"] = data
        elsewhere = storage.url.replace("127.0.0.1", "localhost")
        published.redirects[f"/v2/team/web/blobs/sha256:{sha256(data)}"] = f"{elsewhere}/blob"
        assert (await fetch(home, ref(published))).version == "1.0.0"
        assert "authorization" not in storage.asked[0].headers


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"manifests": []}, "an image index, not a chart"),
        ({"config": {"mediaType": "application/vnd.oci.image.config.v1+json"}, "layers": []}, "not a Helm chart"),
        ({"layers": [{"mediaType": "x", "digest": "sha256:1"}]}, "not a Helm chart"),
        ([], "not a Helm chart"),
        (None, "not JSON"),
    ],
)
async def test_what_is_no_chart_is_refused(manifest: object, message: str, published: WebServer, home: Path) -> None:
    body = b"<html>" if manifest is None else json.dumps(manifest).encode()
    published.files["/v2/team/web/manifests/1.0.0"] = body
    with pytest.raises(Terminal, match=message):
        await fetch(home, ref(published))


@pytest.mark.parametrize("location", ["oci://", "oci://host", "oci://host/UPPER", "oci://h/a@sha256:12", "oci://h/a b"])
async def test_an_address_that_is_malformed_is_explained(location: str, home: Path) -> None:
    with pytest.raises(UserError, match="is not an OCI chart") as caught:
        await fetch(home, ChartReference(ChartKind.OCI, location, "1.0.0", AT))
    assert caught.value.where == AT


async def test_login_files_that_cannot_be_read_are_named(published: WebServer, home: Path) -> None:
    published.realm_login = "anonymous"
    docker_login(home, {})
    (home / ".docker" / "config.json").write_text("{")
    with pytest.raises(UserError, match=r"\.docker/config\.json cannot be read"):
        await fetch(home, ref(published))


async def test_the_reference_registry_takes_and_gives_charts(oci_registry: OciRegistry, home: Path) -> None:
    for number in range(3):
        push_chart(oci_registry.host, "pages/web", f"1.{number}.0_b", chart_archive(version=f"1.{number}.0+b"))
    wanted = ChartReference(ChartKind.OCI, f"oci://{oci_registry.host}/pages/web", "^1", AT)
    async with a_run(home) as run:
        assert (await run.charts.fetch(wanted)).version == "1.2.0+b"
        assert await run.charts.versions(wanted) == ["1.2.0+b", "1.1.0+b", "1.0.0+b"]
        with pytest.raises(FairwayError, match="no chart"):
            await run.charts.fetch(ChartReference(ChartKind.OCI, f"oci://{oci_registry.host}/none/web", "1.0.0", AT))


async def test_tags_may_not_continue_on_another_host(published: WebServer, home: Path) -> None:
    with web_server() as other:
        published.next_page = f"{other.url}/v2/team/web/tags/list"
        with pytest.raises(Terminal, match="points to another host"):
            await fetch(home, ref(published, "^1"))
        assert not other.asked


async def test_a_realm_without_a_token_is_told(published: WebServer, home: Path) -> None:
    published.failures = [(401, {"WWW-Authenticate": f'Bearer realm="{published.url}/manifest"'})]
    published.files["/manifest"] = b"[]"
    with pytest.raises(Terminal, match="gave no token"):
        await fetch(home, ref(published))


@pytest.mark.parametrize(("status", "message"), [(403, "it wants a login"), (400, "the registry answers 400")])
async def test_other_refusals_are_told(status: int, message: str, published: WebServer, home: Path) -> None:
    published.failures = [(status, {})]
    with pytest.raises(UserError, match=message):
        await fetch(home, ref(published))


async def test_a_tag_that_is_no_version_is_told(published: WebServer, home: Path) -> None:
    with pytest.raises(UserError, match='"latest" is not a version constraint') as caught:
        await fetch(home, ref(published, "latest"))
    assert "1.2.3" in (caught.value.fix or "")


async def test_tags_that_go_round_in_a_circle_are_given_up(published: WebServer, home: Path) -> None:
    published.next_page = "/v2/team/web/tags/list"
    with pytest.raises(Terminal, match="go round in a circle"):
        await fetch(home, ref(published, "^1"))
