"""SopsProgram: against the real sops, and against a small program that behaves as it does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.age_keys import new_age_key

from fairway.adapters.sops.program import SopsProgram
from fairway.domain.errors import Position, Transient, UserError
from fairway.domain.yaml import load
from fairway.services.values.reading import ValueFiles

PLAIN = 'db:\n  password: hunter2hunter2\n  port: 5432\n  tag: "1.10"\nlist:\n  - a\n'
HERE = Position("releases/prod.yaml", 5, 3)


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sops: Path) -> Path:
    """A file that the real sops encrypted, with the key in the environment, where sops looks for it."""
    monkeypatch.setenv("PATH", f"{sops.parent}{os.pathsep}{os.environ['PATH']}")
    key = new_age_key()
    plain = tmp_path / "plain.yaml"
    plain.write_text(PLAIN)
    done = subprocess.run(
        [sops, "--encrypt", "--age", key.recipient, str(plain)], capture_output=True, text=True, check=True
    )
    monkeypatch.setenv("SOPS_AGE_KEY", key.secret)
    target = tmp_path / "values.yaml"
    target.write_text(done.stdout)
    return target


async def test_a_file_encrypted_by_sops_is_read(encrypted: Path) -> None:
    assert load(await SopsProgram().decrypt(str(encrypted)), "x") == load(PLAIN, "x")


async def test_a_value_file_is_detected_decrypted_and_keeps_its_lines(encrypted: Path) -> None:
    document = await ValueFiles(SopsProgram(), encrypted.parent).document(str(encrypted), HERE)
    assert document.secret
    assert document.values == load(PLAIN, "x")
    line = next(i for i, text in enumerate(encrypted.read_text().splitlines(), 1) if text.strip().startswith("tag: "))
    assert document.positions.key(("db", "tag")) == Position("values.yaml", line, 5)


async def test_without_the_key_the_error_has_no_content(encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOPS_AGE_KEY")
    monkeypatch.setenv("HOME", str(encrypted.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(encrypted.parent))
    with pytest.raises(UserError, match="sops cannot decrypt") as caught:
        await SopsProgram().decrypt(str(encrypted))
    assert "hunter2" not in f"{caught.value} {caught.value.fix}"
    assert "sops --decrypt" in str(caught.value.fix)


async def test_a_changed_file_is_refused(encrypted: Path) -> None:
    encrypted.write_text(encrypted.read_text().replace("port:", "prot:"))
    with pytest.raises(UserError, match="sops cannot decrypt"):
        await SopsProgram().decrypt(str(encrypted))


def program(tmp_path: Path, body: str) -> str:
    """An executable that takes sops's arguments; `path` is the file's."""
    script = tmp_path / "sops-like"
    script.write_text(
        f"#!{sys.executable}\nimport sys, time, pathlib\nargs = sys.argv[1:]\n"
        "assert args[:5] == ['--decrypt', '--input-type', 'yaml', '--output-type', 'yaml'], args\n"
        f"path = pathlib.Path(args[5])\n{body}\n"
    )
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "values.yaml").write_text("a: ENC[secret]\nsops:\n  mac: ENC[x]\n")
    return str(tmp_path / "values.yaml")


async def test_the_plain_text_comes_through_the_pipe(tmp_path: Path, file: str) -> None:
    like = program(tmp_path, "print('a:', path.read_text()[7:13])")
    assert await SopsProgram(like).decrypt(file) == "a: secret\n"


async def test_a_failure_tells_what_the_program_said_in_few_words(tmp_path: Path, file: str) -> None:
    like = program(tmp_path, "print('no key', file=sys.stderr); print('x' * 5000, file=sys.stderr); sys.exit(128)")
    with pytest.raises(UserError, match=r"exit code 128.*no key; x") as caught:
        await SopsProgram(like).decrypt(file)
    assert len(caught.value.message) < 600


async def test_a_missing_program_says_where_to_get_it(tmp_path: Path, file: str) -> None:
    with pytest.raises(UserError, match="there is no program") as caught:
        await SopsProgram(str(tmp_path / "none")).decrypt(file)
    assert "getsops.io" in str(caught.value.fix)


async def test_a_program_that_hangs_is_ended(tmp_path: Path, file: str) -> None:
    pid = tmp_path / "pid"
    like = program(tmp_path, f"import os; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(600)")
    with pytest.raises(Transient, match="within 2 s"):
        await SopsProgram(like, timeout=2).decrypt(file)
    assert not _runs(int(pid.read_text()))


async def test_an_interrupted_run_leaves_no_program_behind(tmp_path: Path, file: str) -> None:
    pid = tmp_path / "pid"
    like = program(tmp_path, f"import os; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(600)")
    task = asyncio.ensure_future(SopsProgram(like).decrypt(file))
    while not (pid.exists() and pid.read_text()):
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _runs(int(pid.read_text()))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_plain_files_never_start_a_program(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("a: 1\nsops: just a key\n")
    document = await ValueFiles(SopsProgram(str(tmp_path / "none")), tmp_path).document(str(tmp_path / "v.yaml"), HERE)
    values: Mapping[str, object] = document.values
    assert (values, document.secret) == ({"a": 1, "sops": "just a key"}, False)
