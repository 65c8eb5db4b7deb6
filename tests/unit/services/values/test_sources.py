"""Where `valueFrom` points to: what each source gives, and what each says when it cannot."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fairway.domain.errors import Position, Transient, UserError
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import Cluster, Environment, Provider, Release, ValueSource
from fairway.domain.values.addresses import AddressQuery
from fairway.domain.values.assignments import Sourced
from fairway.domain.values.outputs import OutputPending
from fairway.domain.values.secrets import NotRead
from fairway.services.values.sources import SourcePorts, Sources

HERE = Position("releases/prod.yaml", 12, 9)


@dataclass
class Objects:
    """A cluster's objects in memory; counts what it is asked."""

    found: dict[ObjectRef, Object] = field(default_factory=dict)
    asked: list[ObjectRef] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def get(self, ref: ObjectRef) -> Object | None:
        self.asked.append(ref)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        return self.found.get(ref)


@dataclass
class Addresses:
    found: dict[AddressQuery, str] = field(default_factory=dict)
    asked: list[AddressQuery] = field(default_factory=list)

    async def address(self, query: AddressQuery) -> str | None:
        self.asked.append(query)
        return self.found.get(query)


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def service(owner: str | None) -> Object:
    annotations = {"meta.helm.sh/release-name": owner} if owner else {}
    return {
        "metadata": {"name": "lb", "annotations": annotations},
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}},
    }


CLUSTER = Cluster(
    "eu-1",
    Provider("gke", {"project": "shop-prod", "clusterName": "eu-1", "zone": "europe-west1-b"}),
    HERE,
    {"ip-name": "kafka"},
)
ENVIRONMENT = Environment("prod", CLUSTER, "shop", HERE, (Release("web", HERE), Release("lb", HERE)))


@pytest.fixture
def objects() -> Objects:
    return Objects(
        {
            ObjectRef("v1", "Secret", "shop", "db"): {"data": {"password": b64("hunter2"), "blob": b64(b"\xff\xfe")}},
            ObjectRef("v1", "Secret", "shop", "web-db"): {"data": {"password": b64("of web")}},
            ObjectRef("v1", "Secret", "infra", "db"): {"data": {"password": b64("elsewhere")}},
            ObjectRef("v1", "ConfigMap", "shop", "zone"): {"data": {"name": "eu"}, "binaryData": {"bin": b64("b")}},
            ObjectRef("v1", "Service", "shop", "lb"): service("lb"),
            ObjectRef("v1", "Service", "shop", "other"): service("dns"),
            ObjectRef("v1", "Service", "shop", "loose"): service(None),
            ObjectRef("v1", "Secret", "shop", "made"): {**service("lb"), "data": {"key": b64("generated")}},
        }
    )


@pytest.fixture
def addresses() -> Addresses:
    return Addresses(
        {
            AddressQuery("shop-prod", "kafka", "europe-west1"): "203.0.113.7",
            AddressQuery("shop-prod", "front", None): "203.0.113.80",
        }
    )


@pytest.fixture
def sources(objects: Objects, addresses: Addresses) -> Sources:
    return Sources(ENVIRONMENT, SourcePorts({"HOST": "example.org", "API_TOKEN": "t0ken"}, objects, addresses))


def source(kind: str, /, **settings: Any) -> ValueSource:
    return ValueSource(kind, settings, HERE)


def output(name: str = "lb", release: str = "lb", path: str = "{.status.loadBalancer.ingress[0].ip}") -> ValueSource:
    return source("output", release=release, kind="Service", name=name, path=path)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (source("env", name="HOST"), Sourced("example.org", False, "env HOST")),
        (source("env", name="HOST", sensitive=True), Sourced("example.org", True, "env HOST")),
        (source("env", name="API_TOKEN"), Sourced("t0ken", True, "env API_TOKEN")),
        (source("env", name="NONE", default="d"), Sourced("d", False, "env NONE")),
        (source("secret", name="db", key="password"), Sourced("hunter2", True, "secret shop/db:password")),
        (
            source("secret", name="db", key="password", namespace="infra"),
            Sourced("elsewhere", True, "secret infra/db:password"),
        ),
        (
            source("secret", name="{{release}}-db", key="password"),
            Sourced("of web", True, "secret shop/web-db:password"),
        ),
        (source("configMap", name="zone", key="name"), Sourced("eu", False, "configMap shop/zone:name")),
        (source("configMap", name="zone", key="bin"), Sourced("b", False, "configMap shop/zone:bin")),
        (
            source("gceResource", name="kafka", isGlobal=False),
            Sourced("203.0.113.7", False, "Google address kafka (region europe-west1, project shop-prod)"),
        ),
        (
            source("gceResource", nameFrom="ip-name", isGlobal=False),
            Sourced("203.0.113.7", False, "Google address kafka (region europe-west1, project shop-prod)"),
        ),
        (
            source("gceResource", name="front", isGlobal=True),
            Sourced("203.0.113.80", False, "Google address front (global, project shop-prod)"),
        ),
        (
            output(),
            Sourced("203.0.113.9", False, "output of lb: Service lb {.status.loadBalancer.ingress[0].ip}"),
        ),
        (
            source("output", release="lb", kind="Secret", name="made", path="data.key"),
            Sourced("generated", True, "output of lb: Secret made data.key"),
        ),
        (source("secret", name="db", key="none", optional=True), None),
        (source("configMap", name="none", key="x", optional=True), None),
    ],
)
async def test_a_source_gives_its_value(sources: Sources, asked: ValueSource, given: Sourced | None) -> None:
    assert await sources.resolve(asked, "web") == given


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (source("env", name="NONE"), r"\$NONE is not set"),
        (source("secret", name="none", key="x"), "Secret none in namespace shop of cluster eu-1 does not exist"),
        (source("secret", name="db", key="none"), 'Secret db in namespace shop of cluster eu-1 has no key "none"'),
        (source("secret", name="db", key="blob"), 'has no key "blob" in UTF-8 text'),
        (source("configMap", name="zone", key="none"), 'has no key "none"'),
        (source("gceResource", name="none"), r"there is no reserved address none \(region europe-west1"),
        (output(name="none"), 'Service none of release "lb" does not exist yet'),
        (output(path="status.none"), "Service lb has no status.none yet"),
        (output(name="other"), 'does not belong to release "lb" but to "dns"'),
        (output(name="loose"), 'does not belong to release "lb"$'),
        (output(release="web"), 'release "web" takes an output of itself'),
        (output(release="unknown"), 'environment "prod" has no release "unknown"'),
        (source("vault", path="x"), 'valueFrom has no kind "vault"'),
        (source("file", path="/nowhere/at/all"), "cannot read /nowhere/at/all: No such file"),
    ],
)
async def test_a_source_that_gives_nothing_says_what_where_and_how_to_fix(
    sources: Sources, asked: ValueSource, message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        await sources.resolve(asked, "web")
    assert caught.value.where == HERE
    assert caught.value.fix
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("asked", [output(name="none"), output(path="status.none")])
async def test_an_output_that_is_not_there_yet_names_the_release_to_wait_for(
    sources: Sources, asked: ValueSource
) -> None:
    with pytest.raises(OutputPending) as caught:
        await sources.resolve(asked, "web")
    assert caught.value.release == "lb"
    assert caught.value.fix == "apply it first: fairway apply prod -r lb"


async def test_a_file_gives_its_text_or_one_key_of_it(sources: Sources, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("db:\n  hosts: [a, b]\n")
    assert await sources.resolve(source("file", path=str(path))) == Sourced(
        "db:\n  hosts: [a, b]\n", False, "file settings.yaml"
    )
    given = await sources.resolve(source("file", path=str(path), key="db.hosts[1]", sensitive=True))
    assert given == Sourced("b", True, "file settings.yaml:db.hosts[1]")
    with pytest.raises(UserError, match=r'has no key "db\.port"'):
        await sources.resolve(source("file", path=str(path), key="db.port"))


async def test_a_file_that_is_not_text_is_an_error(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        await sources.resolve(source("file", path=str(tmp_path / "x")))


async def test_each_object_and_address_is_asked_for_once(
    sources: Sources, objects: Objects, addresses: Addresses
) -> None:
    secret, address = source("secret", name="db", key="password"), source("gceResource", name="kafka")
    await asyncio.gather(*(sources.resolve(item) for item in [secret, address] * 20))
    assert (len(objects.asked), len(addresses.asked)) == (1, 1)


async def test_outputs_are_asked_for_each_time_because_they_change(sources: Sources, objects: Objects) -> None:
    await sources.resolve(output(), "web")
    objects.found[ObjectRef("v1", "Service", "shop", "lb")]["status"] = {}
    with pytest.raises(OutputPending):
        await sources.resolve(output(), "web")


async def test_a_failure_is_not_remembered(sources: Sources, objects: Objects) -> None:
    objects.failures = [Transient("the cluster does not answer")]
    asked = source("secret", name="db", key="password")
    with pytest.raises(Transient):
        await sources.resolve(asked)
    assert (await sources.resolve(asked)) == Sourced("hunter2", True, "secret shop/db:password")


async def test_an_interrupted_release_does_not_take_the_answer_from_the_others(sources: Sources) -> None:
    asked = source("secret", name="db", key="password")
    first = asyncio.ensure_future(sources.resolve(asked))
    second = asyncio.ensure_future(sources.resolve(asked))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second) == Sourced("hunter2", True, "secret shop/db:password")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (source("secret", name="db", key="password"), "(from secret shop/db:password not read offline)"),
        (source("configMap", name="zone", key="name"), "(from configMap shop/zone:name not read offline)"),
        (
            source("gceResource", name="front", isGlobal=True),
            "(from Google address front (global project shop-prod) not read offline)",
        ),
        (output(path="a.b"), "(from output of lb Service lb a.b not read offline)"),
    ],
)
async def test_offline_nothing_is_asked_and_the_value_says_so(asked: ValueSource, text: str) -> None:
    given = await Sources(ENVIRONMENT, SourcePorts({}, offline=True)).resolve(asked, "web")
    assert given is not None
    assert isinstance(given.value, NotRead)
    assert given.value == text


@pytest.mark.parametrize(
    "asked", [source("secret", name="db", key="password"), output(), source("gceResource", name="kafka")]
)
async def test_without_a_connection_the_error_says_so(asked: ValueSource) -> None:
    with pytest.raises(UserError, match="here"):
        await Sources(ENVIRONMENT, SourcePorts({})).resolve(asked, "web")
