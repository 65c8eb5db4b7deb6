"""The demo's folder: made anew each time, and never somebody else's."""

from pathlib import Path

import pytest

from fairway.domain.errors import UserError
from fairway.entrypoints.demo.places import Places
from fairway.settings import load_settings


@pytest.fixture
def places(tmp_path: Path) -> Places:
    env = {"HOME": str(tmp_path), "FAIRWAY_DATA_DIR": str(tmp_path / "data"), "FAIRWAY_CACHE_DIR": str(tmp_path / "c")}
    start = tmp_path / "start"
    start.mkdir()
    return Places(start, load_settings(env))


def test_a_second_demo_starts_with_empty_folders(places: Places) -> None:
    places.make_fresh()
    (places.shop / "left").touch()
    places.make_fresh()
    assert list(places.shop.iterdir()) == []
    assert list(places.charts.iterdir()) == []


def test_a_folder_of_that_name_which_is_not_ours_is_left_alone(places: Places) -> None:
    places.root.mkdir()
    (places.root / "precious").touch()
    for call in (places.make_fresh, places.remove):
        with pytest.raises(UserError, match="not made by this demo"):
            call()
    assert (places.root / "precious").exists()


def test_removing_says_whether_there_was_something(places: Places) -> None:
    assert not places.remove()
    places.make_fresh()
    assert places.remove()
    assert not places.root.exists()


def test_without_a_cluster_there_is_nothing_to_stop(places: Places) -> None:
    assert not places.cluster_exists()
    assert not places.stop_cluster()


@pytest.mark.parametrize(("checkout", "command"), [(True, "make demo-down"), (False, "python -m fairway.entrypoints")])
def test_the_way_to_stop_it_is_named_as_it_is_typed_here(places: Places, checkout: bool, command: str) -> None:
    if checkout:
        (places.start / "src" / "fairway").mkdir(parents=True)
        (places.start / "Makefile").touch()
    assert places.down_command.startswith(command)


def test_helm_is_also_found_among_the_cached_tools(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert places.helm() is None
    tools = places.settings.cache_dir / "tools"
    tools.mkdir(parents=True)
    (tools / "helm").touch(mode=0o755)
    assert places.helm() == tools / "helm"
