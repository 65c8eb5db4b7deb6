"""What the client puts on the wire, pages of lists, and the masking of what a Secret holds."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from tests.unit.adapters.kube.conftest import Server, ok, status

from fairway.adapters.kube.client import KubeClient
from fairway.adapters.kube.discovery import Discovery
from fairway.adapters.kube.memory import BUILT_IN
from fairway.adapters.kube.serving import Serving
from fairway.domain.kube_errors import InvalidObject
from fairway.domain.manifests.api import indexed
from fairway.domain.manifests.masking import MASK
from fairway.domain.manifests.objects import Object, ObjectRef

WEB = ObjectRef("apps/v1", "Deployment", "shop", "web")


@pytest.fixture
async def client(server: Server) -> KubeClient:
    async def known() -> Discovery:
        return Discovery(indexed("v1.36.3", BUILT_IN))

    return KubeClient(await server.transport(), Serving(known))


async def test_an_apply_is_json_under_yamls_content_type(server: Server, client: KubeClient) -> None:
    server.answers = [ok({"kind": "Deployment"})]
    assert await client.apply({"spec": {}}, WEB) == {"kind": "Deployment"}
    ((method, path, headers, body),) = server.seen
    assert method == "PATCH"
    assert path == ("/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=helm&fieldValidation=Strict&force=true")
    assert headers["Content-Type"] == "application/apply-patch+yaml"
    assert orjson.loads(body) == {"spec": {}}


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"force": False}, "fieldManager=helm&fieldValidation=Strict"),
        ({"dry_run": True}, "fieldManager=helm&fieldValidation=Strict&force=true&dryRun=All"),
        ({"manager": "me"}, "fieldManager=me&fieldValidation=Strict&force=true"),
    ],
)
async def test_options_of_an_apply_are_in_the_query(
    server: Server, client: KubeClient, options: dict[str, Any], query: str
) -> None:
    server.answers = [ok()]
    await client.apply({}, WEB, **options)
    assert server.seen[0][1].partition("?")[2] == query


async def test_names_are_escaped_in_paths(server: Server, client: KubeClient) -> None:
    server.answers = [ok()]
    await client.get(ObjectRef("rbac.authorization.k8s.io/v1", "ClusterRole", "", "system:a/b?c"))
    assert server.seen[0][1] == "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%2Fb%3Fc"


async def test_a_list_is_read_page_by_page_and_asks_for_no_version(server: Server, client: KubeClient) -> None:
    page = {"metadata": {"continue": "next one"}, "items": [{"metadata": {"name": "a"}}]}
    server.answers = [ok(page), ok({"metadata": {}, "items": [{"metadata": {"name": "b"}}]})]
    resource = (await client.discover()).by_ref["apps/v1", "Deployment"]
    found = await client.list_metadata(resource, "shop", label_selector="a=b,c in (d)")
    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [("Deployment", "a"), ("Deployment", "b")]
    assert [path.partition("?")[2] for _, path, _, _ in server.seen] == [
        "limit=2500&labelSelector=a%3Db%2Cc+in+%28d%29",
        "limit=2500&labelSelector=a%3Db%2Cc+in+%28d%29&continue=next+one",
    ]
    assert "PartialObjectMetadataList" in server.seen[0][2]["Accept"]


async def test_a_list_whose_pages_expired_is_read_again_in_one_piece(server: Server, client: KubeClient) -> None:
    page = {"metadata": {"continue": "old"}, "items": [{"metadata": {"name": "a"}}]}
    whole = {"metadata": {}, "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}
    server.answers = [ok(page), status(410, "too old", "Expired"), ok(whole)]
    resource = (await client.discover()).by_ref["apps/v1", "Deployment"]
    found = await client.list_objects(resource, None)
    assert [item["metadata"]["name"] for item in found] == ["a", "b"]
    assert server.seen[-1][1] == "/apis/apps/v1/deployments?limit=0"


async def test_a_refusal_never_quotes_a_secret(server: Server, client: KubeClient) -> None:
    encoded = base64.b64encode(b"hunter2000").decode()
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db"},
        "data": {"password": encoded},
        "stringData": {"user": "geheim"},
    }
    cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: {encoded}", "field": "data[password]"}
    server.answers = [status(422, f"got hunter2000, {encoded} and geheim", "Invalid", causes=[cause])]
    with pytest.raises(InvalidObject) as caught:
        await client.apply(secret, ObjectRef("v1", "Secret", "shop", "db"))
    for text in (caught.value.message, str(caught.value), repr(caught.value.args), caught.value.causes[0].message):
        assert not {"hunter2000", encoded, "geheim"} & {w for w in ("hunter2000", encoded, "geheim") if w in text}
    assert caught.value.message == f"apply Secret db: got {MASK}, {MASK} and {MASK}"


async def test_deleting_names_the_very_object(server: Server, client: KubeClient) -> None:
    server.answers = [ok(), status(409, "uid changed", "Conflict"), status(404, "gone", "NotFound", name="web")]
    assert await client.delete(WEB, propagation="Foreground", uid="u-1") is True
    assert await client.delete(WEB, uid="u-1") is False
    assert await client.delete(WEB) is False
    body = orjson.loads(server.seen[0][3])
    assert (body["propagationPolicy"], body["preconditions"]) == ("Foreground", {"uid": "u-1"})


async def test_logs_are_asked_for_by_lines(server: Server, client: KubeClient) -> None:
    server.answers = [ok("x"), status(400, "previous terminated container not found")]
    await client.read_logs("shop", "web-1", "app", lines=5, previous=True)
    assert server.seen[0][1] == (
        "/api/v1/namespaces/shop/pods/web-1/log?container=app&tailLines=5&limitBytes=65536&previous=true"
    )
    assert await client.read_logs("shop", "web-1", "app", lines=5, previous=True) == ""


async def test_what_is_no_json_is_said(client: KubeClient) -> None:
    with pytest.raises(InvalidObject, match="can't be written as JSON"):
        await client.apply({"spec": {"n": 2**70}}, WEB)
