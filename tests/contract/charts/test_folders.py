"""Chart folders: used in place, completed in a copy, and read exactly as Helm packages them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.charts.places import AT, a_run
from tests.support.chart_servers import WebServer
from tests.support.charts import chart_archive, chart_files, write_chart

from fairway.adapters.charts.folders import DiskFolders
from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import FairwayError, InvalidInput, Position, UserError
from fairway.domain.repository.models import ChartKind, ChartReference, HelmRepo

CORPUS = Path(__file__).parents[2] / "corpus" / "charts"


def ref(folder: Path) -> ChartReference:
    return ChartReference(ChartKind.DIRECTORY, str(folder), None, AT)


def chart(folder: Path, needs: str = "", **more: str) -> Path:
    about = f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n"
    if needs:
        about += f"dependencies:\n{needs}"
    return write_chart(folder, chart_files(folder.name, "1.0.0", {"Chart.yaml": about, **more}))


async def fetch(home: Path, folder: Path, repos: tuple[HelmRepo, ...] = (), **options: object) -> ChartSource:
    async with a_run(home, repos, **options) as run:  # type: ignore[arg-type]
        return await run.charts.fetch(ref(folder))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def stable(web: WebServer) -> tuple[HelmRepo, ...]:
    return (HelmRepo("stable", web.url, AT),)


async def test_a_folder_is_used_where_it_is(home: Path, tmp_path: Path) -> None:
    folder = chart(tmp_path / "web")
    source = await fetch(home, folder)
    assert (source.path, source.name, source.version) == (str(folder), "web", "1.0.0")
    assert not (home / "cache").exists()


async def test_its_origin_is_told_as_people_wrote_it(home: Path, tmp_path: Path) -> None:
    folder = chart(tmp_path / "charts" / "web")
    at = Position(str(tmp_path / "releases" / "prod.yaml"), 3, 1)
    async with a_run(home) as run:
        source = await run.charts.fetch(ChartReference(ChartKind.DIRECTORY, str(folder), None, at))
    assert source.origin == "dir ../charts/web"


async def test_the_digest_follows_what_helm_packages(home: Path, tmp_path: Path) -> None:
    folder = chart(tmp_path / "web", **{".helmignore": "*.bak\n"})
    first = (await fetch(home, folder)).digest
    (folder / "notes.bak").write_text("ignored")
    (folder / "templates" / ".hidden").write_text("ignored")
    assert (await fetch(home, folder)).digest == first
    os.utime(folder / "Chart.yaml", (1, 1))
    assert (await fetch(home, folder)).digest == first
    (folder / "values.yaml").write_text("a: 1\n")
    assert (await fetch(home, folder)).digest != first


async def test_a_folder_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    folder = chart(tmp_path / "web")
    folders = DiskFolders()
    first = await folders.read(folder)
    assert await folders.read(folder) is first
    (folder / "values.yaml").write_text("a: 1\n")
    assert (await folders.read(folder))["values.yaml"] == b"a: 1\n"


@pytest.mark.parametrize("links", ["file", "folder"])
async def test_links_are_followed(links: str, home: Path, tmp_path: Path) -> None:
    folder = chart(tmp_path / "web")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.yaml").write_text("a: 1\n")
    if links == "file":
        (folder / "a.yaml").symlink_to("../shared/a.yaml")
    else:
        (folder / "more").symlink_to("../shared")
    files = await DiskFolders().read(folder)
    assert files["a.yaml" if links == "file" else "more/a.yaml"] == b"a: 1\n"


async def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    folder = chart(tmp_path / "web")
    (folder / "files").mkdir()
    (folder / "files" / "again").symlink_to("..")
    with pytest.raises(UserError, match="a link to a folder around it"):
        await DiskFolders().read(folder)


async def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    folder = chart(tmp_path / "web")
    os.mkfifo(folder / "pipe")
    with pytest.raises(UserError, match="pipe is not a regular file"):
        await DiskFolders().read(folder)
    (folder / "pipe").unlink()
    (folder / "broken").symlink_to("nowhere")
    with pytest.raises(UserError, match="broken cannot be read") as caught:
        await DiskFolders().read(folder)
    assert "link" in (caught.value.fix or "")


async def test_a_file_that_helm_would_not_load_is_an_error(tmp_path: Path) -> None:
    folder = chart(tmp_path / "web")
    (folder / "huge.bin").write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    with pytest.raises(UserError, match="may have 5 MiB"):
        await DiskFolders().read(folder)


@pytest.mark.parametrize(
    ("what", "message"), [("nothing", "does not exist"), ("file", "is not a folder"), ("empty", "has no Chart.yaml")]
)
async def test_a_folder_that_is_no_chart(what: str, message: str, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "web"
    if what == "file":
        folder.write_text("")
    elif what == "empty":
        folder.mkdir()
    with pytest.raises(UserError, match=message) as caught:
        await fetch(home, folder)
    assert caught.value.where == AT


async def test_mistakes_in_chart_yaml_are_told_with_their_lines(home: Path, tmp_path: Path) -> None:
    folder = write_chart(tmp_path / "web", {"Chart.yaml": "apiVersion: v3\nname: web\nversion: 1.10\ntype: other\n"})
    with pytest.raises(InvalidInput) as caught:
        await fetch(home, folder)
    found = [(item.position.line, item.message) for item in caught.value.diagnostics if item.position]
    assert [line for line, _ in found] == [1, 3, 4]
    assert found[1][1] == "version must be a string, this is 1.10"


async def test_dependencies_are_built_into_a_copy(web: WebServer, home: Path, tmp_path: Path) -> None:
    web.publish("redis", "1.4.0", chart_archive("redis", "1.4.0"))
    web.publish("redis", "1.5.0", chart_archive("redis", "1.5.0"))
    web.push("oci/pg", "2.0.0", chart_archive("pg", "2.0.0"))
    chart(tmp_path / "common")
    folder = chart(
        tmp_path / "web",
        f"- {{name: redis, version: 1.x, repository: '{web.url}', alias: cache}}\n"
        f"- {{name: pg, version: ^2, repository: 'oci://{web.host}/oci'}}\n"
        "- {name: common, version: '>=1', repository: 'file://../common'}\n",
    )
    before = contents(tmp_path / "web")
    source = await fetch(home, folder)
    assert contents(folder) == before
    files = read_archive(Path(source.path).read_bytes(), "x")
    assert {name for name in files if name.startswith("charts/")} == {
        "charts/redis-1.5.0.tgz",
        "charts/pg-2.0.0.tgz",
        "charts/common/Chart.yaml",
        "charts/common/templates/one.yaml",
    }
    again = await fetch(home, folder)
    assert again == source


@pytest.mark.parametrize("repository", ["@stable", "alias:stable"])
async def test_a_dependency_may_name_a_repository(repository: str, web: WebServer, home: Path, tmp_path: Path) -> None:
    web.publish("redis", "1.4.0", chart_archive("redis", "1.4.0"))
    folder = chart(tmp_path / "web", f"- {{name: redis, version: 1.4.0, repository: '{repository}'}}\n")
    source = await fetch(home, folder, stable(web))
    assert "charts/redis-1.4.0.tgz" in read_archive(Path(source.path).read_bytes(), "x")


async def test_dependencies_that_are_there_are_left_alone(home: Path, tmp_path: Path) -> None:
    folder = chart(
        tmp_path / "web",
        "- {name: redis, version: 9.x, repository: 'https://unreachable.invalid'}\n"
        "- {name: db, version: 9.x, repository: 'https://unreachable.invalid'}\n",
    )
    (folder / "charts").mkdir()
    (folder / "charts" / "redis-1.0.0.tgz").write_bytes(chart_archive("redis"))
    write_chart(folder / "charts" / "vendored-db", chart_files("db"))
    assert (await fetch(home, folder, offline=True)).path == str(folder)


async def test_dependencies_of_dependencies_are_built_too(web: WebServer, home: Path, tmp_path: Path) -> None:
    web.publish("redis", "1.0.0", chart_archive("redis"))
    chart(tmp_path / "base", f"- {{name: redis, version: 1.0.0, repository: '{web.url}'}}\n")
    chart(tmp_path / "middle", "- {name: base, version: 1.0.0, repository: 'file://../base'}\n")
    folder = chart(tmp_path / "web", "- {name: middle, version: 1.0.0, repository: 'file://../middle'}\n")
    files = read_archive(Path((await fetch(home, folder)).path).read_bytes(), "x")
    assert "charts/middle/charts/base/charts/redis-1.0.0.tgz" in files


async def test_a_change_in_a_dependency_changes_the_digest(home: Path, tmp_path: Path) -> None:
    chart(tmp_path / "common")
    folder = chart(tmp_path / "web", "- {name: common, version: 1.0.0, repository: 'file://../common'}\n")
    first = await fetch(home, folder)
    (tmp_path / "common" / "templates" / "two.yaml").write_text('{{ lookup "v1" "Pod" "" "" }}')
    second = await fetch(home, folder)
    assert first.digest != second.digest
    assert (first.uses_lookup, second.uses_lookup) == (False, True)


@pytest.mark.parametrize(
    ("needs", "message", "line"),
    [
        ("- {name: redis, version: 1.0.0}\n", "missing in charts/ directory: redis", 5),
        ("- {name: a, version: 1.0.0}\n- {name: b}\n", "missing in charts/ directory: a, b", 5),
        ("- {name: x, version: 1.0.0, repository: 'ftp://x'}\n", "is not an address of a chart repository", 5),
        ("- {name: x, version: 1.0.0, repository: '@nope'}\n", 'no repository "nope" in helmRepos', 5),
        ("- {name: x, version: ~~1, repository: 'https://x'}\n", '"~~1" is not a version constraint', 5),
        ("- {name: x, version: 1.0.0, repository: 'file://../gone'}\n", "gone does not exist", 5),
        ("- {name: common, version: ^2, repository: 'file://../common'}\n", "wants version", 5),
        ("- {name: other, version: ^1, repository: 'file://../common'}\n", 'is called "common"', 5),
        ("- {name: web, version: ^1, repository: 'file://.'}\n", "depends on itself", 5),
        ("- 7\n", "a dependency is a map", 5),
        ("- {name: x, version: 1.0, repository: 'https://x'}\n", "must be a string", 5),
    ],
)
async def test_a_dependency_that_cannot_be_had_is_told_with_its_line(
    needs: str, message: str, line: int, home: Path, tmp_path: Path
) -> None:
    chart(tmp_path / "common")
    folder = chart(tmp_path / "web", needs)
    with pytest.raises(UserError, match=message) as caught:
        await fetch(home, folder)
    assert caught.value.where is not None
    assert (Path(caught.value.where.file).name, caught.value.where.line) == ("Chart.yaml", line)


async def test_a_library_chart_is_welcome_as_a_dependency(web: WebServer, home: Path, tmp_path: Path) -> None:
    about = "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n"
    web.publish("lib", "1.0.0", chart_archive("lib", more={"Chart.yaml": about}))
    folder = chart(tmp_path / "web", "- {name: lib, version: 1.0.0, repository: '@stable'}\n")
    assert (await fetch(home, folder, stable(web))).name == "web"


async def test_fifty_folders_share_one_download_of_their_dependency(web: WebServer, home: Path, tmp_path: Path) -> None:
    web.publish("redis", "1.0.0", chart_archive("redis"))
    needs = "- {name: redis, version: ^1, repository: '@stable'}\n"
    folders = [chart(tmp_path / f"c{number}", needs) for number in range(50)]
    async with a_run(home, stable(web)) as run:
        await asyncio.gather(*(run.charts.fetch(ref(folder)) for folder in folders))
        assert run.fetched == 1
    assert web.count("/charts/redis-1.0.0.tgz") == 1


async def test_locked_dependencies_work_offline_when_warm(
    web: WebServer, home: Path, tmp_path: Path, helm: Path
) -> None:
    web.publish("redis", "1.0.0", chart_archive("redis"))
    folder = chart(tmp_path / "web", f"- {{name: redis, version: '>=1 <2', repository: '{web.url}'}}\n")
    run_helm(helm, home, "dependency", "update", str(folder))
    shutil.rmtree(folder / "charts")
    web.publish("redis", "1.9.0", chart_archive("redis", "1.9.0"))
    source = await fetch(home, folder)
    assert "charts/redis-1.0.0.tgz" in read_archive(Path(source.path).read_bytes(), "x")
    assert await fetch(home, folder, offline=True) == source


async def test_a_lock_that_is_out_of_sync_is_refused(web: WebServer, home: Path, tmp_path: Path, helm: Path) -> None:
    web.publish("redis", "1.0.0", chart_archive("redis"))
    folder = chart(tmp_path / "web", f"- {{name: redis, version: 1.x, repository: '{web.url}'}}\n")
    run_helm(helm, home, "dependency", "update", str(folder))
    shutil.rmtree(folder / "charts")
    about = folder / "Chart.yaml"
    about.write_text(about.read_text().replace("1.x", "1.0.x"))
    with pytest.raises(UserError, match="out of sync") as caught:
        await fetch(home, folder)
    assert str(caught.value.where).endswith("Chart.lock")


LOCKED = {
    "plain": "- {name: redis, version: 1.0.0, repository: 'URL'}\n",
    "range with signs": "- {name: redis, version: '>=1.0.0 <2.0.0', repository: 'URL'}\n",
    "everything": (
        "- {name: redis, version: ^1, repository: 'URL', alias: cache, condition: 'cache.on,x&y', tags: [a, b],\n"
        "   import-values: [data, {parent: z.y, child: a}]}\n"
    ),
    "two and a folder": (
        "- {name: redis, version: ^1, repository: 'URL'}\n- {name: common, version: '>0', repository: 'file://../common'}\n"
    ),
    "by name": "- {name: redis, version: ^1, repository: '@stable'}\n",
}


@pytest.mark.parametrize("needs", LOCKED.values(), ids=LOCKED.keys())
async def test_locks_that_helm_wrote_are_understood_and_build_the_same_chart(
    needs: str, web: WebServer, home: Path, tmp_path: Path, helm: Path
) -> None:
    web.publish("redis", "1.0.0", chart_archive("redis"))
    chart(tmp_path / "common")
    folder = chart(tmp_path / "web", needs.replace("URL", web.url))
    run_helm(helm, home, "repo", "add", "stable", web.url)
    run_helm(helm, home, "dependency", "update", str(folder))
    shutil.rmtree(folder / "charts")
    source = await fetch(home, folder, stable(web))
    run_helm(helm, home, "dependency", "build", str(folder))
    assert run_helm(helm, home, "template", "x", source.path) == run_helm(helm, home, "template", "x", str(folder))


def run_helm(helm: Path, home: Path, *arguments: str) -> str:
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "HELM_CONFIG_HOME": str(home), "HELM_CACHE_HOME": str(home)}
    done = subprocess.run([helm, *arguments], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("folder", sorted(CORPUS.iterdir()), ids=lambda folder: folder.name)
async def test_the_corpus_is_read_as_helm_packages_it(folder: Path, home: Path, tmp_path: Path, helm: Path) -> None:
    env = {"HOME": str(home), "PATH": os.environ["PATH"]}
    packaged = subprocess.run(
        [helm, "package", str(folder), "-d", str(tmp_path)], env=env, capture_output=True, text=True
    )
    if packaged.returncode != 0:
        try:
            await fetch(home, folder)
        except FairwayError:
            return
        pytest.skip(f"helm package does not take it: {packaged.stderr.strip()[:100]}")
    (archive,) = tmp_path.glob("*.tgz")
    theirs = read_archive(archive.read_bytes(), "x")
    ours = await DiskFolders().read(folder)
    # Helm writes Chart.yaml and Chart.lock afresh, and packs sub-chart archives as folders.
    rewritten = {"Chart.yaml", "Chart.lock"}
    subcharts = {name for name in {*ours, *theirs} if name.startswith("charts/")}
    plain = {name: data for name, data in ours.items() if name not in rewritten | subcharts}
    assert plain == {name: data for name, data in theirs.items() if name not in rewritten | subcharts}


NAMES = st.sampled_from(["a", "b.txt", "c.bak", "dir", "x[1]", "tmp", "values.yaml", ".git", "é.md"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
RULES = st.lists(
    st.sampled_from(
        [
            "*.bak",
            "/tmp",
            "dir/",
            "a",
            "dir/*",
            "!*.txt",
            "?",
            "[ab]*",
            "*/b.txt",
            "# x",
            "",
            "dir/a/",
            ".git",
            "x\\[1\\]",
        ]
    ),
    max_size=3,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=st.lists(PATHS, min_size=1, max_size=6), rules=RULES)
async def test_helmignore_means_what_it_means_to_helm(
    paths: list[str], rules: list[str], tmp_path_factory: pytest.TempPathFactory, helm: Path
) -> None:
    top = tmp_path_factory.mktemp("ignore")
    folder = chart(top / "web")
    for path in paths:
        file = folder / "files" / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    (folder / ".helmignore").write_text("\n".join(rules) + "\n")
    packaged = subprocess.run([helm, "package", str(folder), "-d", str(top)], capture_output=True, text=True)
    if packaged.returncode != 0:
        with pytest.raises(UserError, match=r"hides Chart\.yaml"):
            await DiskFolders().read(folder)
        return
    (archive,) = top.glob("*.tgz")
    assert set(read_archive(archive.read_bytes(), "x")) == set(await DiskFolders().read(folder)), json.dumps(rules)
