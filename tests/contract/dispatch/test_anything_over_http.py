"""Whatever comes over the wire to hookd is answered, and breaks nothing: properties, over one server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.asking import PROVISION_KEY, SECRET, asking_in_a_thread, event

from fairway.domain.dispatch.signatures import signature_of
from fairway.domain.dispatch.team_signatures import sign

EVENTS = {200, 201, 204, 400, 403, 413}
API = {200, 201, 400, 401, 403, 404, 405, 413, 415}
PAGES = {200, 302, 404}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[httpx2.Client, bytes]]:
    with (
        asking_in_a_thread() as (address, key),
        httpx2.Client(base_url=address, trust_env=False, timeout=30) as client,
    ):
        yield client, key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=9,
)
KEYS = ["repository", "deployment", "full_name", "id", "environment", "payload", "team", "version", "kubernetes"]


@st.composite
def bent_events(draw: st.DrawFn) -> bytes:
    """A good event with something else in one or two of its places."""
    document = json.loads(event())
    for _ in range(draw(st.integers(1, 2))):
        places = [document, document.get("repository"), document.get("deployment")]
        payload = (
            (document.get("deployment") or {}).get("payload") if isinstance(document.get("deployment"), dict) else None
        )
        place = draw(st.sampled_from([one for one in [*places, payload] if isinstance(one, dict) and one]))
        place[draw(st.sampled_from(sorted(place)))] = draw(JSON)
    return json.dumps(document).encode()


QUIET = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@QUIET
@given(body=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()) | bent_events())
def test_any_signed_body_of_an_event_is_answered(server: tuple[httpx2.Client, bytes], body: bytes) -> None:
    headers = {"x-github-event": "deployment", "x-hub-signature-256": signature_of(body, SECRET)}
    answer = server[0].post("/events", content=body, headers=headers)
    assert answer.status_code in EVENTS
    assert "\n" not in answer.text


HEADER = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=80).map(str.strip)


@QUIET
@given(
    st.dictionaries(
        st.sampled_from(
            ["x-github-event", "x-github-delivery", "x-hub-signature", "x-hub-signature-256", "content-encoding"]
        ),
        HEADER | st.sampled_from(["deployment", "sha256=", "sha1=" + "0" * 40, "sha256=" + "0" * 64]),
    )
)
def test_any_headers_of_an_event_are_answered(server: tuple[httpx2.Client, bytes], headers: dict[str, str]) -> None:
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    assert server[0].post("/events", content=event(), headers=raw).status_code in EVENTS


@QUIET
@given(
    path=st.sampled_from(["/api/v1/deploy", "/api/v1/status", "/api/v1/provision"]),
    body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_signed_body_of_the_api_is_answered(server: tuple[httpx2.Client, bytes], path: str, body: bytes) -> None:
    client, key = server
    for used in (key, PROVISION_KEY):
        answer = client.post(path, content=body, headers={"x-nais-signature": sign(body, used)})
        assert answer.status_code in API
        assert {"message", "correlationID"} <= set(answer.json())


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@QUIET
@given(
    path=st.sampled_from(["/deployments", "/logs", "/deployments/x", "/api/v1/status"]),
    query=st.dictionaries(
        st.sampled_from(["repository", "cluster", "team", "before", "delivery_id", "ts", "refresh", "output"]) | TEXT,
        TEXT | st.sampled_from(["off", "json", "0" * 26, "7" + "Z" * 25]),
        max_size=4,
    ),
)
def test_any_query_is_answered(server: tuple[httpx2.Client, bytes], path: str, query: dict[str, str]) -> None:
    assert server[0].get(path, params=query).status_code in PAGES | API


@QUIET
@given(st.binary(max_size=400))
def test_any_bytes_on_the_wire_do_not_stop_it(server: tuple[httpx2.Client, bytes], raw: bytes) -> None:
    base = urlsplit(str(server[0].base_url))
    with socket.create_connection((base.hostname or "", base.port or 0), timeout=5) as connection:
        connection.sendall(b"POST /events HTTP/1.1\r\nX-GitHub-Event: deployment\r\n" + raw)
    assert server[0].get("/healthz").status_code == 200
