"""The deployments API as CI meets it: proving who one is, asking for a deployment, following it, getting a key."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from tests.support.asking import PROVISION_KEY, Asked, asking, deploy, utc_now

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.team_signatures import sign
from fairway.domain.errors import Refused, Transient
from fairway.services.hookd.ports import Step, Tracked

DAY = 86400.0


class Judge:
    """Tokens by name, as the issuer would have made them."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        claims = {"repository": "example/orders", "actor": "anna", "sha": "f" * 40, "ref": "refs/heads/x", "run_id": 7}
        if token == "orders":
            return claims
        if token == "web":
            return {**claims, "repository": "example/web"}
        if token == "away":
            raise Transient("the keys at https://issuer.example cannot be had")
        raise Refused("the token is not good: ExpiredSignatureError")


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with asking(tokens=Judge()) as one:
        yield one


@pytest.fixture
async def key(asked: Asked) -> bytes:
    return await asked.keys.rotate("shop", keep_old_for=DAY)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def now() -> int:
    return int(time.time())


class TestDeploying:
    async def test_a_signed_request_is_accepted_and_remembered(self, asked: Asked, key: bytes) -> None:
        answer = await asked.deploy(key, deploy(sha="a" * 40, creator="anna", environment="dev:eu"))
        told = answer.json()
        assert (answer.status_code, told["message"]) == (201, "accepted")
        assert told["logURL"].startswith(f"https://fairway.example/logs?delivery_id={told['correlationID']}&ts=")
        assert answer.headers["location"] == told["logURL"]
        kept = await asked.store.get(told["correlationID"])
        assert kept is not None
        assert (kept.team, kept.cluster, kept.deployment_id, kept.origin.creator) == ("shop", "dev", 0, "anna")
        assert (kept.origin.environment, kept.story.run.door.value) == ("dev:eu", "api")

    async def test_the_same_body_again_is_the_same_delivery(self, asked: Asked, key: bytes) -> None:
        document = deploy()
        answers = await asyncio.gather(*(asked.deploy(key, document) for _ in range(8)))
        assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
        assert len({one.json()["correlationID"] for one in answers}) == 1
        assert {one.json()["message"] for one in answers} == {"accepted", "already accepted"}
        assert len(await asked.store.find()) == 1

    async def test_a_key_that_was_replaced_is_still_taken_and_a_revoked_one_is_not(
        self, asked: Asked, key: bytes
    ) -> None:
        newer = await asked.keys.rotate("shop", keep_old_for=DAY)
        assert [(await asked.deploy(one)).status_code for one in (key, newer)] == [201, 201]
        await asked.keys.revoke("shop")
        assert [(await asked.deploy(one)).status_code for one in (key, newer)] == [401, 401]

    async def test_a_team_s_key_is_for_no_other_team(self, asked: Asked, key: bytes) -> None:
        await asked.keys.rotate("web", keep_old_for=DAY)
        assert (await asked.deploy(key, deploy(team="web"))).status_code == 401
        assert await asked.store.find() == []

    async def test_a_key_goes_with_a_repository_of_the_team_or_of_nobody_and_with_no_other(
        self, asked: Asked, key: bytes
    ) -> None:
        assert (await asked.deploy(key, deploy(repository="unregistered"))).status_code == 201
        other = await asked.keys.rotate("web", keep_old_for=DAY)
        answer = await asked.deploy(other, deploy(team="web"))
        assert (answer.status_code, answer.json()["message"]) == (
            403,
            "the repository 'example/orders' does not have access to deploy as team 'web'",
        )

    async def test_a_token_brings_who_and_what_it_is_for(self, asked: Asked) -> None:
        body = deploy(ref="main", creator="somebody else")
        answer = await asked.client.post("/api/v1/deploy", json=body, headers=bearer("orders"))
        assert answer.status_code == 201
        kept = await asked.store.get(answer.json()["correlationID"])
        assert kept is not None
        origin = kept.origin
        assert (origin.creator, origin.sha, origin.ref) == ("anna", "f" * 40, "refs/heads/x")
        assert origin.web_url == "https://github.com/example/orders/actions/runs/7"

    @pytest.mark.parametrize(
        ("token", "change", "code", "message"),
        [
            ("web", {}, 403, "the token is for repository 'example/web', the request for another one"),
            ("web", {"repository": "web"}, 403, "repository 'example/web' is not registered"),
            (
                "orders",
                {"team": "web"},
                403,
                "the repository 'example/orders' does not have access to deploy as team 'web'",
            ),
            ("old", {}, 401, "the token is not good: ExpiredSignatureError"),
            ("away", {}, 503, "the token cannot be checked now; try again later"),
            ("orders", {"timestamp": 1}, 401, "timestamp is more than 30 seconds in the past; sign the request when"),
        ],
    )
    async def test_a_token_is_checked_against_the_request_and_team_access(
        self, asked: Asked, token: str, change: dict[str, Any], code: int, message: str
    ) -> None:
        answer = await asked.client.post("/api/v1/deploy", json=deploy(**change), headers=bearer(token))
        assert (answer.status_code, answer.json()["message"].startswith(message)) == (code, True), answer.text
        assert await asked.store.find() == []

    @pytest.mark.parametrize(
        ("change", "code", "message"),
        [
            ({"timestamp": 1}, 401, "timestamp is more than 30 seconds in the past; sign the request when it is sent"),
            ({"timestamp": 2**39}, 401, "timestamp is more than 30 seconds in the future; sign the request when it is"),
            ({"cluster": "prod"}, 400, "environment 'prod' is not known; known: dev"),
            ({"resources": []}, 400, "no resources to deploy"),
            ({"cluster": None}, 400, "cluster: it is missing"),
            ({"x": 1}, 400, "unknown key 'x'; known: resources, team, cluster"),
        ],
    )
    async def test_what_is_wrong_with_a_signed_request_is_said(
        self, asked: Asked, key: bytes, change: dict[str, Any], code: int, message: str
    ) -> None:
        answer = await asked.deploy(key, deploy(**change))
        assert (answer.status_code, answer.json()["message"].startswith(message)) == (code, True), answer.text
        assert set(answer.json()) == {"message", "correlationID"}

    async def test_while_the_store_is_away_the_caller_shall_try_again(self) -> None:
        class Away(MemoryRequestStore):
            async def add(self, new: Any) -> set[str]:
                raise Transient("the ledger postgresql://db can't be reached")

            async def get(self, delivery_id: str) -> Tracked | None:
                raise Transient("the ledger postgresql://db can't be reached")

        async with asking(store=Away(MemoryLedger())) as asked:
            key = await asked.keys.rotate("shop", keep_old_for=DAY)
            answers = [
                await asked.deploy(key),
                await asked.signed("/api/v1/status", status("d"), key),
                await asked.client.get("/deployments/d"),
                await asked.client.get("/deployments/d", headers={"accept": "application/json"}),
            ]
        assert {(one.status_code, one.headers["retry-after"]) for one in answers} == {(503, "30")}
        assert "postgresql" not in answers[2].text + answers[3].text + answers[1].text


class TestFollowing:
    async def test_the_team_follows_its_deployment_to_the_end(self, asked: Asked, key: bytes) -> None:
        id_ = (await asked.deploy(key)).json()["correlationID"]
        first = await asked.signed("/api/v1/status", status(id_), key)
        assert (first.status_code, first.json()["state"], first.json()["final"]) == (200, "queued", False)
        at = utc_now()
        await asked.store.step([Step(id_, State.IN_PROGRESS, at, "applied"), Step(id_, State.FAILURE, at, "no\nmore")])
        last = (await asked.signed("/api/v1/status", status(id_, more=1), key)).json()
        assert (last["state"], last["final"], last["description"]) == ("failure", True, "no")
        assert [(one["state"], one["description"]) for one in last["statuses"]] == [
            ("queued", ""),
            ("in_progress", "applied"),
            ("failure", "no\nmore"),
        ]

    async def test_a_query_is_signed_as_it_is_sent(self, asked: Asked, key: bytes) -> None:
        id_ = (await asked.deploy(key)).json()["correlationID"]
        query = urlencode({"deliveryID": id_, "team": "shop", "timestamp": now()})
        signed = {"X-NAIS-Signature": sign(query.encode(), key)}
        answer = await asked.client.get(f"/api/v1/status?{query}", headers=signed)
        assert (answer.status_code, answer.json()["deliveryID"]) == (200, id_)
        changed = await asked.client.get(f"/api/v1/status?{query}&owner=a", headers=signed)
        assert changed.status_code in (400, 401)
        head = await asked.client.head(f"/api/v1/status?{query}", headers=signed)
        assert (head.status_code, head.content) == (200, b"")

    async def test_a_repository_follows_with_its_token(self, asked: Asked, key: bytes) -> None:
        id_ = (await asked.deploy(key)).json()["correlationID"]
        query = {"deliveryID": id_, "owner": "Example", "repository": "Orders", "timestamp": str(now())}
        answer = await asked.client.get("/api/v1/status", params=query, headers=bearer("orders"))
        assert (answer.status_code, answer.json()["repository"]) == (200, "example/orders")

    async def test_what_is_another_s_does_not_exist(self, asked: Asked, key: bytes) -> None:
        id_ = (await asked.deploy(key)).json()["correlationID"]
        other = await asked.keys.rotate("web", keep_old_for=DAY)
        theirs = await asked.signed("/api/v1/status", status(id_, team="web"), other)
        unknown = await asked.signed("/api/v1/status", status("d-9", team="web"), other)
        assert (theirs.status_code, unknown.status_code) == (404, 404)
        assert theirs.json()["message"] == unknown.json()["message"]
        query = {"deliveryID": id_, "owner": "example", "repository": "web", "timestamp": str(now())}
        assert (await asked.client.get("/api/v1/status", params=query, headers=bearer("web"))).status_code == 404

    async def test_a_team_that_is_merely_named_beside_a_token_counts_for_nothing(
        self, asked: Asked, key: bytes
    ) -> None:
        id_ = (await asked.deploy(key)).json()["correlationID"]
        query = {"deliveryID": id_, "team": "shop", "owner": "example", "repository": "web", "timestamp": str(now())}
        assert (await asked.client.get("/api/v1/status", params=query, headers=bearer("web"))).status_code == 404


class TestProvisioning:
    async def test_a_new_key_is_told_once_and_signs(self, asked: Asked) -> None:
        answer = await self.provision(asked, team="New")
        assert (answer.status_code, answer.json()["team"]) == (201, "new")
        assert answer.headers["cache-control"] == "no-store"
        assert await asked.keys.keys("new") == [bytes.fromhex(answer.json()["key"])]

    async def test_who_has_a_key_keeps_it_unless_it_is_rotated(self, asked: Asked, key: bytes) -> None:
        kept = await self.provision(asked, team="shop")
        assert (kept.status_code, "key" in kept.json()) == (200, False)
        rotated = await self.provision(asked, team="shop", rotate=True)
        assert rotated.status_code == 201
        assert await asked.keys.keys("shop") == [bytes.fromhex(rotated.json()["key"]), key]

    async def test_a_recording_of_the_request_makes_no_other_key(self, asked: Asked) -> None:
        body = json.dumps({"team": "shop", "rotate": True, "timestamp": now()}).encode()
        first, second = [await asked.signed("/api/v1/provision", body, PROVISION_KEY) for _ in range(2)]
        upper = await asked.client.post(
            "/api/v1/provision", content=body, headers={"x-nais-signature": sign(body, PROVISION_KEY).upper()}
        )
        assert (first.status_code, second.status_code, upper.status_code) == (201, 401, 401)
        assert len(await asked.keys.keys("shop")) == 1

    async def test_a_team_s_key_and_a_token_make_none(self, asked: Asked, key: bytes) -> None:
        body = json.dumps({"team": "shop", "timestamp": now(), "rotate": True}).encode()
        assert (await asked.signed("/api/v1/provision", body, key)).status_code == 401
        with_token = await asked.client.post("/api/v1/provision", content=body, headers=bearer("orders"))
        assert with_token.status_code == 401
        assert await asked.keys.keys("shop") == [key]

    @staticmethod
    async def provision(asked: Asked, **said: Any) -> httpx2.Response:
        body = json.dumps({"timestamp": now(), **said}).encode()
        return await asked.signed("/api/v1/provision", body, PROVISION_KEY)


class TestEveryCall:
    PATHS = ("/api/v1/deploy", "/api/v1/status", "/api/v1/provision")

    @pytest.mark.parametrize("path", PATHS)
    async def test_without_credentials_nothing_is_read(self, asked: Asked, path: str) -> None:
        answer = await asked.client.post(path, content=b"x" * 1000)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert set(answer.json()) == {"message", "correlationID"}

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("signature", ["x", "0" * 63, "ü" * 64])
    async def test_what_is_no_signature_is_refused(self, asked: Asked, path: str, signature: str) -> None:
        body = json.dumps({"team": "shop", "deliveryID": "d", "timestamp": now()}).encode()
        body = json.dumps(deploy()).encode() if path.endswith("deploy") else body
        if path.endswith("provision"):
            body = json.dumps({"team": "shop", "timestamp": now()}).encode()
        answer = await asked.client.post(path, content=body, headers={"x-nais-signature": signature.encode("latin-1")})
        assert (answer.status_code, "malformed" in answer.json()["message"]) == (401, True)

    @pytest.mark.parametrize("path", PATHS)
    async def test_credentials_twice_are_refused(self, asked: Asked, path: str) -> None:
        twice = [("x-nais-signature", "0" * 64), ("x-nais-signature", "1" * 64)]
        assert (await asked.client.post(path, content=b"{}", headers=twice)).status_code == 401
        assert (await asked.client.post(path, content=b"{}", headers=[*bearer("a").items()] * 2)).status_code == 401

    @pytest.mark.parametrize("path", PATHS)
    async def test_a_compressed_body_is_not_unpacked(self, asked: Asked, path: str) -> None:
        body = gzip.compress(b"{}")
        headers = {"content-encoding": "gzip", "x-nais-signature": sign(body, PROVISION_KEY)}
        assert (await asked.client.post(path, content=body, headers=headers)).status_code == 415

    async def test_bodies_have_a_limit(self, key: bytes) -> None:
        async with asking(most_bytes=1000) as asked:
            large = json.dumps(deploy(description="x" * 1000)).encode()
            answer = await asked.signed("/api/v1/deploy", large, key)
            assert (answer.status_code, answer.json()["message"]) == (413, "the body is larger than 1000 bytes")

    @pytest.mark.parametrize("path", PATHS[1:])
    async def test_a_body_that_only_asks_is_small(self, asked: Asked, path: str) -> None:
        answer = await asked.signed(path, b" " * 65537, PROVISION_KEY)
        assert (answer.status_code, answer.json()["message"]) == (413, "the body is larger than 65536 bytes")

    @pytest.mark.parametrize(("path", "allow"), [(PATHS[0], {"POST"}), (PATHS[1], {"GET", "HEAD", "POST"})])
    async def test_other_methods_are_not_allowed(self, asked: Asked, path: str, allow: set[str]) -> None:
        answer = await asked.client.delete(path)
        assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, allow)

    async def test_without_provision_keys_there_is_no_provisioning(self) -> None:
        async with asking(api=None) as asked:
            for path in self.PATHS:
                assert (await asked.client.post(path, content=b"{}")).status_code == 404

    async def test_nothing_secret_reaches_a_log(
        self, asked: Asked, key: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, "fairway"):
            body = json.dumps(deploy()).encode()
            await asked.signed("/api/v1/deploy", body, key)
            await asked.signed("/api/v1/deploy", body + b" ", key)
            await asked.client.post("/api/v1/deploy", content=body, headers=bearer("t0ken"))
            made = await TestProvisioning.provision(asked, team="new")
        logged = json.dumps([one.__dict__ for one in caplog.records], default=str)
        for secret in (key.hex(), sign(body, key), "t0ken", made.json()["key"]):
            assert secret not in logged


def status(id_: str, team: str = "shop", **more: int) -> bytes:
    document = {"deliveryID": id_, "team": team, "timestamp": now()}
    return json.dumps(document, indent=more.get("more")).encode()
