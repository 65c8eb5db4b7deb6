"""ReleaseValues over real files and a real chart folder: layers, caching, secrets, errors with places."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from fairway.adapters.charts.folders import DiskFolders
from fairway.domain.charts.archive import write_archive
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import InvalidInput, Position, Transient, UserError
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import (
    ChartKind,
    ChartReference,
    ChartValue,
    Cluster,
    Environment,
    ListMerge,
    ListMergeRule,
    Provider,
    Release,
    ValueSource,
)
from fairway.domain.values.secrets import MASK, SecretRegister
from fairway.services.values.chart_files import ChartFiles
from fairway.services.values.reading import ValueFiles
from fairway.services.values.resolving import ReleaseValues
from fairway.services.values.sources import SourcePorts

HERE = Position("environments.yaml", 3, 5)
CLUSTER = Cluster("dev", Provider("devcluster"), HERE)


class CountingReader:
    def __init__(self) -> None:
        self.asked: list[ObjectRef] = []

    async def get(self, ref: ObjectRef) -> Object | None:
        self.asked.append(ref)
        return {"data": {"password": "aHVudGVyMjI=", "name": "eA=="}}


class PlainTextOfSops:
    """Decrypts one known file, as the sops program would."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.paths: list[str] = []

    async def decrypt(self, path: str) -> str:
        self.paths.append(path)
        return self.text


def value(key: str, value: object, line: int = 1) -> ChartValue:
    return ChartValue(key, Position("releases/prod.yaml", line, 7), value)


def secret(key: str, name: str = "db") -> ChartValue:
    where = Position("releases/prod.yaml", 20, 7)
    return ChartValue(key, where, value_from=ValueSource("secret", {"name": name, "key": "password"}, where))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "defaults.yaml").write_text("image:\n  prefix: registry/\nreplicas: 1\nlist: [1]\n")
    (tmp_path / "web.yaml").write_text("image:\n  tag: v1\nreplicas: 2\n")
    chart = tmp_path / "charts/web"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("image: {tag: latest}\nlist: [0]\n")
    return tmp_path


def chart_of(folder: Path) -> ChartSource:
    path = str(folder / "charts/web")
    return ChartSource("web", "1.0.0", path, "sha256:0", f"dir {path}")


def release(folder: Path, *values: ChartValue, name: str = "web", **more: object) -> Release:
    chart = ChartReference(ChartKind.DIRECTORY, str(folder / "charts/web"), None, HERE)
    base = Release(name, HERE, chart=chart, values_file=str(folder / "web.yaml"), values=values)
    return dataclasses.replace(base, **more)  # type: ignore[arg-type]


def environment(folder: Path, *defaults: ChartValue) -> Environment:
    releases = (Release("web", HERE), Release("api", HERE))
    return Environment("prod", CLUSTER, "shop", HERE, releases, str(folder / "defaults.yaml"), defaults)


def resolver(
    folder: Path, env: Environment, *, decryptor: PlainTextOfSops | None = None, **ports: object
) -> ReleaseValues:
    files = ValueFiles(decryptor, folder)
    wired = SourcePorts({"HOME": "/home/x", "DB_TOKEN": "tok3nvalue"}, **ports)  # type: ignore[arg-type]
    return ReleaseValues(
        env, ports=wired, files=files, charts=ChartFiles(DiskFolders(), files), register=SecretRegister()
    )


async def test_layers_are_merged_weakest_first(folder: Path) -> None:
    env = environment(folder, value("replicas", 9), value("host", "{{release}}.{{namespace}}.$HOME"))
    values = await resolver(folder, env).user_values(release(folder, value("image.tag", "v2"), value("gone", None)))
    assert values.values == {
        "image": {"prefix": "registry/", "tag": "v2"},
        "replicas": 2,
        "list": [1],
        "host": "web.shop./home/x",
        "gone": None,
    }


async def test_each_release_has_its_own_name_in_the_defaults(folder: Path) -> None:
    values = resolver(folder, environment(folder, value("host", "{{release}}")))
    hosts = [(await values.user_values(release(folder, name=name))).values["host"] for name in ("web", "api")]
    assert hosts == ["web", "api"]


async def test_skipped_defaults_are_neither_merged_nor_resolved(folder: Path) -> None:
    reader = CountingReader()
    values = resolver(folder, environment(folder, secret("db.password")), objects=reader)
    found = await values.user_values(release(folder, skip_default_values=True))
    assert found.values == {"image": {"tag": "v1"}, "replicas": 2}
    assert reader.asked == []


async def test_the_environment_s_sources_are_asked_once_for_all_releases(folder: Path) -> None:
    reader = CountingReader()
    values = resolver(folder, environment(folder, secret("db.password")), objects=reader)
    for name in ("web", "api"):
        found = await values.user_values(release(folder, name=name))
        assert found.values["db"] == {"password": "hunter22"}
        assert found.secret_paths == {("db", "password")}
    assert len(reader.asked) == 1


async def test_a_source_that_failed_once_is_asked_again_for_the_next_release(folder: Path) -> None:
    class Recovering(CountingReader):
        async def get(self, ref: ObjectRef) -> Object | None:
            if not self.asked:
                self.asked.append(ref)
                raise Transient("the cluster does not answer")
            return await super().get(ref)

    values = resolver(folder, environment(folder, secret("p")), objects=Recovering())
    with pytest.raises(Transient):
        await values.user_values(release(folder))
    assert (await values.user_values(release(folder, name="api"))).values["p"] == "hunter22"


async def test_equal_charts_in_two_folders_are_named_by_their_own_folder(folder: Path) -> None:
    shutil.copytree(folder / "charts/web", folder / "charts/copy")
    values = resolver(folder, environment(folder))
    for name in ("web", "copy"):
        path = str(folder / "charts" / name)
        chart = ChartReference(ChartKind.DIRECTORY, path, None, HERE)
        explanation = await values.explain(
            release(folder, chart=chart), dataclasses.replace(chart_of(folder), path=path)
        )
        assert explanation.provenance[("image", "tag")][-1].position.file == f"charts/{name}/values.yaml"


async def test_a_packed_chart_is_named_by_its_archive_unless_a_folder_is_behind_it(folder: Path) -> None:
    packed = folder / "cache/abc"
    packed.parent.mkdir()
    files = {path.name: path.read_bytes() for path in (folder / "charts/web").iterdir()}
    packed.write_bytes(write_archive("web", files))
    chart = ChartSource("web", "1.0.0", str(packed), "sha256:1", "stable/web 1.0.0")
    values = resolver(folder, environment(folder))
    remote = release(folder, chart=ChartReference(ChartKind.REPOSITORY, "stable/web", "1.0.0", HERE))
    for mine, file in ((remote, "web-1.0.0.tgz/values.yaml"), (release(folder), "charts/web/values.yaml")):
        assert (await values.explain(mine, chart)).provenance[("image", "tag")][-1].position.file == file


async def test_a_source_that_names_the_release_is_asked_for_each(folder: Path) -> None:
    reader = CountingReader()
    values = resolver(folder, environment(folder, secret("p", "{{release}}-db")), objects=reader)
    for name in ("web", "api"):
        await values.user_values(release(folder, name=name))
    assert [ref.name for ref in reader.asked] == ["web-db", "api-db"]


async def test_an_optional_source_without_value_leaves_the_key_out(folder: Path) -> None:
    source = ValueSource("secret", {"name": "db", "key": "none", "optional": True}, HERE)
    values = resolver(folder, environment(folder), objects=CountingReader())
    found = await values.user_values(release(folder, ChartValue("x", HERE, value_from=source)))
    assert "x" not in found.values


async def test_secrets_met_on_the_way_are_registered(folder: Path) -> None:
    files = ValueFiles(None, folder)
    register = SecretRegister()
    values = ReleaseValues(
        environment(folder),
        ports=SourcePorts({"DB_TOKEN": "tok3nvalue"}, CountingReader()),
        files=files,
        charts=ChartFiles(DiskFolders(), files),
        register=register,
    )
    await values.user_values(release(folder, secret("a"), value("b", "$DB_TOKEN"), value("apiKey", "fr0m-a-file")))
    assert register.mask("hunter22 tok3nvalue fr0m-a-file v1") == f"{MASK} {MASK} {MASK} v1"


async def test_an_encrypted_file_is_decrypted_and_all_of_it_is_secret(folder: Path) -> None:
    (folder / "web.yaml").write_text("db:\n  user: ENC[x]\nsops:\n  mac: ENC[y]\n")
    sops = PlainTextOfSops("db:\n  user: adminuser\n")
    values = resolver(folder, environment(folder), decryptor=sops)
    one = await values.user_values(release(folder))
    await values.user_values(release(folder, name="api"))
    assert one.values["db"] == {"user": "adminuser"}
    assert one.secret_paths == {("db", "user")}
    assert sops.paths == [str(folder / "web.yaml")]
    explanation = await values.explain(release(folder), chart_of(folder))
    assert str(explanation.provenance[("db", "user")][0].position) == "web.yaml:2:3"


async def test_an_encrypted_file_without_a_decryptor_is_an_error(folder: Path) -> None:
    (folder / "web.yaml").write_text("db: ENC[x]\nsops:\n  mac: ENC[y]\n")
    with pytest.raises(UserError, match=r"web\.yaml is encrypted with SOPS"):
        await resolver(folder, environment(folder)).user_values(release(folder))


async def test_list_rules_start_from_the_chart_and_the_environment(folder: Path) -> None:
    rule = (ListMerge("list", ListMergeRule.APPEND),)
    values = resolver(folder, environment(folder))
    mine = release(folder, value("list", [2]), list_merge=rule)
    found = await values.user_values(mine, chart_of(folder))
    assert found.values["list"] == [0, 1, 2]
    assert (await values.explain(mine, chart_of(folder))).values["list"] == [0, 1, 2]


async def test_explaining_names_files_as_people_see_them(folder: Path) -> None:
    explanation = await resolver(folder, environment(folder)).explain(release(folder), chart_of(folder))
    origins = explanation.provenance[("image", "tag")]
    assert [str(origin.position) for origin in origins] == ["web.yaml:2:3", "charts/web/values.yaml:1:9"]


async def test_the_user_values_of_an_explanation_are_those_of_the_engine(folder: Path) -> None:
    values = resolver(folder, environment(folder, value("host", "{{release}}"), secret("p")), objects=CountingReader())
    mine = release(folder, value("list[1]", 5), value("image", None))
    assert (await values.explain(mine, chart_of(folder))).user == (await values.user_values(mine)).values


@pytest.mark.parametrize(
    ("text", "error", "place"),
    [
        ("- 1\n", UserError, "web.yaml:1:1"),
        ("just text\n", UserError, "web.yaml:1:1"),
        ("a: 1\na: 2\n", InvalidInput, "web.yaml:2:1"),
        ("a: \t1\n\tb: 2\n", InvalidInput, "web.yaml:2:1"),
    ],
)
async def test_a_values_file_that_holds_no_map_is_an_error_with_its_place(
    folder: Path, text: str, error: type[UserError], place: str
) -> None:
    (folder / "web.yaml").write_text(text)
    with pytest.raises(error) as caught:
        await resolver(folder, environment(folder)).user_values(release(folder))
    assert str(caught.value.where) == place


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
async def test_a_values_file_that_cannot_be_read_names_the_release(folder: Path, content: bytes | None) -> None:
    (folder / "web.yaml").unlink()
    if content is not None:
        (folder / "web.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"web\.yaml") as caught:
        await resolver(folder, environment(folder)).user_values(release(folder))
    assert caught.value.where == HERE


async def test_an_empty_values_file_is_no_layer(folder: Path) -> None:
    (folder / "web.yaml").write_text("# nothing yet\n")
    found = await resolver(folder, environment(folder)).user_values(release(folder, skip_default_values=True))
    assert found.values == {}


async def test_a_bad_key_names_its_line(folder: Path) -> None:
    with pytest.raises(UserError, match="a name is missing") as caught:
        await resolver(folder, environment(folder)).user_values(release(folder, value("a..b", 1, line=44)))
    assert caught.value.where == Position("releases/prod.yaml", 44, 7)
