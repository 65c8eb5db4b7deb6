"""Classic repositories: what they may answer, and where credentials go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.contract.charts.places import AT, a_run
from tests.support.chart_servers import WebServer, basic, certificates, web_server
from tests.support.charts import chart_archive

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.repository.models import ChartKind, ChartReference, HelmRepo, ValueSource

WEB = ChartReference(ChartKind.REPOSITORY, "stable/web", "1.0.0", AT)
SECRET = {"REPO_USER": "anna", "REPO_PASSWORD": "hunter2", "REPO_TOKEN": "t0ken"}


def env(name: str) -> ValueSource:
    return ValueSource("env", {"name": name}, AT)


def login(url: str, **more: object) -> HelmRepo:
    return HelmRepo("stable", url, AT, username=env("REPO_USER"), password=env("REPO_PASSWORD"), **more)  # type: ignore[arg-type]


async def fetch(home: Path, repo: HelmRepo, ref: ChartReference = WEB, **options: object) -> ChartSource:
    async with a_run(home, (repo,), env=SECRET, **options) as run:  # type: ignore[arg-type]
        return await run.charts.fetch(ref)


@pytest.mark.parametrize(
    ("repo", "header"),
    [
        (lambda url: login(url), basic("anna", "hunter2")),
        (lambda url: HelmRepo("stable", url, AT, token=env("REPO_TOKEN")), "Bearer t0ken"),
        (lambda url: HelmRepo("stable", url.replace("//", "//anna:hunter2@"), AT), basic("anna", "hunter2")),
    ],
    ids=["basic", "bearer", "in the address"],
)
async def test_a_login_opens_the_index_and_the_archive(repo: object, header: str, web: WebServer, home: Path) -> None:
    web.authorization = header
    web.publish("web", "1.0.0", chart_archive())
    assert (await fetch(home, repo(web.url))).version == "1.0.0"  # type: ignore[operator]


async def test_a_login_may_come_from_a_file(web: WebServer, home: Path) -> None:
    web.authorization = "Bearer t0ken"
    web.publish("web", "1.0.0", chart_archive())
    (home / "token").write_text("t0ken\n")
    (home / "tokens.yaml").write_text("charts: {token: t0ken}\n")
    for more in ({"path": str(home / "token")}, {"path": str(home / "tokens.yaml"), "key": "charts.token"}):
        token = ValueSource("file", more, AT)
        assert (await fetch(home, HelmRepo("stable", web.url, AT, token=token))).version == "1.0.0"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (ValueSource("env", {"name": "NOT_THERE"}, AT), "NOT_THERE is not set"),
        (ValueSource("file", {"path": "/not/there"}, AT), "/not/there cannot be read"),
        (ValueSource("secret", {"name": "x", "key": "y"}, AT), "cannot come from secret"),
    ],
)
async def test_a_login_that_cannot_be_had_is_an_error_with_its_place(
    source: ValueSource, message: str, web: WebServer, home: Path
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        await fetch(home, HelmRepo("stable", web.url, AT, token=source))
    assert caught.value.where == AT
    assert not web.asked


@pytest.mark.parametrize("has_login", [True, False])
async def test_a_refused_login_says_what_to_set_and_shows_no_secret(
    has_login: bool, web: WebServer, home: Path
) -> None:
    web.authorization = "Bearer other"
    repo = login(web.url) if has_login else HelmRepo("stable", web.url, AT)
    with pytest.raises(UserError) as caught:
        await fetch(home, repo)
    assert ("the login was refused" if has_login else "it wants a login") in str(caught.value)
    assert "helmRepos" in (caught.value.fix or "")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("how", ["absolute", "redirect"])
@pytest.mark.parametrize("pass_credentials", [False, True])
async def test_a_login_goes_to_another_host_only_when_told_to(
    how: str, pass_credentials: bool, web: WebServer, home: Path
) -> None:
    with web_server() as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        other.files["/elsewhere.tgz"] = chart_archive()
        web.authorization = basic("anna", "hunter2")
        if how == "absolute":
            web.publish("web", "1.0.0", chart_archive(), url=f"{elsewhere}/elsewhere.tgz")
        else:
            web.publish("web", "1.0.0", chart_archive())
            web.redirects["/charts/web-1.0.0.tgz"] = f"{elsewhere}/elsewhere.tgz"
        await fetch(home, login(web.url, pass_credentials=pass_credentials))
        sent = [asked.headers.get("authorization") for asked in other.asked]
        assert sent == [basic("anna", "hunter2") if pass_credentials else None]


async def test_the_port_makes_another_host(web: WebServer, home: Path) -> None:
    with web_server() as other:
        other.files["/elsewhere.tgz"] = chart_archive()
        web.publish("web", "1.0.0", chart_archive(), url=f"{other.url}/elsewhere.tgz")
        await fetch(home, login(web.url))
        assert "authorization" not in other.asked[0].headers


async def test_an_own_authority_and_a_client_certificate(home: Path, tmp_path: Path) -> None:
    files = certificates(tmp_path, want_client=True)
    with web_server(files.server) as web:
        web.publish("web", "1.0.0", chart_archive())
        repo = HelmRepo("stable", web.url, AT, files.ca_file, files.cert_file, files.key_file)
        assert (await fetch(home, repo)).version == "1.0.0"


async def test_a_client_certificate_stays_at_home(home: Path, tmp_path: Path, web: WebServer) -> None:
    strict = certificates(tmp_path, want_client=True)
    with web_server(strict.server) as other:
        other.files["/x.tgz"] = chart_archive()
        web.publish("web", "1.0.0", chart_archive(), url=f"{other.url}/x.tgz")
        repo = HelmRepo("stable", web.url, AT, strict.ca_file, strict.cert_file, strict.key_file)
        with pytest.raises((UserError, Transient)):
            await fetch(home, repo, attempts=1)
        assert not other.asked


async def test_an_unknown_authority_is_refused_at_once(home: Path, tmp_path: Path) -> None:
    with web_server(certificates(tmp_path, want_client=False).server) as web:
        with pytest.raises(UserError, match="certificate") as caught:
            await fetch(home, HelmRepo("stable", web.url, AT))
        assert "caFile" in (caught.value.fix or "")
        assert not web.asked


async def test_certificate_files_that_cannot_be_read_are_named(home: Path, web: WebServer) -> None:
    with pytest.raises(UserError, match=r"/no/ca\.pem"):
        await fetch(home, HelmRepo("stable", web.url, AT, "/no/ca.pem"))


async def test_https_never_leads_to_http(home: Path, tmp_path: Path, web: WebServer) -> None:
    files = certificates(tmp_path, want_client=False)
    with web_server(files.server) as secure:
        secure.redirects["/index.yaml"] = f"{web.url}/index.yaml"
        with pytest.raises(Terminal, match="not https"):
            await fetch(home, HelmRepo("stable", secure.url, AT, files.ca_file))
    assert not web.asked


async def test_redirects_without_end_are_given_up(home: Path, web: WebServer) -> None:
    web.redirects["/index.yaml"] = "/index.yaml"
    with pytest.raises(Terminal, match="redirects more than"):
        await fetch(home, HelmRepo("stable", web.url, AT))


async def test_a_tampered_archive_is_refused_and_not_kept(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive(), digest="0" * 64)
    repo = HelmRepo("stable", web.url, AT)
    for _ in range(2):
        with pytest.raises(Terminal, match="does not match its digest"):
            await fetch(home, repo)
    assert web.count("/charts/web-1.0.0.tgz") == 2


async def test_the_index_is_transferred_only_when_it_changed(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    repo = HelmRepo("stable", web.url, AT)
    newest = ChartReference(ChartKind.REPOSITORY, "stable/web", "1.x", AT)
    for _ in range(3):
        await fetch(home, repo, newest)
    conditions = ["if-none-match" in asked.headers for asked in web.asked if asked.path == "/index.yaml"]
    assert conditions == [False, True, True]
    web.publish("web", "1.1.0", chart_archive(version="1.1.0"))
    assert (await fetch(home, repo, newest)).version == "1.1.0"


async def test_a_damaged_index_in_the_cache_is_fetched_again(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    repo = HelmRepo("stable", web.url, AT)
    await fetch(home, repo)
    for file in (home / "cache" / "charts" / "web").glob("*.body"):
        file.write_bytes(b"rubbish")
    newest = ChartReference(ChartKind.REPOSITORY, "stable/web", "1.x", AT)
    assert (await fetch(home, repo, newest)).version == "1.0.0"


async def test_one_index_serves_all_charts_of_a_run(web: WebServer, home: Path) -> None:
    names = ["web", "api", "jobs"]
    for name in names:
        web.publish(name, "1.0.0", chart_archive(name))
    async with a_run(home, (HelmRepo("stable", web.url, AT),)) as run:
        for name in names:
            await run.charts.fetch(ChartReference(ChartKind.REPOSITORY, f"stable/{name}", "1.0.0", AT))
    assert web.count("/index.yaml") == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_server_in_trouble_is_asked_again(status: int, web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    web.failures = [(status, {"Retry-After": "0"})]
    assert (await fetch(home, HelmRepo("stable", web.url, AT))).version == "1.0.0"


async def test_a_lost_connection_is_tried_again(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    web.drop = 1
    assert (await fetch(home, HelmRepo("stable", web.url, AT))).version == "1.0.0"


async def test_a_server_that_stays_broken_is_a_passing_problem(web: WebServer, home: Path) -> None:
    web.failures = [(500, {})] * 9
    with pytest.raises(Transient, match=r"answers 500 \(2 attempts\)"):
        await fetch(home, HelmRepo("stable", web.url, AT))


async def test_a_failure_is_not_remembered(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    web.failures = [(500, {})] * 2
    async with a_run(home, (HelmRepo("stable", web.url, AT),)) as run:
        with pytest.raises(Transient):
            await run.charts.fetch(WEB)
        assert (await run.charts.fetch(WEB)).version == "1.0.0"


async def test_an_archive_that_is_gone_names_its_address(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    del web.files["/charts/web-1.0.0.tgz"]
    with pytest.raises(UserError, match=r"/charts/web-1\.0\.0\.tgz is not there"):
        await fetch(home, HelmRepo("stable", web.url, AT))


async def test_a_place_that_is_no_repository(web: WebServer, home: Path) -> None:
    with pytest.raises(UserError, match=r"index\.yaml is not there"):
        await fetch(home, HelmRepo("stable", web.url, AT))
    web.files["/index.yaml"] = b"<html>Sign in</html>"
    with pytest.raises(Terminal, match=r"no chart repository|cannot be read"):
        await fetch(home, HelmRepo("stable", web.url, AT))


async def test_a_chart_that_is_not_there_names_similar_ones(web: WebServer, home: Path) -> None:
    for name in ("postgresql", "redis", "web"):
        web.publish(name, "1.0.0", chart_archive(name))
    wanted = ChartReference(ChartKind.REPOSITORY, "stable/postgres", "1.0.0", AT)
    with pytest.raises(UserError, match='no chart "postgres"') as caught:
        await fetch(home, HelmRepo("stable", web.url, AT), wanted)
    assert "postgresql" in (caught.value.fix or "")


async def test_a_repository_that_is_not_defined_names_a_similar_one(web: WebServer, home: Path) -> None:
    wanted = ChartReference(ChartKind.REPOSITORY, "stabel/web", "1.0.0", AT)
    with pytest.raises(UserError, match='no chart repository "stabel"') as caught:
        await fetch(home, HelmRepo("stable", web.url, AT), wanted)
    assert caught.value.fix == 'did you mean "stable"?'
    assert caught.value.where == AT


async def test_an_index_in_json_is_read_too(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    web.files["/index.yaml"] = json.dumps(yaml.safe_load(web.files["/index.yaml"])).encode()
    assert (await fetch(home, HelmRepo("stable", web.url, AT))).version == "1.0.0"


async def test_a_repository_below_a_path_and_an_index_with_parent_paths(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive(), url="../files/web.tgz")
    web.files["/team/index.yaml"] = web.files.pop("/index.yaml")
    web.files["/files/web.tgz"] = chart_archive()
    assert (await fetch(home, HelmRepo("stable", f"{web.url}/team/", AT))).version == "1.0.0"


async def test_a_repository_may_be_a_registry_or_a_folder(web: WebServer, home: Path, tmp_path: Path) -> None:
    web.push("charts/web", "1.0.0", chart_archive())
    assert (await fetch(home, HelmRepo("stable", f"oci://{web.host}/charts", AT))).version == "1.0.0"
    web.publish("web", "1.0.0", chart_archive(more={"values.yaml": "a: 1"}), url="web.tgz")
    (tmp_path / "index.yaml").write_bytes(web.files["/index.yaml"])
    (tmp_path / "web.tgz").write_bytes(web.files["/charts/web-1.0.0.tgz"])
    assert (await fetch(home, HelmRepo("stable", f"file://{tmp_path}", AT))).version == "1.0.0"


async def test_a_remote_index_cannot_name_files_of_this_machine(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive(), url="file:///etc/passwd")
    with pytest.raises(UserError, match="cannot be fetched"):
        await fetch(home, HelmRepo("stable", web.url, AT))


@pytest.mark.parametrize(("url", "secret"), [("/web.tgz?signature=s3cret", "s3cret"), ("/web.tgz", "hunter2")])
async def test_secrets_of_an_address_stay_out_of_errors_and_of_the_cache(
    url: str, secret: str, web: WebServer, home: Path
) -> None:
    location = f"{web.url.replace('//', '//anna:hunter2@')}{url}"
    ref = ChartReference(ChartKind.HTTP, location, None, AT)
    async with a_run(home) as run:
        with pytest.raises(UserError) as caught:
            await run.charts.fetch(ref)
        assert secret not in f"{caught.value} {caught.value.fix}"
        web.files["/web.tgz"] = chart_archive()
        await run.charts.fetch(ref)
    assert web.asked[-1].headers["authorization"] == basic("anna", "hunter2")
    kept = [file for file in (home / "cache").rglob("*") if file.is_file() and file.suffix != ".tgz"]
    assert kept
    assert not any(secret.encode() in file.read_bytes() for file in kept)


async def test_a_web_page_in_place_of_an_archive_is_explained(web: WebServer, home: Path) -> None:
    web.files["/web.tgz"] = b"<!DOCTYPE html><title>Sign in</title>"
    async with a_run(home) as run:
        with pytest.raises(Terminal, match="is a login needed"):
            await run.charts.fetch(ChartReference(ChartKind.HTTP, f"{web.url}/web.tgz", None, AT))


@pytest.mark.parametrize("fragment", ["sha256=12", "md5=00", "latest"])
async def test_a_digest_behind_an_address_must_be_one(fragment: str, web: WebServer, home: Path) -> None:
    async with a_run(home) as run:
        with pytest.raises(UserError, match="is no digest") as caught:
            await run.charts.fetch(ChartReference(ChartKind.HTTP, f"{web.url}/web.tgz#{fragment}", None, AT))
    assert caught.value.where == AT
    assert not web.asked


async def test_an_archive_that_does_not_have_the_digest_of_its_address_is_refused(web: WebServer, home: Path) -> None:
    web.files["/web.tgz"] = chart_archive()
    async with a_run(home) as run:
        with pytest.raises(Terminal, match="does not match its digest"):
            await run.charts.fetch(ChartReference(ChartKind.HTTP, f"{web.url}/web.tgz#sha256={'0' * 64}", None, AT))


async def test_an_archive_without_its_dependencies_is_refused_as_by_helm(web: WebServer, home: Path) -> None:
    about = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: redis, repository: 'https://x'}\n"
    web.publish("web", "1.0.0", chart_archive(more={"Chart.yaml": about}))
    with pytest.raises(UserError, match="missing in charts/ directory: redis") as caught:
        await fetch(home, HelmRepo("stable", web.url, AT))
    assert str(caught.value.where) == "stable/web 1.0.0/Chart.yaml:5:3"


async def test_versions_of_a_chart_that_is_not_there(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    async with a_run(home, (HelmRepo("stable", web.url, AT),)) as run:
        with pytest.raises(UserError, match='no chart "wb"') as caught:
            await run.charts.versions(ChartReference(ChartKind.REPOSITORY, "stable/wb", None, AT))
    assert caught.value.fix == "did you mean web?"


async def test_versions_are_told_from_the_cache_when_offline(web: WebServer, home: Path) -> None:
    web.publish("web", "1.0.0", chart_archive())
    repos = (HelmRepo("stable", web.url, AT),)
    for offline in (False, True):
        async with a_run(home, repos, offline=offline) as run:
            assert await run.charts.versions(WEB) == ["1.0.0"]


async def test_a_folder_as_repository_that_is_not_there(home: Path) -> None:
    with pytest.raises(UserError, match=r"/no/such/index\.yaml cannot be read"):
        await fetch(home, HelmRepo("stable", "file:///no/such", AT))


async def test_an_odd_answer_is_told(web: WebServer, home: Path) -> None:
    web.failures = [(418, {})]
    with pytest.raises(UserError, match="answers 418"):
        await fetch(home, HelmRepo("stable", web.url, AT))
