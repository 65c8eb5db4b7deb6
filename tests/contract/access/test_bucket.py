"""Team access in S3 as other programs leave it there and read it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from fairway.adapters.s3.access import S3Access, open_s3_access
from fairway.adapters.s3.bucket import Bucket, Lost, NoObject, Place
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.services.access.ports import ChangedMeanwhile


async def test_the_bucket_is_made_once_and_then_found(place: Place) -> None:
    first = Bucket(place)
    store = await open_s3_access(first)
    await store.write("shop/web", ["web"], expected=None)
    second = Bucket(replace(place, create=False))
    stored = await (await open_s3_access(second)).read("shop/web")
    assert stored is not None
    assert stored.teams == ("web",)
    first.close()
    second.close()


async def test_a_bucket_that_may_not_be_made_is_missed(place: Place) -> None:
    bucket = Bucket(replace(place, create=False))
    with pytest.raises(UserError, match="there is no bucket") as missed:
        await open_s3_access(bucket)
    assert "--s3-bucket-name" in (missed.value.fix or "")
    bucket.close()


async def test_the_object_is_the_repository_and_its_body_an_array(bucket: Bucket) -> None:
    await S3Access(bucket).write("Shop/web", ["web", "orders"], expected=None)
    stored = await asyncio.to_thread(bucket.get, "Shop/web")
    assert json.loads(stored.body) == ["orders", "web"]


async def test_what_others_wrote_is_read_and_changed_where_it_is(bucket: Bucket) -> None:
    await asyncio.to_thread(bucket.put, "Shop/Web", b' [ "web" ]\n', expected=None)
    store = S3Access(bucket)
    seen = await store.read("shop/web")
    assert seen is not None
    assert (seen.repository, seen.teams) == ("Shop/Web", ("web",))
    await store.write("shop/web", ["orders"], expected=seen.version)
    assert json.loads((await asyncio.to_thread(bucket.get, "Shop/Web")).body) == ["orders"]
    with pytest.raises(NoObject):
        await asyncio.to_thread(bucket.get, "shop/web")


async def test_a_key_in_another_case_is_found_within_seconds(bucket: Bucket) -> None:
    clock = iter([0.0, 1.0, 4.9, 5.0, 5.0]).__next__
    store = S3Access(bucket, clock)
    assert await store.read("shop/web") is None
    await asyncio.to_thread(bucket.put, "Shop/Web", b'["web"]', expected=None)
    assert await store.read("shop/web") is None
    assert await store.read("Shop/Web") is not None
    assert await store.read("shop/web") is None
    found = await store.read("shop/web")
    assert found is not None
    assert found.repository == "Shop/Web"


async def test_who_is_taken_out_leaves_an_empty_array_that_lets_nobody_through(bucket: Bucket) -> None:
    store = S3Access(bucket)
    first = await store.write("shop/web", ["web"], expected=None)
    assert first is not None
    await store.write("shop/web", [], expected=first.version)
    assert json.loads((await asyncio.to_thread(bucket.get, "shop/web")).body) == []
    assert await store.read("shop/web") is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null"])
async def test_what_names_no_team_is_not_registered(bucket: Bucket, body: bytes) -> None:
    await asyncio.to_thread(bucket.put, "shop/web", body, expected=None)
    store = S3Access(bucket)
    assert await store.read("shop/web") is None
    assert await store.search("", limit=5) == []
    written = await store.write("shop/web", ["web"], expected=None)
    assert written is not None


@pytest.mark.parametrize("body", [b"[", b'{"teams": []}', b'["web", 1]', b'["a b"]', b"\xff\xfe", b'"web"'])
async def test_a_broken_body_is_named_and_left_alone(bucket: Bucket, body: bytes) -> None:
    await asyncio.to_thread(bucket.put, "shop/web", body, expected=None)
    await asyncio.to_thread(bucket.put, "shop/orders", b'["orders"]', expected=None)
    store = S3Access(bucket)
    with pytest.raises(Terminal, match="the object shop/web in s3://") as broken:
        await store.read("shop/web")
    assert "JSON array of team slugs" in (broken.value.fix or "")
    with pytest.raises(Terminal):
        await store.write("shop/web", ["web"], expected=None)
    assert [one.repository for one in await store.search("", limit=5)] == ["shop/orders"]
    assert (await asyncio.to_thread(bucket.get, "shop/web")).body == body


async def test_an_object_that_is_no_registration_is_left_out_of_lists(bucket: Bucket) -> None:
    for key in ("readme.txt", "a/b/c", "shop/web"):
        await asyncio.to_thread(bucket.put, key, b'["web"]', expected=None)
    assert [one.repository for one in await S3Access(bucket).search("", limit=5)] == ["shop/web"]


async def test_a_list_longer_than_a_page_is_read_to_its_end(place: Place) -> None:
    bucket = Bucket(place, page=2)
    store = await open_s3_access(bucket)
    names = [f"owner-{number}/web" for number in range(5)]
    for name in names:
        await store.write(name, ["web"], expected=None)
    assert [one.repository for one in await store.search("web", limit=9)] == names
    assert await asyncio.to_thread(bucket.folders) == [name.removesuffix("web") for name in names]
    found = await store.read("OWNER-4/web")
    assert found is not None
    bucket.close()


async def test_an_object_that_is_gone_or_there_is_not_written_over(bucket: Bucket) -> None:
    etag = await asyncio.to_thread(bucket.put, "shop/web", b"[]", expected=None)
    with pytest.raises(Lost):
        await asyncio.to_thread(bucket.put, "shop/web", b"[1]", expected=None)
    with pytest.raises(Lost):
        await asyncio.to_thread(bucket.put, "shop/web", b"[1]", expected='"00000000000000000000000000000000"')
    await asyncio.to_thread(bucket.remove, "shop/web")
    with pytest.raises(Lost):
        await asyncio.to_thread(bucket.put, "shop/web", b"[1]", expected=etag)


async def test_of_two_spellings_at_the_same_moment_at_most_one_stays(bucket: Bucket) -> None:
    stores = [S3Access(bucket), S3Access(bucket)]
    names = ["Shop/web", "shop/web"]
    pairs = zip(stores, names, strict=True)
    writing = [store.write(name, [f"team-{i}"], expected=None) for i, (store, name) in enumerate(pairs)]
    answers = await asyncio.gather(*writing, return_exceptions=True)
    kept = [key for key, _ in await asyncio.to_thread(lambda: list(bucket.listed()))]
    assert len(kept) == sum(not isinstance(one, BaseException) for one in answers) <= 1
    assert all(isinstance(one, ChangedMeanwhile) for one in answers if isinstance(one, BaseException))


async def test_a_server_that_is_away_is_waited_for_later() -> None:
    bucket = Bucket(Place("nowhere", "http://127.0.0.1:9", "a", "b"))
    with pytest.raises(Transient, match="cannot be reached"):
        await open_s3_access(bucket)
    with pytest.raises(Transient):
        await S3Access(bucket).read("shop/web")
    bucket.close()


async def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(UserError, match="no address of an S3 service"):
        await open_s3_access(Bucket(Place("b", "ftp//what", "a", "b")))


@pytest.mark.parametrize("wrong", [{"secret_key": "wrong-secret"}, {"access_key": "nobody"}])
async def test_wrong_keys_are_told_without_being_repeated(minio: str, wrong: dict[str, str]) -> None:
    from tests.support import minio as real

    place = Place("deployments", minio, real.ACCESS_KEY, real.SECRET_KEY, "us-east-1")
    bucket = Bucket(replace(place, **wrong))
    with pytest.raises(UserError, match="access was refused") as refused:
        await S3Access(bucket).read("shop/web")
    assert "--s3-access-key" in (refused.value.fix or "")
    assert "secret" not in str(refused.value).replace("--s3-secret-key", "")
    assert real.SECRET_KEY not in repr(bucket.place)
    bucket.close()
