"""Registries over HTTP: pages, logins, rate limits, what is remembered, and answers that are wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.contract.registry.conftest import asked
from tests.support.chart_servers import WebServer, basic, web_server
from tests.support.images import push_image
from tests.support.registry import OciRegistry

from fairway.domain.errors import FairwayError, Terminal, Transient, UserError

MAY = datetime(2026, 5, 1, tzinfo=UTC)
LIST = "/v2/team/app/tags/list"


def serve_tags(web: WebServer, *tags: str) -> str:
    web.files[LIST] = json.dumps({"name": "team/app", "tags": tags}).encode()
    return f"{web.host}/team/app"


def serve(web: WebServer, kind: str, content: object, tag: str | None = None) -> str:
    """Put a document where its digest says, and where a tag says."""
    body = json.dumps(content).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    for name in (digest, tag):
        if name:
            web.files[f"/v2/team/app/{kind}/{name}"] = body
    return digest


def serve_image(web: WebServer, tag: str, created: str) -> str:
    config = serve(web, "blobs", {"created": created})
    return serve(web, "manifests", {"config": {"digest": config}}, tag)


async def test_tags_come_in_pages(web: WebServer, home: Path) -> None:
    web.pages = 2
    repository = serve_tags(web, "1", "2", "3", "4", "5")
    async with asked(home) as registry:
        assert await registry.tags(repository) == ["1", "2", "3", "4", "5"]
    assert web.count("/tags/list") == 3


@pytest.mark.parametrize("answer", [b'{"tags": null}', b'{"tags": []}', b"{}"])
async def test_a_registry_may_say_that_it_has_no_tags(answer: bytes, web: WebServer, home: Path) -> None:
    web.redirects[LIST] = "/answer"
    web.files["/answer"] = answer
    async with asked(home) as registry:
        assert await registry.tags(f"{web.host}/team/app") == []


async def test_a_registry_that_wants_less_is_asked_again_later(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.failures = [(429, {"Retry-After": "0"})]
    async with asked(home) as registry:
        assert await registry.tags(repository) == ["1.0.0"]
    assert web.count("/tags/list") == 2


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_passing_failure_is_tried_again(status: int, web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.failures = [(status, {})]
    async with asked(home) as registry:
        assert await registry.tags(repository) == ["1.0.0"]


async def test_a_registry_that_keeps_failing_is_a_passing_problem(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.failures = [(500, {})] * 9
    async with asked(home) as registry:
        with pytest.raises(Transient, match="it answers 500"):
            await registry.tags(repository)


async def test_a_registry_that_hangs_up_is_a_passing_problem(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.drop = 9
    async with asked(home) as registry:
        with pytest.raises(Transient):
            await registry.tags(repository)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>Welcome</html>", "not JSON"),
        (b'{"tags": ["1.0', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"tags": {"a": 1}}', "not a list"),
    ],
)
async def test_an_answer_that_no_registry_gives_is_refused(
    body: bytes, message: str, web: WebServer, home: Path
) -> None:
    web.redirects[LIST] = "/answer"
    web.files["/answer"] = body
    async with asked(home) as registry:
        with pytest.raises(Terminal, match=message):
            await registry.tags(f"{web.host}/team/app")


@pytest.mark.parametrize("password", ["hunter2", "wr0ng", ""])
async def test_the_login_of_docker_is_used(password: str, web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.realm_login = basic("anna", "hunter2")
    if password:
        (home / ".docker").mkdir()
        auth = base64.b64encode(f"anna:{password}".encode()).decode()
        (home / ".docker" / "config.json").write_text(json.dumps({"auths": {web.host: {"auth": auth}}}))
    async with asked(home) as registry:
        if password == "hunter2":
            assert await registry.tags(repository) == ["1.0.0"]
            return
        with pytest.raises(UserError, match="refused" if password else "wants a login") as caught:
            await registry.tags(repository)
    assert f"docker login {web.host}" in (caught.value.fix or "")
    assert "wr0ng" not in str(caught.value)


async def test_a_refusal_without_a_challenge_says_how_to_log_in(web: WebServer, home: Path) -> None:
    web.failures = [(403, {})]
    async with asked(home) as registry:
        with pytest.raises(UserError, match=r"team/app: it wants a login \(403\)") as caught:
            await registry.tags(f"{web.host}/team/app")
    assert caught.value.fix == f"docker login {web.host}"


@pytest.mark.parametrize("status", [400, 410, 418])
async def test_another_refusal_is_named(status: int, web: WebServer, home: Path) -> None:
    web.failures = [(status, {})] * 2
    async with asked(home) as registry:
        with pytest.raises(UserError, match=f"the registry answers {status}"):
            await registry.tags(f"{web.host}/team/app")


async def test_a_date_is_fetched_once_ever(web: WebServer, home: Path) -> None:
    serve_image(web, "1.0.0", "2026-05-01T00:00:00.123456789Z")
    for _ in range(2):
        async with asked(home) as registry:
            for _ in range(2):
                found = await registry.created(f"{web.host}/team/app", "1.0.0")
                assert found == MAY.replace(microsecond=123456)
    assert web.count("/blobs/") == 1


async def test_tags_are_dated_again_after_a_day(web: WebServer, home: Path) -> None:
    repository = f"{web.host}/team/app"
    tags = [f"1.0.{number}" for number in range(9)]
    for tag in tags:
        serve_image(web, tag, "2026-05-01T00:00:00Z")
    for day, first, again in ((0.0, 9, 0), (0.9, 0, 0), (1.1, 9, 9), (1.2, 0, 0)):
        web.asked.clear()
        async with asked(home, at=86400 * day) as registry:
            assert [await registry.created(repository, tag) for tag in tags] == [MAY] * 9
        methods = [one.method for one in web.asked if "/manifests/1.0." in one.path]
        assert (methods.count("GET"), methods.count("HEAD")) == (first, again)
        assert web.count("/blobs/") == (1 if day == 0 else 0)


async def test_what_a_tag_is_now_is_never_remembered(web: WebServer, home: Path) -> None:
    repository = f"{web.host}/team/app"
    serve_image(web, "main", "2026-05-01T00:00:00Z")
    async with asked(home) as registry:
        await registry.created(repository, "main")
        moved = serve_image(web, "main", "2026-06-01T00:00:00Z")
        assert await registry.digest(repository, "main") == moved


async def test_a_damaged_memory_costs_a_request_and_nothing_else(web: WebServer, home: Path) -> None:
    serve_image(web, "1.0.0", "2026-05-01T00:00:00Z")
    for _ in range(2):
        async with asked(home) as registry:
            assert await registry.created(f"{web.host}/team/app", "1.0.0") == MAY
        for kept in (home / "cache" / "images").rglob("*.json"):
            kept.write_text('{"created": 1, "tags": {"1.0.0": 1}}')
    assert (web.count("/blobs/"), web.count("/manifests/1.0.0")) == (2, 2)


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00Z", "yesterday", ""])
async def test_a_date_that_says_nothing_is_none(created: str, web: WebServer, home: Path) -> None:
    serve_image(web, "1.0.0", created)
    async with asked(home) as registry:
        assert await registry.created(f"{web.host}/team/app", "1.0.0") is None


async def test_content_that_does_not_have_its_digest_is_refused_and_not_remembered(web: WebServer, home: Path) -> None:
    config = serve(web, "blobs", {"created": "2026-05-01T00:00:00Z"})
    serve(web, "manifests", {"config": {"digest": config}}, "1.0.0")
    good = web.files[f"/v2/team/app/blobs/{config}"]
    web.files[f"/v2/team/app/blobs/{config}"] = b'{"created": "2030-01-01T00:00:00Z"}'
    async with asked(home) as registry:
        with pytest.raises(Terminal, match="does not have this digest"):
            await registry.created(f"{web.host}/team/app", "1.0.0")
        web.files[f"/v2/team/app/blobs/{config}"] = good
        assert await registry.created(f"{web.host}/team/app", "1.0.0") == MAY


async def test_an_image_that_vanishes_meanwhile_has_no_date_yet(web: WebServer, home: Path) -> None:
    config = serve(web, "blobs", {"created": "2026-05-01T00:00:00Z"})
    serve(web, "manifests", {"config": {"digest": config}}, "1.0.0")
    content = web.files.pop(f"/v2/team/app/blobs/{config}")
    async with asked(home) as registry:
        assert await registry.created(f"{web.host}/team/app", "1.0.0") is None
        web.files[f"/v2/team/app/blobs/{config}"] = content
        assert await registry.created(f"{web.host}/team/app", "1.0.0") == MAY


@pytest.mark.parametrize("manifest", [{}, {"config": "x"}, {"config": {"digest": "../../x"}}, {"manifests": [1, {}]}])
async def test_what_is_no_image_has_no_date(manifest: object, web: WebServer, home: Path) -> None:
    serve(web, "manifests", manifest, "1.0.0")
    async with asked(home) as registry:
        assert await registry.created(f"{web.host}/team/app", "1.0.0") is None


async def test_an_index_has_the_date_of_the_usual_platform(oci_registry: OciRegistry, home: Path) -> None:
    name = f"t{uuid.uuid4().hex[:8]}/app"
    platforms = ("linux/arm64", "linux/amd64", "unknown/unknown")
    digest = push_image(oci_registry.host, name, "1.0.0", MAY, platforms=platforms)
    push_image(oci_registry.host, name, "other", MAY, platforms=("unknown/unknown", "linux/s390x"))
    async with asked(home) as registry:
        repository = f"{oci_registry.host}/{name}"
        assert await registry.digest(repository, "1.0.0") == digest
        assert await registry.created(repository, "1.0.0") == MAY.replace(day=2)
        assert await registry.created(repository, "other") == MAY.replace(day=2)


async def test_a_real_registry_gives_its_tags_in_pages(oci_registry: OciRegistry, home: Path) -> None:
    name = f"t{uuid.uuid4().hex[:8]}/app"
    wanted = [f"1.0.{number}" for number in range(7)]
    for tag in wanted:
        push_image(oci_registry.host, name, tag, MAY)
    async with asked(home) as registry:
        assert sorted(await registry.tags(f"{oci_registry.host}/{name}")) == wanted


async def test_what_cannot_be_a_tag_is_none(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0", "1.0.1\n- evil", "\u001b[31m1.0.2", "1.0.3 x", "x" * 129, "-1", "", "latest")
    async with asked(home) as registry:
        assert await registry.tags(repository) == ["1.0.0", "latest"]


async def test_pages_that_go_round_in_a_circle_are_given_up(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.next_page = f"{LIST}?n=1000&last=1.0.0"
    async with asked(home) as registry:
        with pytest.raises(Terminal, match="go round in a circle"):
            await registry.tags(repository)
    assert web.count("/tags/list") == 2


async def test_pages_may_not_continue_on_another_host(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.next_page = "https://registry.example/v2/team/app/tags/list?last=1"
    async with asked(home) as registry:
        with pytest.raises(Terminal, match="points to another host"):
            await registry.tags(repository)


async def test_a_registry_that_has_enough_is_left_alone_by_everybody(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.failures = [(429, {"Retry-After": "3600"})]
    async with asked(home) as registry:
        for name in (repository, repository, f"{web.host}/team/other"):
            with pytest.raises(Transient, match="it answers 429 and wants to be left alone for 3600 s"):
                await registry.tags(name)
    assert len(web.asked) == 1


@pytest.mark.parametrize("names", [1, 20])
async def test_a_registry_that_does_not_answer_is_asked_by_one_alone(names: int, web: WebServer, home: Path) -> None:
    web.drop = 99
    with web_server() as other:
        other.files[LIST] = b'{"tags": ["1.0.0"]}'
        async with asked(home) as registry:
            silent = (registry.tags(f"{web.host}/team/app-{number}") for number in range(names))
            *errors, found = await asyncio.gather(
                *silent, registry.tags(f"{other.host}/team/app"), return_exceptions=True
            )
    assert found == ["1.0.0"]
    assert all(isinstance(error, Transient) for error in errors)
    assert len(web.asked) == 2  # the attempts of the first


async def test_a_login_that_nobody_has_is_not_tried_twice(web: WebServer, home: Path) -> None:
    web.authorization = "Basic x"
    async with asked(home) as registry:
        with pytest.raises(UserError, match="it wants a login"):
            await registry.tags(f"{web.host}/team/app")
    assert len(web.asked) == 1


async def test_a_digest_that_was_asked_dates_its_tag_anew(web: WebServer, home: Path) -> None:
    repository = f"{web.host}/team/app"
    serve_image(web, "main", "2026-05-01T00:00:00Z")
    async with asked(home) as registry:
        assert await registry.created(repository, "main") == MAY
        serve_image(web, "main", "2026-06-01T00:00:00Z")
        assert await registry.created(repository, "main") == MAY
        await registry.digest(repository, "main")
        assert await registry.created(repository, "main") == MAY.replace(month=6)


async def test_a_registry_that_refuses_the_length_of_pages_is_asked_without_it(web: WebServer, home: Path) -> None:
    repository = serve_tags(web, "1.0.0")
    web.failures = [(400, {})]
    async with asked(home) as registry:
        for _ in range(2):
            assert await registry.tags(repository) == ["1.0.0"]
    assert [one.path.partition("?")[2] for one in web.asked] == ["n=1000", "", ""]


async def test_an_unknown_list_cannot_have_stayed_the_same(web: WebServer, home: Path) -> None:
    web.failures = [(304, {})]
    async with asked(home) as registry:
        with pytest.raises(Terminal, match="an unknown list of tags did not change"):
            await registry.tags(f"{web.host}/team/app")


async def test_a_damaged_list_is_transferred_again(web: WebServer, home: Path) -> None:
    web.redirects[LIST] = "/answer"
    web.files["/answer"] = b'{"tags": ["1.0.0"]}'
    for text in ("{}", "[", '{"pages": {"tags/list?n=1000": {"etag": "x"}}}'):
        async with asked(home) as registry:
            assert await registry.tags(f"{web.host}/team/app") == ["1.0.0"]
        for kept in (home / "cache" / "images" / "lists").rglob("*.json"):
            kept.write_text(text)


@pytest.mark.parametrize(
    ("config", "annotations", "expected"),
    [
        ({"created": "1970-01-01T00:00:00Z"}, {"org.opencontainers.image.created": "2026-05-01T00:00:00Z"}, MAY),
        ({}, {"org.opencontainers.image.created": "2026-05-01T00:00:00Z"}, MAY),
        ({"created": "1980-01-01T00:00:01Z"}, {}, datetime(1980, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ({"created": "2026-05-01T00:00:00Z"}, {"org.opencontainers.image.created": "2020-01-01T00:00:00Z"}, MAY),
    ],
)
async def test_a_reproducible_build_is_dated_by_its_annotation(
    config: dict[str, str], annotations: dict[str, str], expected: datetime, web: WebServer, home: Path
) -> None:
    about = {"config": {"digest": serve(web, "blobs", config)}, "annotations": annotations}
    serve(web, "manifests", about, "1.0.0")
    async with asked(home) as registry:
        assert await registry.created(f"{web.host}/team/app", "1.0.0") == expected


async def test_labels_go_before_annotations_and_others_are_not_kept(web: WebServer, home: Path) -> None:
    name = "org.opencontainers.image."
    config = {"config": {"Labels": {f"{name}source": "https://a.example/x", "secret": "s", f"{name}vendor": 7}}}
    about = {
        "config": {"digest": serve(web, "blobs", config)},
        "annotations": {f"{name}source": "https://b.example/y", f"{name}revision": "3f2c1ab" * 1000},
    }
    serve(web, "manifests", about, "1.0.0")
    async with asked(home) as registry:
        found = await registry.labels(f"{web.host}/team/app", "1.0.0")
    assert found == {f"{name}source": "https://a.example/x", f"{name}revision": ("3f2c1ab" * 1000)[:1000]}


async def test_nobody_at_the_address_is_one_clear_error(home: Path) -> None:
    async with asked(home) as registry:
        with pytest.raises(FairwayError, match="nothing answers there"):
            await registry.tags("127.0.0.1:1/team/app")
