import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairway.adapters.devcluster.kubeconfigs import merge, merged_into, remember, remove
from fairway.domain.errors import UserError

NAME = "devcluster-fairway"


def config(name: str, server: str = "https://127.0.0.1:1", current: str | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {"client-key-data": "a2V5"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name if current is None else current,
    }


def write(path: Path, document: object) -> Path:
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "source", config(NAME))


def test_a_missing_kubeconfig_is_made_with_private_mode(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "home" / ".kube" / "config"
    merge(source, target)
    assert read(target) == config(NAME)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "clusters: null\nusers: []\n"])
def test_an_empty_kubeconfig_becomes_a_whole_one(tmp_path: Path, source: Path, content: str) -> None:
    target = write(tmp_path / "config", content)
    merge(source, target)
    assert {key: value for key, value in read(target).items() if value} == config(NAME)


def test_others_and_the_current_context_stay(tmp_path: Path, source: Path) -> None:
    other = {**config("work"), "preferences": {"colors": True}, "extensions": [{"name": "x"}]}
    target = write(tmp_path / "config", other)
    merge(source, target)
    merged = read(target)
    assert [context["name"] for context in merged["contexts"]] == ["work", NAME]
    assert merged["current-context"] == "work"
    assert merged["preferences"] == {"colors": True}
    assert merged["extensions"] == [{"name": "x"}]


def test_merging_again_replaces_the_entries(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "config"
    merge(source, target)
    merge(write(tmp_path / "again", config(NAME, "https://127.0.0.1:2")), target)
    merged = read(target)
    assert merged["clusters"] == [{"name": NAME, "cluster": {"server": "https://127.0.0.1:2"}}]
    assert len(merged["users"]) == len(merged["contexts"]) == 1


names = st.text("abcdef-", min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(others=st.lists(names, unique=True, max_size=4), dates=st.booleans())
def test_removing_after_merging_gives_back_what_was_there(
    tmp_path: Path, source: Path, others: list[str], dates: bool
) -> None:
    document: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name in others:
        for key, entries in config(name).items():
            if isinstance(entries, list):
                document[key] += entries
    document["current-context"] = others[0] if others else ""
    if dates:
        document["users"].append({"name": "cloud", "user": {"expiry": "2026-11-21T10:00:00Z", "flag": True}})
    target = write(tmp_path / "config", document)
    merge(source, target)
    assert remove(target, NAME)
    assert read(target) == document


def test_an_unquoted_date_is_written_back_as_it_was(tmp_path: Path, source: Path) -> None:
    target = write(tmp_path / "config", "users:\n- name: cloud\n  user: {expiry: 2026-11-21T10:00:00Z}\n")
    merge(source, target)
    text = target.read_text(encoding="utf-8")
    assert "2026-11-21T10:00:00Z" in text


def test_removing_what_is_not_there_leaves_the_file_alone(tmp_path: Path) -> None:
    target = write(tmp_path / "config", "# mine\n" + yaml.safe_dump(config("work")))
    before = target.read_bytes()
    assert not remove(target, NAME)
    assert target.read_bytes() == before
    assert not remove(tmp_path / "missing", NAME)


def test_a_link_is_followed_not_replaced(tmp_path: Path, source: Path) -> None:
    real = write(tmp_path / "real", config("work"))
    link = tmp_path / "config"
    link.symlink_to(real)
    merge(source, link)
    assert link.is_symlink()
    assert len(read(real)["contexts"]) == 2


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        ("clusters: [\n", "config:2:1", "cannot be read"),
        ("- a list\n", "config", "not a mapping"),
        ("clusters: {a: b}\n", "config", "clusters is not a list"),
        ("contexts: [one]\n", "config", "contexts is not a list"),
    ],
)
def test_a_broken_kubeconfig_is_named_and_left_alone(
    tmp_path: Path, source: Path, content: str, where: str, why: str
) -> None:
    target = write(tmp_path / "config", content)
    with pytest.raises(UserError, match=why) as raised:
        merge(source, target)
    assert str(raised.value.where).endswith(where)
    assert target.read_text(encoding="utf-8") == content
    assert sorted(os.listdir(tmp_path)) == ["config", "source"]


def test_where_a_cluster_was_merged_is_remembered_once(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    folder.mkdir()
    assert merged_into(folder) == ()
    for name in ("b", "a", "b"):
        remember(folder, tmp_path / name)
    assert merged_into(folder) == (tmp_path / "a", tmp_path / "b")
    assert json.loads((folder / "merged.json").read_text()) == [str(tmp_path / "a"), str(tmp_path / "b")]
