"""What holds for a chart wherever it comes from. Folders have a file of their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.charts.places import AT, Place, RegistryPlace, a_run

from fairway.domain.charts.archive import read_archive
from fairway.domain.charts.contents import digest_of, digest_of_archive
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import FairwayError, Transient, UserError

LOOKUP = {"templates/two.yaml": '{{ (lookup "v1" "Secret" "ns" "x").data }}\n'}


async def fetch(home: Path, place: Place, version: str | None, **options: object) -> ChartSource:
    async with a_run(home, place.repos, **options) as run:  # type: ignore[arg-type]
        return await run.charts.fetch(place.ref(version))


async def test_a_chart_comes_complete_and_ready_to_render(place: Place, home: Path) -> None:
    place.publish("1.2.3", {"values.yaml": "a: 1\n"})
    source = await fetch(home, place, "1.2.3")
    data = Path(source.path).read_bytes()
    files = read_archive(data, "x")
    assert (source.name, source.version, source.uses_lookup) == ("web", "1.2.3", False)
    assert files["values.yaml"] == b"a: 1\n"
    # Git has no archive of its own, so its digest is that of the files.
    assert source.digest == (digest_of(files) if place.name == "git" else digest_of_archive(data))


async def test_the_digest_is_the_same_on_another_machine(place: Place, home: Path, tmp_path: Path) -> None:
    place.publish("1.2.3")
    one = await fetch(home, place, "1.2.3")
    other = await fetch(tmp_path / "other", place, "1.2.3")
    assert one.path != other.path
    assert one.digest == other.digest


async def test_a_chart_that_asks_the_cluster_is_marked_also_when_it_comes_from_the_cache(
    place: Place, home: Path
) -> None:
    place.publish("1.2.3", LOOKUP)
    assert (await fetch(home, place, "1.2.3")).uses_lookup
    assert (await fetch(home, place, "1.2.3")).uses_lookup


async def test_an_exact_version_needs_no_network_when_warm(place: Place, home: Path) -> None:
    place.publish("1.2.3")
    ref = place.ref("1.2.3")
    async with a_run(home, place.repos) as run:
        first = await run.charts.fetch(ref)
    async with a_run(home, place.repos, offline=True) as run:
        assert await run.charts.fetch(ref) == first
        assert (run.resolved, run.fetched, run.warnings) == (0, 0, [])


async def test_fifty_releases_of_one_chart_fetch_it_once(place: Place, home: Path) -> None:
    place.publish("1.2.3")
    async with a_run(home, place.repos) as run:
        found = await asyncio.gather(*(run.charts.fetch(place.ref("1.2.3")) for _ in range(50)))
        assert (run.resolved, run.fetched) == (1, 1)
    assert len(set(found)) == 1


async def test_two_runs_at_once_fetch_it_once(place: Place, home: Path) -> None:
    place.publish("1.2.3")
    async with a_run(home, place.repos) as one, a_run(home, place.repos) as other:
        ref = place.ref("1.2.3")
        first, second = await asyncio.gather(one.charts.fetch(ref), other.charts.fetch(ref))
        assert first == second
        assert one.fetched + other.fetched == 1


async def test_a_moving_reference_follows_what_is_new(place: Place, home: Path) -> None:
    place.publish("1.0.0")
    wanted = "^1.0.0" if place.lists_versions else None
    assert (await fetch(home, place, wanted)).version == "1.0.0"
    place.publish("1.1.0")
    assert (await fetch(home, place, wanted)).version == "1.1.0"


async def test_a_moving_reference_falls_back_to_the_cache_with_a_warning(place: Place, home: Path) -> None:
    place.publish("1.0.0")
    ref = place.ref("^1.0.0" if place.lists_versions else None)
    async with a_run(home, place.repos) as run:
        first = await run.charts.fetch(ref)
    async with a_run(home, place.repos, offline=True) as run:
        assert await run.charts.fetch(ref) == first
        assert len(run.warnings) == 1
        assert "using 1.0.0 from the cache" in run.warnings[0]


async def test_an_unreachable_place_is_a_passing_problem_with_the_place_in_the_file(place: Place, home: Path) -> None:
    place.publish("1.0.0")
    version = "1.0.0" if place.lists_versions else None
    ref = place.ref(version)
    place.break_off()
    if place.name == "oci-real":
        ref = place.ref(version)
    async with a_run(home, place.repos) as run:
        with pytest.raises(FairwayError) as caught:
            await run.charts.fetch(ref)
    assert caught.value.where == AT
    # A file:// remote that is gone is a wrong address, every other place may come back.
    assert isinstance(caught.value, UserError if place.name == "git" else Transient)


async def test_a_version_that_is_missing_names_the_nearest(place: Place, home: Path) -> None:
    for version in ("1.0.0", "1.4.1", "2.0.0"):
        place.publish(version)
    if place.name == "url":
        pytest.skip("an address names one archive")
    with pytest.raises(UserError) as caught:
        await fetch(home, place, "1.4.2")
    if place.lists_versions:
        assert "1.4.1" in (caught.value.fix or "")
    assert caught.value.where == AT


async def test_versions_come_newest_first(place: Place, home: Path) -> None:
    for version in ("1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"):
        place.publish(version)
    async with a_run(home, place.repos) as run:
        found = [item.removeprefix("v") for item in await run.charts.versions(place.ref("1.0.0"))]
    expected = [] if place.name == "url" else ["2.0.0-rc.1", "1.10.0", "1.9.0", "1.0.0"]
    assert found == expected


async def test_a_range_takes_the_newest_release_and_no_pre_release(place: Place, home: Path) -> None:
    if not place.lists_versions:
        pytest.skip("has no ranges")
    for version in ("1.0.0", "1.10.0", "1.9.0", "1.11.0-rc.1", "2.0.0"):
        place.publish(version)
    assert (await fetch(home, place, "1.x")).version == "1.10.0"
    assert (await fetch(home, place, None)).version == "2.0.0"
    assert (await fetch(home, place, ">=1.0.0-0 <2.0.0-0")).version == "1.11.0-rc.1"


async def test_a_version_with_build_metadata_is_found(place: Place, home: Path) -> None:
    if not place.lists_versions:
        pytest.skip("has no versions in its references")
    place.publish("1.0.0+build.7")
    assert (await fetch(home, place, "1.0.0+build.7")).version == "1.0.0+build.7"


async def test_a_damaged_cache_entry_is_fetched_again(place: Place, home: Path) -> None:
    place.publish("1.2.3")
    first = await fetch(home, place, "1.2.3")
    Path(first.path).write_bytes(b"rubbish")
    async with a_run(home, place.repos) as run:
        again = await run.charts.fetch(place.ref("1.2.3"))
        assert run.fetched == 1
    assert again == first
    assert read_archive(Path(again.path).read_bytes(), "x")


@pytest.mark.parametrize("damage", ["", "{", '{"key": 1}', "[]"])
async def test_a_damaged_index_entry_is_a_miss(damage: str, home: Path, web: object) -> None:
    place = RegistryPlace(web)  # type: ignore[arg-type]
    place.publish("1.2.3")
    first = await fetch(home, place, "1.2.3")
    for file in (home / "cache" / "charts" / "keys").iterdir():
        file.write_text(damage)
    assert await fetch(home, place, "1.2.3") == first


async def test_a_library_chart_cannot_be_deployed(place: Place, home: Path) -> None:
    place.publish("1.0.0", {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ntype: library\n"})
    with pytest.raises(UserError, match="library charts are not installable") as caught:
        await fetch(home, place, "1.0.0")
    assert caught.value.where == AT


async def test_a_deprecated_chart_warns_once(place: Place, home: Path) -> None:
    place.publish("1.0.0", {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\ndeprecated: true\n"})
    async with a_run(home, place.repos) as run:
        await run.charts.fetch(place.ref("1.0.0"))
        await run.charts.fetch(place.ref("1.0.0"))
        assert run.warnings == ['the chart "web" 1.0.0 is deprecated by its authors']


async def test_an_interrupted_release_does_not_take_the_chart_from_the_others(place: Place, home: Path) -> None:
    place.publish("1.2.3")
    async with a_run(home, place.repos) as run:
        first = asyncio.ensure_future(run.charts.fetch(place.ref("1.2.3")))
        second = asyncio.ensure_future(run.charts.fetch(place.ref("1.2.3")))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).version == "1.2.3"
        assert run.fetched == 1


PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.contract.charts.places import AT, a_run
from fairway.domain.repository.models import ChartKind, ChartReference

async def main():
    ref = ChartReference(ChartKind.OCI, sys.argv[2], "1.2.3", AT)
    async with a_run(Path(sys.argv[1])) as run:
        print((await run.charts.fetch(ref)).digest, run.fetched)

asyncio.run(main())
"""


def test_two_processes_share_one_download(home: Path, web: object) -> None:
    place = RegistryPlace(web)  # type: ignore[arg-type]
    place.publish("1.2.3")
    command = [sys.executable, "-c", PROGRAM, str(home), place.ref("1.2.3").location]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [process.communicate(timeout=120)[0].split() for process in processes]
    assert len({digest for digest, _ in answers}) == 1
    assert sorted(count for _, count in answers) == ["0", "0", "0", "1"]
    assert place.web.count("/blobs/") == 1
