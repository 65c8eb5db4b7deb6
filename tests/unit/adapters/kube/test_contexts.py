"""Contexts in kubeconfig files: one is written, everything else stays."""

from pathlib import Path

import pytest
import yaml

from fairway.adapters.kube.contexts import KubeconfigFiles
from fairway.domain.errors import Transient, UserError
from fairway.domain.repository.contexts import ContextEntry

TEXT = """\
apiVersion: v1
kind: Config
current-context: mine
clusters:
- {name: c, cluster: {server: "https://127.0.0.1:1"}}
users:
- {name: u, user: {token: "0123"}}
contexts:
- {name: mine, context: {cluster: c, user: u, namespace: space}}
"""
ENTRY = ContextEntry("c", "u", "shop")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


def test_contexts_are_read(file: Path) -> None:
    files = KubeconfigFiles({"KUBECONFIG": str(file)})
    assert (list(files.names(None)), files.current(None)) == (["mine"], "mine")
    assert files.context(None, "mine") == ContextEntry("c", "u", "space")
    assert files.context(None, "other") is None


def test_a_context_is_added_and_everything_else_stays(file: Path) -> None:
    KubeconfigFiles({}).write(str(file), "env:prod", ENTRY)
    after = yaml.safe_load(file.read_text())
    before = yaml.safe_load(TEXT)
    new = {"name": "env:prod", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}
    assert after == {**before, "contexts": [*before["contexts"], new]}
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in file.parent.iterdir()] == ["config"]


def test_a_context_of_the_name_is_replaced_where_it_stands(file: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    files = KubeconfigFiles({"KUBECONFIG": f"{first}:{file}"})
    files.write(None, "mine", ENTRY)
    assert not first.exists()
    assert files.context(None, "mine") == ENTRY
    files.write(None, "new", ENTRY)
    assert KubeconfigFiles({}).context(str(first), "new") == ENTRY


def test_a_new_file_is_only_for_its_owner(tmp_path: Path) -> None:
    files = KubeconfigFiles({"HOME": str(tmp_path)})
    files.write(None, "env:prod", ENTRY)
    path = tmp_path / ".kube" / "config"
    assert path.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(path.read_text())["kind"] == "Config"


def test_a_file_that_somebody_writes_is_left_alone(file: Path) -> None:
    lock = file.with_name("config.lock")
    lock.touch()
    with pytest.raises(Transient) as caught:
        KubeconfigFiles({}).write(str(file), "env:prod", ENTRY)
    assert str(lock) in (caught.value.fix or "")
    assert file.read_text() == TEXT


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kube").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        KubeconfigFiles({}).write(str(tmp_path / "kube" / "config"), "env:prod", ENTRY)
