"""A watch keeps one consistent story, whatever happens to its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import orjson
import pytest
from aiohttp import web
from tests.unit.adapters.kube.conftest import Server, ok, status

from fairway.adapters.kube.memory import resource
from fairway.adapters.kube.watch import watch
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import Object

PODS = resource("v1", "Pod")


def pod(name: str, version: int, uid: str = "") -> Object:
    metadata = {"name": name, "namespace": "shop", "uid": uid or name, "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}


def event(kind: str, obj: Object) -> bytes:
    return orjson.dumps({"type": kind, "object": obj}) + b"\n"


def streams(*chunks: bytes, then: str = "end") -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Sends chunks, then ends, hangs (`stay`), or cuts the connection (`cut`)."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
            await asyncio.sleep(0.005)
        if then == "stay":
            await asyncio.sleep(3600)
        if then == "cut":
            assert request.transport is not None
            request.transport.close()
        return response

    return answer


class Follower:
    """Follows a watch over lists given in advance."""

    def __init__(self, server: Server, *lists: tuple[list[Object], str]) -> None:
        self.server = server
        self.lists = list(lists)
        self.listed = 0

    async def lister(self, *_: Any, **__: Any) -> tuple[list[Object], str]:
        self.listed += 1
        return self.lists.pop(0)

    async def first(self, count: int, on_lost: Callable[[], None] = lambda: None) -> list[tuple[str, str, str]]:
        transport = await self.server.transport()
        events = watch(
            transport,
            self.lister,
            PODS,
            "shop",
            sleep=self.server.pause,
            jitter=lambda: 1.0,
            label_selector="a=b",
            on_lost=on_lost,
        )
        seen = []
        async with asyncio.timeout(10), aclosing(events):  # type: ignore[type-var]
            async for found in events:
                metadata = found.object["metadata"]
                seen.append((str(found.type), metadata["name"], metadata["resourceVersion"]))
                if len(seen) == count:
                    break
        return seen


async def test_what_is_there_comes_first_and_the_watch_goes_on_from_the_list(server: Server) -> None:
    server.answers = [streams(event("MODIFIED", pod("a", 6)), then="stay")]
    follower = Follower(server, ([pod("a", 5)], "5"))
    assert await follower.first(2) == [("ADDED", "a", "5"), ("MODIFIED", "a", "6")]
    path = server.seen[0][1]
    assert path.startswith("/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=480")
    assert "resourceVersion=5&labelSelector=a%3Db" in path


async def test_events_may_come_in_pieces_and_together(server: Server) -> None:
    a, b = event("ADDED", pod("a", 2)), event("ADDED", pod("b", 3))
    server.answers = [streams(a[:10], a[10:] + b + b"", event("DELETED", pod("a", 4)), then="stay")]
    seen = await Follower(server, ([], "1")).first(3)
    assert seen == [("ADDED", "a", "2"), ("ADDED", "b", "3"), ("DELETED", "a", "4")]


async def test_after_an_end_it_goes_on_where_it_was_by_bookmark(server: Server) -> None:
    bookmark = {"kind": "Pod", "metadata": {"resourceVersion": "90"}}
    server.answers = [
        streams(event("ADDED", pod("a", 2)), event("BOOKMARK", bookmark)),
        streams(event("ADDED", pod("b", 91)), then="stay"),
    ]
    follower = Follower(server, ([], "1"))
    assert await follower.first(2) == [("ADDED", "a", "2"), ("ADDED", "b", "91")]
    assert "resourceVersion=90" in server.seen[1][1]
    assert follower.listed == 1
    assert server.pauses == []


@pytest.mark.parametrize(
    "lost",
    [
        status(410, "too old", "Expired"),
        streams(event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})),
    ],
    ids=["answer", "event"],
)
async def test_when_its_version_is_too_old_it_lists_and_tells_only_what_changed(server: Server, lost: Any) -> None:
    server.answers = [lost, streams(then="stay")]
    before = [pod("same", 1), pod("changed", 2), pod("gone", 3), pod("again", 4, uid="old")]
    after = [pod("same", 1), pod("changed", 9), pod("again", 8, uid="new"), pod("new", 7)]
    follower = Follower(server, (before, "4"), (after, "9"))
    seen = await follower.first(9)
    assert seen[:4] == [("ADDED", p["metadata"]["name"], p["metadata"]["resourceVersion"]) for p in before]
    assert sorted(seen[4:]) == sorted(
        [
            ("DELETED", "gone", "3"),
            ("MODIFIED", "changed", "9"),
            ("DELETED", "again", "4"),
            ("ADDED", "again", "8"),
            ("ADDED", "new", "7"),
        ]
    )
    assert follower.listed == 2


async def test_a_cut_connection_goes_on_where_it_was(server: Server) -> None:
    half = event("ADDED", pod("b", 3))[:15]
    server.answers = [
        streams(event("ADDED", pod("a", 2)), half, then="cut"),
        streams(event("ADDED", pod("b", 3)), then="stay"),
    ]
    follower = Follower(server, ([], "1"))
    assert await follower.first(2) == [("ADDED", "a", "2"), ("ADDED", "b", "3")]
    assert "resourceVersion=2" in server.seen[1][1]
    assert follower.listed == 1


async def test_an_error_event_of_another_kind_goes_on_too(server: Server) -> None:
    broken = event("ERROR", {"kind": "Status", "code": 500, "message": "etcd"})
    server.answers = [streams(broken), streams(event("ADDED", pod("a", 2)), then="stay")]
    assert await Follower(server, ([], "1")).first(1) == [("ADDED", "a", "2")]


async def test_a_server_that_ends_watches_at_once_is_not_hammered(server: Server) -> None:
    server.answers = [*(streams() for _ in range(8)), streams(event("ADDED", pod("a", 2)), then="stay")]
    await Follower(server, ([], "1")).first(1)
    assert server.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


async def test_a_cluster_that_stops_answering_is_told_once_until_it_answered(server: Server) -> None:
    lost: list[int] = []
    server.answers = [*[streams()] * 8, streams(event("MODIFIED", pod("a", 6))), *[streams()] * 4]
    server.answers += [streams(event("MODIFIED", pod("a", 7)), then="stay")]
    follower = Follower(server, ([pod("a", 5)], "5"))
    found = await follower.first(3, on_lost=lambda: lost.append(len(server.answers)))
    assert [version for _, _, version in found] == ["5", "6", "7"]
    assert len(lost) == 2


async def test_a_refusal_ends_the_watch(server: Server) -> None:
    server.answers = [status(403, "no")]
    with pytest.raises(Forbidden):
        await Follower(server, ([], "1")).first(1)


async def test_breaking_off_closes_the_connection(server: Server) -> None:
    closed = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(event("ADDED", pod("a", 2)))
        try:
            await asyncio.sleep(3600)
        finally:
            closed.set()
        return response

    server.answers = [answer]
    await Follower(server, ([], "1")).first(1)
    async with asyncio.timeout(5):
        await closed.wait()


async def test_lists_are_asked_of_the_client(server: Server) -> None:
    from fairway.adapters.kube.client import KubeClient

    server.answers = [
        ok({"metadata": {"resourceVersion": "5"}, "items": [{"metadata": {"name": "a", "resourceVersion": "5"}}]}),
        streams(then="stay"),
    ]
    events = KubeClient(await server.transport()).watch(PODS, None)
    async with asyncio.timeout(5), aclosing(events):  # type: ignore[type-var]
        assert (await anext(events)).object["kind"] == "Pod"
