"""Spool files: locks, damage, full disks and dead writers."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.deployments import a_deployment, a_log, a_run

from fairway.adapters.spool.files import FileSpool
from fairway.adapters.spool.lines import ROTATED, encode
from fairway.domain.deployments.status import State

RUN = a_run()
DEPLOYMENT = a_deployment(RUN)
QUEUED, STARTED, DONE = a_log(DEPLOYMENT, State.QUEUED, State.IN_PROGRESS, State.SUCCESS)


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    return FileSpool(tmp_path / "spool")


def files(spool: FileSpool) -> list[str]:
    return sorted(path.name for path in spool.folder.iterdir())


def leave(spool: FileSpool, data: bytes, name: str = "0000000000000001-1.jsonl") -> Path:
    """A file as a dead process leaves it."""
    spool.folder.mkdir(parents=True, exist_ok=True)
    path = spool.folder / name
    path.write_bytes(data)
    return path


def test_looking_leaves_no_trace(spool: FileSpool) -> None:
    assert list(spool.segments()) == []
    assert not spool.folder.exists()


def test_only_the_user_can_read_it(spool: FileSpool) -> None:
    spool.append([RUN])
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in spool.folder.iterdir()] == [0o600]


def test_a_file_is_live_while_its_writer_is(spool: FileSpool) -> None:
    spool.append([RUN])
    assert [segment.is_live for segment in FileSpool(spool.folder).segments()] == [True]
    spool.close()
    assert [segment.is_live for segment in FileSpool(spool.folder).segments()] == [False]


def test_who_reads_a_dead_file_holds_it_for_the_moment(spool: FileSpool) -> None:
    leave(spool, encode([RUN]))
    for segment in spool.segments():
        assert not segment.is_live
        assert [other.is_live for other in FileSpool(spool.folder).segments()] == [True]
    assert [segment.is_live for segment in spool.segments()] == [False]


def test_a_file_that_somebody_took_in_between_is_passed_over(spool: FileSpool) -> None:
    first = leave(spool, encode([RUN]))
    second = leave(spool, encode([RUN]), "0000000000000002-1.jsonl")
    seen = []
    for segment in spool.segments():
        seen.append(segment.name)
        second.unlink(missing_ok=True)
    assert seen == [first.name]


def test_files_are_read_oldest_first(spool: FileSpool) -> None:
    leave(spool, b"", "0000000000000010-1.jsonl")
    leave(spool, b"", "0000000000000009-2.jsonl")
    spool.append([RUN])
    assert [segment.name[:16] for segment in spool.segments()][:2] == ["0000000000000009", "0000000000000010"]


class TestDeath:
    def test_what_a_dead_process_had_open_is_orphaned(self, spool: FileSpool) -> None:
        other = a_deployment(RUN, 2)
        leave(spool, encode([RUN, DEPLOYMENT, other, QUEUED, STARTED, *a_log(other, State.ERROR)]))
        assert [segment.read().orphans for segment in spool.segments()] == [(DEPLOYMENT.id,)]

    def test_what_it_ended_is_not(self, spool: FileSpool) -> None:
        leave(spool, encode([RUN, DEPLOYMENT, QUEUED, STARTED, DONE]))
        assert [segment.read().orphans for segment in spool.segments()] == [()]

    def test_a_rotated_file_is_no_sign_of_death_the_one_after_it_is(self, spool: FileSpool) -> None:
        spool.append([RUN, DEPLOYMENT, QUEUED])
        spool.rotate()
        spool.append([STARTED])
        spool.close()
        assert [segment.read().orphans for segment in spool.segments()] == [(), (DEPLOYMENT.id,)]

    def test_death_right_after_rotating_is_noticed_too(self, spool: FileSpool) -> None:
        spool.append([RUN, DEPLOYMENT, QUEUED])
        spool.rotate()
        spool.close()
        assert [segment.read().orphans for segment in spool.segments()] == [(), (DEPLOYMENT.id,)]

    def test_rotating_again_and_again_makes_no_files(self, spool: FileSpool) -> None:
        spool.append([RUN, DEPLOYMENT, QUEUED])
        for _ in range(5):
            spool.rotate()
        assert spool.count() == 2

    def test_a_killed_process_leaves_whole_lines(self, spool: FileSpool) -> None:
        script = """
import os, signal, sys
from pathlib import Path
from tests.support.deployments import a_deployment, a_log, a_run
from fairway.adapters.spool.files import FileSpool
from fairway.domain.deployments.status import State
spool = FileSpool(Path(sys.argv[1]))
run = a_run()
spool.append([run])
for second in range(100):
    deployment = a_deployment(run, second)
    spool.append([deployment, *a_log(deployment, State.QUEUED)])
os.kill(os.getpid(), signal.SIGKILL)
"""
        ended = subprocess.run(
            [sys.executable, "-c", script, str(spool.folder)], cwd=Path(__file__).parents[4], check=False
        )
        assert ended.returncode == -9
        [segment] = [(segment.is_live, segment.read()) for segment in spool.segments()]
        live, contents = segment
        assert not live
        assert contents.unreadable == 0
        assert len(contents.records) == 201
        assert len(contents.orphans) == 100


class TestDamage:
    def test_the_last_line_of_a_living_writer_may_be_on_its_way(self, spool: FileSpool) -> None:
        spool.append([RUN])
        [path] = spool.folder.iterdir()
        with path.open("ab") as file:
            file.write(b'{"run": {"id"')
        [contents] = [segment.read() for segment in spool.segments()]
        assert contents.records == (RUN,)
        assert contents.unreadable == 0

    @pytest.mark.parametrize(
        "line",
        [b'{"run": {"id"', b"\n", b"\xff\xfe\n", b"[]\n", b'{"a":1,"b":2}\n', b'{"mood": {}}\n', b'{"run": 7}\n'],
    )
    def test_a_damaged_line_costs_only_itself_and_the_file_is_kept(self, spool: FileSpool, line: bytes) -> None:
        path = leave(spool, encode([RUN]) + line)
        for segment in spool.segments():
            contents = segment.read()
            assert contents.records == (RUN,)
            assert contents.unreadable == 1
            segment.discard()
        assert [aside.name for aside in spool.set_aside()] == [f"{path.name}.unreadable"]
        assert spool.size() == 0
        assert list(spool.segments()) == []

    def test_marks_are_not_records(self, spool: FileSpool) -> None:
        leave(spool, b'{"carried":["x"]}\n' + ROTATED)
        [contents] = [segment.read() for segment in spool.segments()]
        assert (contents.records, contents.orphans, contents.unreadable) == ((), (), 0)


class TestDisk:
    def test_a_folder_that_can_not_be_written_is_an_oserror(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match=r"."):
            FileSpool(tmp_path / "file" / "spool").append([RUN])

    def test_a_full_disk_leaves_whole_lines_only(self, tmp_path: Path) -> None:
        script = """
import resource, signal, sys
from pathlib import Path
from tests.support.deployments import a_run
from fairway.adapters.spool.files import FileSpool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
spool = FileSpool(Path(sys.argv[1]))
kept = 0
try:
    while True:
        spool.append([a_run(kept)])
        kept += 1
except OSError as error:
    print(kept, error.errno)
"""
        ended = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "spool")],
            cwd=Path(__file__).parents[4],
            check=True,
            capture_output=True,
            text=True,
        )
        kept, number = map(int, ended.stdout.split())
        assert number == errno.EFBIG
        [contents] = [segment.read() for segment in FileSpool(tmp_path / "spool").segments()]
        assert len(contents.records) == kept > 0
        assert contents.unreadable == 0


def test_no_descriptor_is_left_open(spool: FileSpool) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        spool.append([RUN])
        spool.rotate()
        list(spool.segments())
    spool.close()
    assert len(os.listdir("/dev/fd")) == before
