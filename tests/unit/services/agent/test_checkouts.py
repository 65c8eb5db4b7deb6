"""Copies of commits: exact, and left alone while somebody reads them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.repository.head import Head
from fairway.services.agent.checkouts import Copies

names = st.sampled_from(["a", "b/c", "b/d", "b", "e/f/g", ".git", "e/f"])
trees = st.dictionaries(names, st.text("xy", max_size=3), max_size=5)


class Commits:
    """A source over trees that are given; what it checks out lies in one folder, with a .git beside."""

    def __init__(self, folder: Path, history: list[dict[str, str]]) -> None:
        self.work = folder / "work"
        self.history = history

    async def fetch(self) -> Head:
        return Head(str(len(self.history) - 1))

    async def checkout(self, commit: str) -> Path:
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / ".git").mkdir(parents=True)
        (self.work / ".git" / "HEAD").write_text(commit)
        for name, text in self.history[int(commit)].items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.work

    async def changed(self, old: str, new: str) -> frozenset[str] | None:
        one, other = self.history[int(old)], self.history[int(new)]
        return frozenset(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))

    async def verify(self, commit: str) -> None:
        return


def possible(tree: dict[str, str]) -> dict[str, str]:
    """Without what can't be in one tree: a file where a folder is, and Git's own."""
    return {n: t for n, t in tree.items() if n != ".git" and not any(o.startswith(f"{n}/") for o in tree)}


def files(top: Path) -> dict[str, str]:
    return {path.relative_to(top).as_posix(): path.read_text() for path in top.rglob("*") if path.is_file()}


@given(st.lists(trees, min_size=1, max_size=6))
async def test_a_copy_is_exactly_its_commit_whatever_was_there_before(history: list[dict[str, str]]) -> None:
    history = [possible(tree) for tree in history]
    with tempfile.TemporaryDirectory() as folder:
        copies = Copies(Commits(Path(folder), history), Path(folder))
        for number, tree in enumerate(history):
            copy = await copies.take(str(number))
            assert files(copy.top) == tree
            assert not any(path.is_dir() and not any(path.iterdir()) for path in copy.top.rglob("*"))


async def test_who_reads_is_not_disturbed_and_copies_are_used_again(tmp_path: Path) -> None:
    copies = Copies(Commits(tmp_path, [{"a": "0"}, {"a": "1"}, {"a": "2"}]), tmp_path)
    first = await copies.take("0")
    with first.held() as top:
        second = await copies.take("1")
        assert second.top != top
        assert files(top) == {"a": "0"}
        assert await copies.take("0") is first
    with second.held():
        third = await copies.take("2")
        assert third is first
        assert files(third.top) == {"a": "2"}
        assert files(second.top) == {"a": "1"}
