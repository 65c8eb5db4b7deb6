from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.charts import archive, chart_archive, chart_files, tar_of

from fairway.domain.charts.archive import HELM_LIMITS, Limits, UnsafeArchive, read_archive, write_archive

ABOUT = b"apiVersion: v2\nname: web\nversion: 1.0.0\n"
Fill = Callable[[tarfile.TarFile], object]


def put(tar: tarfile.TarFile, name: str, data: bytes = b"x") -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def special(tar: tarfile.TarFile, name: str, kind: bytes, target: str = "") -> None:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = target
    tar.addfile(member)


def with_chart(fill: Fill) -> bytes:
    def all_of_it(tar: tarfile.TarFile) -> None:
        put(tar, "web/Chart.yaml", ABOUT)
        fill(tar)

    return tar_of(all_of_it)


def test_the_files_of_a_chart_come_by_name() -> None:
    files = read_archive(chart_archive(more={"values.yaml": "a: 1"}), "x")
    assert list(files) == ["Chart.yaml", "templates/one.yaml", "values.yaml"]
    assert files["values.yaml"] == b"a: 1"


def test_entries_for_folders_and_a_leading_dot_do_no_harm() -> None:
    def fill(tar: tarfile.TarFile) -> None:
        special(tar, "./web/templates", tarfile.DIRTYPE)
        put(tar, "./web/templates/a.yaml")

    assert "templates/a.yaml" in read_archive(with_chart(fill), "x")


def test_several_gzip_members_are_one_stream() -> None:
    raw = gzip.decompress(chart_archive())
    data = gzip.compress(raw[:700]) + gzip.compress(raw[700:])
    assert "Chart.yaml" in read_archive(data, "x")


LEAVING = ["../evil", "web/../../evil", "/etc/passwd", "web\\..\\..\\evil", "C:/evil", "c:\\evil", "web/a/../../../b"]


@pytest.mark.parametrize("name", LEAVING)
def test_a_path_that_leaves_the_chart_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchive, match="a path that leaves the chart"):
        read_archive(with_chart(lambda tar: put(tar, name)), "x")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "..\\..\\..\\x", "C:\\x"])
def test_a_link_that_leaves_the_chart_is_refused(kind: bytes, target: str) -> None:
    with pytest.raises(UnsafeArchive, match="a link that leaves the chart"):
        read_archive(with_chart(lambda tar: special(tar, "web/files/a", kind, target)), "x")


def test_a_link_inside_of_the_chart_is_an_empty_file_as_in_helm() -> None:
    files = read_archive(with_chart(lambda tar: special(tar, "web/files/a", tarfile.SYMTYPE, "../Chart.yaml")), "x")
    assert files["files/a"] == b""
    hard = read_archive(with_chart(lambda tar: special(tar, "web/b", tarfile.LNKTYPE, "web/Chart.yaml")), "x")
    assert hard["b"] == b""


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(kind: bytes) -> None:
    with pytest.raises(UnsafeArchive, match="a device, pipe or sparse file"):
        read_archive(with_chart(lambda tar: special(tar, "web/dev", kind)), "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04", "not gzip-compressed"),
        (b"<html>login</html>", "is a login needed"),
        (gzip.compress(b"no tar" * 200, mtime=0), "is not a chart archive"),
        (chart_archive()[:-20], "cut off|damaged"),
        (chart_archive()[:60] + b"\xff" * 40 + chart_archive()[100:], "damaged|is not a chart|cut off"),
        (gzip.compress(b"", mtime=0), "is not a chart archive"),
        (tar_of(lambda tar: put(tar, "Chart.yaml", ABOUT)), "outside"),
        (tar_of(lambda tar: put(tar, "web/values.yaml")), "no Chart.yaml in its top folder"),
        (tar_of(lambda tar: put(tar, "web/deep/Chart.yaml", ABOUT)), "no Chart.yaml in its top folder"),
        (with_chart(lambda tar: put(tar, "other/values.yaml")), "several top folders"),
        (with_chart(lambda tar: put(tar, "web/Chart.yaml", ABOUT)), "two Chart.yaml"),
        (with_chart(lambda tar: [put(tar, "web/a"), put(tar, "web/a")]), "two entries of one name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_is_no_chart_archive_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UnsafeArchive, match=message) as caught:
        read_archive(data, "stable/web 1.0.0")
    assert "stable/web 1.0.0" in str(caught.value)


def test_a_decompression_bomb_is_refused_before_it_unpacks() -> None:
    bomb = gzip.compress(b"\0" * (HELM_LIMITS.total + 64 * 1024 * 1024), 9)
    assert len(bomb) < 200_000
    with pytest.raises(UnsafeArchive, match="unpacks to more than 100 MiB"):
        read_archive(bomb, "x")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(total=1024, entries=4), "more than 4 entries"),
        (Limits(file=1000, entries=100), "a file may have 0 MiB"),
        (Limits(total=0, entries=0), "unpacks to more than"),
    ],
)
def test_each_limit_is_kept(limits: Limits, message: str) -> None:
    many = {f"files/{number}": "x" for number in range(9)}
    files = {**chart_files(more=many), "big": "y" * 2000} if limits.file == 1000 else chart_files(more=many)
    big = {**files, "more": "z" * 100_000} if not limits.entries else files
    with pytest.raises(UnsafeArchive, match=message):
        read_archive(archive(big), "x", limits)


NAME = st.text("abc.-_ é", min_size=1, max_size=6).filter(lambda text: text.strip(". ") != "")
FILES = st.dictionaries(st.lists(NAME, min_size=1, max_size=3).map("/".join), st.binary(max_size=200), max_size=6)


@given(FILES)
def test_what_is_written_is_read_back(files: dict[str, bytes]) -> None:
    files["Chart.yaml"] = ABOUT
    data = write_archive("web", files)
    assert read_archive(data, "x") == dict(sorted(files.items()))
    assert data == write_archive("web", dict(reversed(list(files.items()))))


@given(st.binary(max_size=400))
def test_any_bytes_are_a_chart_or_a_clear_refusal(data: bytes) -> None:
    for candidate in (data, gzip.compress(data)):
        try:
            read_archive(candidate, "x")
        except UnsafeArchive:
            continue


@given(st.lists(st.sampled_from(["..", ".", "web", "a", "", "\\..", "C:", "/"]), min_size=1, max_size=6).map("/".join))
def test_no_name_ever_leads_out_of_a_folder(name: str) -> None:
    try:
        files = read_archive(with_chart(lambda tar: put(tar, name)), "x")
    except UnsafeArchive:
        return
    with tempfile.TemporaryDirectory() as top:
        for path in files:
            assert (Path(top) / path).resolve().is_relative_to(Path(top).resolve())
            assert "\\" not in path


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=12))
def test_a_damaged_archive_is_a_chart_or_a_clear_refusal(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(gzip.decompress(chart_archive(more={"values.yaml": "a: 1"})))
    for at, value in changes:
        raw[at] = value
    try:
        read_archive(gzip.compress(bytes(raw), 1), "x")
    except UnsafeArchive:
        return


def test_a_sparse_file_is_refused() -> None:
    member = tarfile.TarInfo("web/sparse")
    member.size = 0
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[483:495] = b"77777777777\0"
    header[148:156] = b"        "
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    chart = gzip.decompress(chart_archive()).rstrip(b"\0")
    raw = chart + b"\0" * (-len(chart) % 512) + bytes(header) + b"\0" * 1024
    with pytest.raises(UnsafeArchive, match="sparse"):
        read_archive(gzip.compress(raw), "x")
