"""Charts in Git: references, credentials, and repositories that are up to no good."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.contract.charts.conftest import git_place
from tests.contract.charts.places import AT, GitPlace, a_run, git
from tests.support.chart_servers import basic
from tests.support.charts import chart_files, write_chart

from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.repository.models import ChartKind, ChartReference


@pytest.fixture
def repo(tmp_path: Path) -> GitPlace:
    return git_place(tmp_path)


def ref(remote: str, path: str = "charts/web", revision: str = "main") -> ChartReference:
    return ChartReference(ChartKind.GIT, f"git+{remote}//{path}?ref={revision}", None, AT)


async def fetch(home: Path, wanted: ChartReference, **options: object) -> ChartSource:
    async with a_run(home, **options) as run:  # type: ignore[arg-type]
        return await run.charts.fetch(wanted)


async def test_a_branch_a_tag_and_a_commit(repo: GitPlace, home: Path) -> None:
    repo.publish("1.0.0")
    first = git(repo.work, "rev-parse", "HEAD")
    git(repo.work, "tag", "-a", "annotated", "-m", "x")
    repo.publish("1.1.0")
    found = {
        name: (await fetch(home, ref(repo.remote, revision=name))).version for name in ("main", "annotated", first)
    }
    assert found == {"main": "1.1.0", "annotated": "1.0.0", first: "1.0.0"}


async def test_a_commit_that_is_on_no_branch(repo: GitPlace, home: Path) -> None:
    repo.publish("1.0.0")
    git(repo.work, "checkout", "-q", "-b", "side")
    repo.publish("1.1.0")
    repo.publish("1.2.0")
    middle = git(repo.work, "rev-parse", "HEAD~1")
    assert (await fetch(home, ref(repo.remote, revision=middle))).version == "1.1.0"


async def test_a_chart_at_the_top_of_its_repository(repo: GitPlace, home: Path) -> None:
    write_chart(repo.work, chart_files("top", "3.0.0"))
    git(repo.work, "add", ".")
    git(repo.work, "commit", "-q", "-m", "x")
    found = await fetch(home, ChartReference(ChartKind.GIT, f"git+{repo.remote}?ref=main", None, AT))
    assert (found.name, found.version) == ("top", "3.0.0")
    assert not any(name.startswith(".git/") for name in read_archive(Path(found.path).read_bytes(), "x"))


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("git+{remote}//charts/web?ref=nope", 'no branch or tag "nope"'),
        ("git+{remote}//charts/web?ref=" + "0" * 40, "no commit|not our ref|upload-pack"),
        ("git+{remote}//charts/other?ref=main", 'no chart in "charts/other"'),
        ("git+{remote}/gone//charts/web?ref=main", "there is no repository"),
        ("git+{remote}//charts/web?ref=--upload-pack=x", "not a branch, tag or commit"),
        ("git+{remote}//../web?ref=main", "not a chart in Git"),
        ("git+ext::sh -c x//charts?ref=main", "not a chart in Git"),
    ],
)
async def test_mistakes_are_explained(location: str, message: str, repo: GitPlace, home: Path) -> None:
    repo.publish("1.0.0")
    with pytest.raises(FairwayError, match=message) as caught:
        await fetch(home, ChartReference(ChartKind.GIT, location.format(remote=repo.remote), None, AT))
    assert caught.value.where == AT


async def test_a_dependency_beside_the_chart_is_built_in(repo: GitPlace, home: Path) -> None:
    write_chart(repo.work / "charts" / "common", chart_files("common", "0.3.0"))
    needs = "dependencies:\n- {name: common, version: 0.x, repository: 'file://../common'}\n"
    repo.publish("1.0.0", {"Chart.yaml": f"apiVersion: v2\nname: web\nversion: 1.0.0\n{needs}"})
    found = await fetch(home, ref(repo.remote))
    assert "charts/common/Chart.yaml" in read_archive(Path(found.path).read_bytes(), "x")


async def test_links_inside_of_the_repository_are_followed(repo: GitPlace, home: Path) -> None:
    repo.publish("1.0.0")
    (repo.work / "shared.yaml").write_text("shared: true\n")
    (repo.work / "charts" / "web" / "values.yaml").symlink_to("../../shared.yaml")
    git(repo.work, "add", ".")
    git(repo.work, "commit", "-q", "-m", "link")
    found = await fetch(home, ref(repo.remote))
    assert read_archive(Path(found.path).read_bytes(), "x")["values.yaml"] == b"shared: true\n"


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../../../../etc/hostname", "../../../outside"])
async def test_links_out_of_the_repository_are_refused(target: str, repo: GitPlace, home: Path) -> None:
    repo.publish("1.0.0")
    (repo.work / "charts" / "web" / "values.yaml").symlink_to(target)
    git(repo.work, "add", ".")
    git(repo.work, "commit", "-q", "-m", "link")
    with pytest.raises(Terminal, match="a link that leaves the repository"):
        await fetch(home, ref(repo.remote))


@pytest.mark.parametrize("address", ["file:///etc", "file://../../../outside"])
async def test_dependencies_outside_of_the_repository_are_refused(address: str, repo: GitPlace, home: Path) -> None:
    write_chart(repo.work.parent / "outside", chart_files("outside", "0.3.0"))
    needs = f"dependencies:\n- {{name: outside, version: 0.x, repository: '{address}'}}\n"
    repo.publish("1.0.0", {"Chart.yaml": f"apiVersion: v2\nname: web\nversion: 1.0.0\n{needs}"})
    with pytest.raises(UserError, match="lies outside of the repository that"):
        await fetch(home, ref(repo.remote))


async def test_what_git_would_leave_out_of_an_archive_is_there(repo: GitPlace, home: Path) -> None:
    repo.publish("1.0.0", {".gitattributes": "values.yaml export-ignore\n", "values.yaml": "a: $Format:%H$\n"})
    found = await fetch(home, ref(repo.remote))
    assert read_archive(Path(found.path).read_bytes(), "x")["values.yaml"] == b"a: $Format:%H$\n"


async def test_one_clone_serves_many_charts_at_once(repo: GitPlace, home: Path) -> None:
    names = [f"c{number}" for number in range(6)]
    for name in names:
        write_chart(repo.work / name, chart_files(name, "1.0.0"))
    git(repo.work, "add", ".")
    git(repo.work, "commit", "-q", "-m", "x")
    async with a_run(home) as run:
        found = await asyncio.gather(*(run.charts.fetch(ref(repo.remote, name)) for name in names))
    assert [item.name for item in found] == names
    assert len(list((home / "cache" / "charts" / "git").iterdir())) == 1


@pytest.fixture
def git_http(repo: GitPlace) -> Iterator[str]:
    """`git http-backend` behind a server that wants anna's password; gives host:port."""
    backend = Path(subprocess.check_output(["git", "--exec-path"], text=True).strip()) / "git-http-backend"
    if not backend.exists():
        pytest.skip("this git has no http-backend")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

        def answer(self, body: bytes) -> None:
            if self.headers.get("authorization") != basic("anna", "hunter2"):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            env = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(repo.work.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
                "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            }
            head, _, data = subprocess.run([backend], input=body, env=env, capture_output=True).stdout.partition(
                b"\r\n\r\n"
            )
            self.send_response(200)
            for line in head.decode().splitlines():
                name, _, value = line.partition(": ")
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def over_http(host: str, login: str = "") -> ChartReference:
    return ref(f"http://{login}{host}/repository/.git")


async def test_a_login_in_the_address_opens_the_repository(repo: GitPlace, git_http: str, home: Path) -> None:
    repo.publish("1.0.0")
    assert (await fetch(home, over_http(git_http, "anna:hunter2@"))).version == "1.0.0"
    kept = [file for file in (home / "cache").rglob("*") if file.is_file()]
    assert not any(b"hunter2" in file.read_bytes() for file in kept)


@pytest.mark.parametrize("login", ["", "anna:wr0ng@"])
async def test_a_refused_login_is_said_without_the_secret_and_without_a_question(
    login: str, repo: GitPlace, git_http: str, home: Path
) -> None:
    repo.publish("1.0.0")
    with pytest.raises(UserError, match="access was refused") as caught:
        await fetch(home, over_http(git_http, login))
    assert "wr0ng" not in f"{caught.value}{caught.value.fix}"


SPY = """#!{python}
import os, sys
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv) + "\\n")
os.execv({git!r}, ["git", *sys.argv[1:]])
"""


async def test_no_secret_is_in_the_arguments_of_git(repo: GitPlace, git_http: str, home: Path) -> None:
    import shutil

    repo.publish("1.0.0")
    program = home / "bin" / "git"
    program.parent.mkdir()
    log = home / "log"
    program.write_text(SPY.format(python=sys.executable, log=str(log), git=shutil.which("git")))
    program.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{program.parent}:{before}"
    try:
        await fetch(home, over_http(git_http, "anna:hunter2@"))
    finally:
        os.environ["PATH"] = before
    assert "ls-remote" in log.read_text()
    assert "hunter2" not in log.read_text()


HANGING = """#!/bin/sh
sleep 600 &
echo $! > {pid}
wait
"""


async def test_an_interrupted_git_leaves_no_process(repo: GitPlace, home: Path) -> None:
    program, pid = home / "bin" / "git", home / "pid"
    program.parent.mkdir()
    program.write_text(HANGING.format(pid=pid))
    program.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{program.parent}:{before}"
    try:
        async with a_run(home) as run:
            fetching = asyncio.ensure_future(run.charts.fetch(ref(repo.remote)))
            while not (pid.exists() and pid.read_text().strip()):
                await asyncio.sleep(0.01)
            fetching.cancel()
    finally:
        os.environ["PATH"] = before
    child = Path(f"/proc/{pid.read_text().strip()}/stat")
    for _ in range(500):
        if not child.exists() or child.read_text().split(") ")[1].startswith("Z"):
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("a process of git is still running")


async def test_no_git_program_is_said(repo: GitPlace, home: Path) -> None:
    before = os.environ["PATH"]
    os.environ["PATH"] = str(home)
    try:
        with pytest.raises(UserError, match="need the git program"):
            await fetch(home, ref(repo.remote))
    finally:
        os.environ["PATH"] = before


async def test_a_git_host_that_does_not_answer_is_a_passing_problem(home: Path) -> None:
    with pytest.raises(Transient):
        await fetch(home, ref("http://127.0.0.1:1/repo"))
