from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from fairway.adapters.charts.cache import FileCache, write_atomically
from fairway.adapters.charts.upkeep import cached_charts, prune, size_of
from fairway.domain.errors import Terminal

NOTES = {"metadata": {"name": "web", "version": "1.0.0"}}


@pytest.fixture
def cache(tmp_path: Path) -> FileCache:
    return FileCache(tmp_path / "cache")


def age(path: Path, days: float) -> None:
    at = time.time() - days * 86400
    os.utime(path, (at, at))


async def test_what_was_stored_is_found_by_every_key(cache: FileCache) -> None:
    stored = await cache.store("one", b"data", NOTES)
    await cache.link("other", stored, NOTES)
    for key in ("one", "other"):
        found = await FileCache(cache.root).find(key)
        assert found == stored
    assert await cache.find("third") is None


async def test_one_content_is_kept_once(cache: FileCache) -> None:
    one = await cache.store("one", b"data", NOTES)
    other = await cache.store("other", b"data", NOTES)
    assert one.path == other.path


async def test_a_key_may_get_another_content(cache: FileCache) -> None:
    await cache.store("one", b"old", NOTES)
    await cache.store("one", b"new", NOTES)
    found = await cache.find("one")
    assert found is not None
    assert Path(found.path).read_bytes() == b"new"


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
async def test_a_damaged_archive_is_a_miss_in_the_next_run(damage: str, cache: FileCache) -> None:
    path = Path((await cache.store("one", b"some data", NOTES)).path)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"evil data" if damage == "changed" else b"some")
    again = FileCache(cache.root)
    assert await again.find("one") is None
    await again.store("one", b"some data", NOTES)
    assert await again.find("one") is not None


async def test_using_a_chart_is_noted_at_most_once_an_hour(cache: FileCache) -> None:
    await cache.store("one", b"data", NOTES)
    file = cache.key_path("one")
    age(file, 0.01)
    before = file.stat().st_mtime
    await cache.find("one")
    assert file.stat().st_mtime == before
    age(file, 3)
    await cache.find("one")
    assert file.stat().st_mtime > time.time() - 60


async def test_one_key_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    said: list[str] = []
    first, second = FileCache(tmp_path), FileCache(tmp_path, said.append)
    order: list[str] = []

    async def late() -> None:
        async with second.hold("key"):
            order.append("second")

    async with first.hold("key"):
        waiting = asyncio.ensure_future(late())
        while not said:
            await asyncio.sleep(0.01)
        async with second.hold("another"):
            order.append("another")
        order.append("first")
    await waiting
    assert order == ["another", "first", "second"]
    assert said == ["waiting for another process that fetches the same chart"]


async def test_a_scratch_folder_is_gone_afterwards_also_after_an_error(cache: FileCache) -> None:
    async def use() -> None:
        async with cache.scratch() as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "file").write_text("x")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await use()
    assert list((cache.root / "tmp").iterdir()) == []


async def test_a_cache_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = FileCache(tmp_path / "file")
    with pytest.raises(Terminal, match="cannot write to the chart cache") as caught:
        await cache.store("one", b"data", NOTES)
    assert "FAIRWAY_CACHE_DIR" in (caught.value.fix or "")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "target", b"data")
    assert [item.name for item in tmp_path.iterdir()] == ["target"]


async def test_the_charts_in_the_cache_last_used_first(cache: FileCache) -> None:
    one = await cache.store("repository|https://host|web|1.0.0", b"one", NOTES)
    await cache.link("repository|https://host|web|^1", one, NOTES)
    await cache.store("git|https://host/repo|charts/web|" + "a" * 40, b"other", NOTES)
    await cache.store("url|https://host/x.tgz|0123|", b"third", NOTES)
    await cache.store("oci|host/web|2.0.0", b"fourth", NOTES)
    await cache.store("s3|bucket|a/web|2.0.0", b"fifth", NOTES)
    await cache.store("content|sha256:1", b"sixth", NOTES)
    age(cache.key_path("oci|host/web|2.0.0"), 5)
    found = cached_charts(cache)
    assert {source for chart in found for source in chart.sources} == {
        "https://host/web 1.0.0",
        "https://host/web ^1",
        "git+https://host/repo//charts/web?ref=aaaaaaaaaaaa",
        "https://host/x.tgz",
        "oci://host/web 2.0.0",
        "s3://bucket/a/web 2.0.0",
        "folder with its dependencies",
    }
    assert found[-1].sources == ("oci://host/web 2.0.0",)
    assert found[-1].size == len(b"fourth")
    assert size_of(cache) > sum(chart.size for chart in found)


async def test_pruning_keeps_what_is_used(cache: FileCache) -> None:
    old = await cache.store("old", b"old data", NOTES)
    both = await cache.store("shared-old", b"shared", NOTES)
    await cache.link("shared-new", both, NOTES)
    await cache.store("new", b"new data", NOTES)
    for key in ("old", "shared-old"):
        age(cache.key_path(key), 40)
    for chart in (old, both):
        age(Path(chart.path), 40)
    pretended = prune(cache, timedelta(days=30), pretend=True)
    assert len(cached_charts(cache)) == 3
    assert prune(cache, timedelta(days=30)) == pretended
    assert (pretended.charts, pretended.bytes) == (1, len(b"old data"))
    assert await FileCache(cache.root).find("old") is None
    assert await FileCache(cache.root).find("shared-new") is not None
    assert await FileCache(cache.root).find("new") is not None


async def test_pruning_spares_an_archive_whose_reference_may_just_be_written(cache: FileCache) -> None:
    stored = await cache.store("one", b"data", NOTES)
    cache.key_path("one").unlink()
    assert prune(cache, timedelta(minutes=1)).charts == 0
    assert Path(stored.path).exists()
    assert prune(cache, timedelta()).charts == 1
    assert not Path(stored.path).exists()


async def test_pruning_removes_old_indexes_clones_and_leftovers(cache: FileCache) -> None:
    await cache.store("one", b"data", NOTES)
    for name in ("web/a.body", "git/x.git/HEAD", "tmp/left/file"):
        file = cache.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"12345")
        age(file, 40)
    age(cache.root / "tmp" / "left", 40)
    assert prune(cache, timedelta(days=30)).bytes == 15
    assert not (cache.root / "git" / "x.git").exists()
    assert list((cache.root / "tmp").iterdir()) == []
    assert len(cached_charts(cache)) == 1


def test_an_empty_cache_is_no_problem(cache: FileCache) -> None:
    assert cached_charts(cache) == []
    assert prune(cache, timedelta(days=1)).charts == 0


HOLDER = """
import asyncio, sys
from pathlib import Path
from fairway.adapters.charts.cache import FileCache

async def main():
    cache = FileCache(Path(sys.argv[1]))
    async with cache.hold("key"), cache.scratch() as folder:
        (folder / "half").write_text("a download")
        print("held", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_killed_process_holds_nothing_and_leaves_only_rubbish(cache: FileCache) -> None:
    command = [sys.executable, "-c", HOLDER, str(cache.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
    async with cache.hold("key"):
        assert await cache.find("key") is None
    (left,) = (cache.root / "tmp").iterdir()
    age(left, 2)
    prune(cache, timedelta(days=1))
    assert not left.exists()
