"""What the agent may expect of a deployments repository, wherever it is."""

from __future__ import annotations

from tests.contract.git.conftest import Place


async def test_the_newest_commit_has_the_files_that_were_published(place: Place) -> None:
    place.write("environments.yaml", "one\n")
    place.write("releases/web.yaml", "web\n")
    place.publish("first")
    source = place.open()
    head = await source.fetch()
    folder = await source.checkout(head.commit)
    assert (folder / "environments.yaml").read_text() == "one\n"
    assert (folder / "releases/web.yaml").read_text() == "web\n"
    assert head.commit
    assert head.at is not None
    await source.verify(head.commit)


async def test_nothing_new_is_the_same_commit_also_after_a_restart(place: Place) -> None:
    place.write("environments.yaml", "one\n")
    place.publish("first")
    source = place.open()
    first = await source.fetch()
    assert (await source.fetch()).commit == first.commit
    assert (await place.open().fetch()).commit == first.commit


async def test_later_commits_change_the_same_folder_in_place(place: Place) -> None:
    place.write("environments.yaml", "one\n")
    place.write("same.yaml", "same\n")
    place.write("gone.yaml", "gone\n")
    place.publish("first")
    source = place.open()
    folder = await source.checkout((await source.fetch()).commit)
    untouched = (folder / "same.yaml").stat().st_mtime_ns
    place.write("environments.yaml", "two\n")
    place.write("new/file.yaml", "new\n")
    place.remove("gone.yaml")
    place.publish("second")
    again = await source.checkout((await source.fetch()).commit)
    assert again == folder
    assert (folder / "environments.yaml").read_text() == "two\n"
    assert (folder / "new/file.yaml").read_text() == "new\n"
    assert not (folder / "gone.yaml").exists()
    assert (folder / "same.yaml").stat().st_mtime_ns == untouched


async def test_what_changed_between_two_commits_is_told_by_path(place: Place) -> None:
    place.write("environments.yaml", "one\n")
    place.write("a/same.yaml", "same\n")
    place.write("a/gone.yaml", "moved\n")
    place.publish("first")
    source = place.open()
    first = await source.fetch()
    place.write("environments.yaml", "two\n")
    place.write("b/ünïcode name.yaml", "moved\n")
    place.remove("a/gone.yaml")
    place.publish("second")
    second = await source.fetch()
    assert await source.changed(first.commit, second.commit) == {
        "environments.yaml",
        "b/ünïcode name.yaml",
        "a/gone.yaml",
    }
    assert await source.changed(second.commit, second.commit) == frozenset()


async def test_changes_since_an_unknown_commit_are_not_known(place: Place) -> None:
    place.write("environments.yaml", "one\n")
    place.publish("first")
    source = place.open()
    head = await source.fetch()
    assert await source.changed("0" * len(head.commit), head.commit) is None
