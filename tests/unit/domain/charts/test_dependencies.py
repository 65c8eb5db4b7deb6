from __future__ import annotations

import pytest
from tests.support.charts import chart_archive

from fairway.domain.charts.dependencies import (
    Dependency,
    check_constraint,
    declared,
    lock_digest,
    missing,
    pinned,
    present_names,
    read_lock,
    refuse_missing,
)
from fairway.domain.errors import InvalidInput, Position, UserError

ABOUT = b"apiVersion: v2\nname: web\nversion: 1.0.0\n"
AT = Position("web/Chart.yaml", 5, 3)


def chart(needs: str, **more: bytes) -> dict[str, bytes]:
    return {"Chart.yaml": ABOUT + b"dependencies:\n" + needs.encode(), **more}


def test_dependencies_keep_their_places() -> None:
    files = chart("- name: redis\n  version: 1.x\n  repository: https://r\n- name: pg\n  alias: db\n")
    redis, pg = declared(files, "v2", "web")
    assert (redis.name, redis.version, redis.repository, redis.position) == ("redis", "1.x", "https://r", AT)
    assert (pg.alias, pg.repository, pg.position.line) == ("db", "", 8)


def test_an_old_chart_declares_them_in_a_file_of_their_own() -> None:
    files = {"Chart.yaml": ABOUT, "requirements.yaml": b"dependencies:\n- name: redis\n  version: 1.0.0\n"}
    assert [item.name for item in declared(files, "v1", "web")] == ["redis"]
    assert declared(files, "v2", "web") == ()


@pytest.mark.parametrize("text", [b"", b"dependencies:\n", b"dependencies: []\n"])
def test_no_dependencies(text: bytes) -> None:
    assert declared({"Chart.yaml": ABOUT + text}, "v2", "web") == ()


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ("- redis\n", "a map with at least a name"),
        ("- version: 1.0.0\n", "a map with at least a name"),
        ("- {name: a, version: 1.5}\n", "version of dependency"),
        ("- {name: a, repository: [x]}\n", "repository of dependency"),
        ("  redis: 1.0.0\n", "dependencies is a list"),
    ],
)
def test_a_malformed_entry_is_told_with_its_line(needs: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        declared(chart(needs), "v2", "web")
    assert caught.value.where is not None
    assert caught.value.where.line == 5


def test_charts_are_present_by_the_name_they_give_themselves() -> None:
    files = {
        "Chart.yaml": ABOUT,
        "charts/any-file-name.tgz": chart_archive("redis"),
        "charts/folder/Chart.yaml": b"name: pg\nversion: 1.0.0\n",
        "charts/folder/charts/deep/Chart.yaml": b"name: deep\nversion: 1.0.0\n",
        "charts/_hidden/Chart.yaml": b"name: hidden\nversion: 1.0.0\n",
        "charts/.x.tgz": b"rubbish",
        "charts/README.md": b"text",
    }
    assert present_names(files, "web") == {"redis", "pg"}


def test_what_is_missing_is_told_by_name_whatever_its_version() -> None:
    files = chart("- {name: redis, version: 9.9.9}\n- {name: pg}\n")
    files["charts/redis.tgz"] = chart_archive("redis", "1.0.0")
    absent = missing(declared(files, "v2", "web"), files, "web")
    assert [item.name for item in absent] == ["pg"]
    error = refuse_missing(absent, "web")
    assert "found in Chart.yaml, but missing in charts/ directory: pg" in str(error)
    assert error.where is not None
    assert error.where.line == 6


@pytest.mark.parametrize(
    ("repository", "name"), [("@stable", "stable"), ("alias:stable", "stable"), ("https://x", None), ("", None)]
)
def test_a_repository_may_be_named(repository: str, name: str | None) -> None:
    assert Dependency("a", "1", repository, AT).repository_name == name


def dependency(version: str, **written: object) -> Dependency:
    return Dependency("redis", version, "https://r", AT, written={"name": "redis", **written})


def test_the_digest_depends_on_everything_that_decides_and_on_nothing_else() -> None:
    lock = [dependency("1.0.0")]
    base = lock_digest([dependency(">=1 <2")], lock)
    assert base == lock_digest([dependency(">=1 <2", unknown=1, condition="", tags=[])], lock)
    for other in (
        dependency(">=1 <3"),
        dependency(">=1 <2", condition="a"),
        dependency(">=1 <2", **{"import-values": ["x"]}),
    ):
        assert lock_digest([other], lock) != base
    assert lock_digest([dependency(">=1 <2")], [dependency("1.0.1")]) != base


def test_the_order_of_keys_in_import_values_does_not_matter() -> None:
    one = dependency("1", **{"import-values": [{"child": "a", "parent": "b"}]})
    other = dependency("1", **{"import-values": [{"parent": "b", "child": "a"}]})
    assert lock_digest([one], []) == lock_digest([other], [])


def locked(files: dict[str, bytes], digest: str, version: str = "1.4.0") -> dict[str, bytes]:
    text = f"dependencies:\n- name: redis\n  repository: https://r\n  version: {version}\ndigest: {digest}\n"
    return {**files, "Chart.lock": text.encode()}


def test_a_lock_pins_the_exact_version() -> None:
    files = chart("- {name: redis, version: 1.x, repository: 'https://r'}\n")
    wanted = declared(files, "v2", "web")
    digest = lock_digest(wanted, [Dependency("redis", "1.4.0", "https://r", AT)])
    lock = read_lock(locked(files, digest), "v2", "web")
    assert [item.version for item in pinned(wanted, lock, {})] == ["1.4.0"]
    assert [item.version for item in pinned(wanted, None, {})] == ["1.x"]


def test_a_name_counts_as_the_address_behind_it() -> None:
    files = chart("- {name: redis, version: 1.x, repository: '@stable'}\n")
    wanted = declared(files, "v2", "web")
    with_address = [Dependency("redis", "1.x", "https://r", AT, written=wanted[0].written)]
    lock = read_lock(
        locked(files, lock_digest(with_address, [Dependency("redis", "1.4.0", "https://r", AT)])), "v2", "web"
    )
    assert pinned(wanted, lock, {"stable": "https://r"})[0].version == "1.4.0"


def test_a_lock_of_other_dependencies_is_refused() -> None:
    files = locked(chart("- {name: redis, version: 2.x, repository: 'https://r'}\n"), "sha256:0")
    with pytest.raises(UserError, match="out of sync") as caught:
        pinned(declared(files, "v2", "web"), read_lock(files, "v2", "web"), {})
    assert caught.value.where == Position("web/Chart.lock")


def test_no_lock() -> None:
    assert read_lock(chart("- {name: a}\n"), "v2", "web") is None


def test_a_version_that_is_no_constraint_is_told() -> None:
    with pytest.raises(InvalidInput, match='dependency "redis": "banana"'):
        check_constraint(dependency("banana"))
    check_constraint(dependency("^1"))
