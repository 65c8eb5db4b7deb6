"""The portal as part of a real `fairway hookd`: what is registered there is what a webhook is let through for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.cli import PROGRAM
from tests.support.forges.github_portal import CLIENT_ID, CLIENT_SECRET, PortalGithub, shop
from tests.support.forges.serving import serving

from fairway.adapters.devcluster.ports import choose

SECRET = "webhook-secret-of-tests"
WEB = "/repositories/shop/web"


@dataclass
class Hookd:
    url: str
    github: PortalGithub
    log: Path

    async def deploy(self, client: httpx2.AsyncClient, team: str) -> httpx2.Response:
        """A deployment of shop/web as GitHub tells of it."""
        resource = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}}
        payload: dict[str, Any] = {"version": [1, 0, 0], "team": team, "kubernetes": {"resources": [resource]}}
        event = {
            "action": "created",
            "deployment": {
                "id": uuid.uuid4().int >> 80,
                "environment": "prod",
                "payload": payload,
                "ref": "main",
                "sha": "1" * 40,
            },
            "repository": {"full_name": "shop/web"},
        }
        body = json.dumps(event).encode()
        headers = {
            "x-github-event": "deployment",
            "x-github-delivery": str(uuid.uuid4()),
            "x-hub-signature-256": f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}",
            "content-type": "application/json",
        }
        return await client.post("/events", content=body, headers=headers)


@asynccontextmanager
async def hookd(folder: Path, *more: str) -> AsyncIterator[Hookd]:
    (port,) = choose(1)
    url = f"http://127.0.0.1:{port}"
    github = shop(PortalGithub(callback=f"{url}/auth/callback"))
    log = folder / "hookd.log"
    env = {**os.environ, "FAIRWAY_DATA_DIR": str(folder), "FAIRWAY_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}"}
    env |= {"FAIRWAY_GITHUB_WEBHOOK_SECRET": SECRET, "GITHUB_CLIENT_SECRET": CLIENT_SECRET}
    with serving(github), log.open("wb") as out:
        words = ["hookd", "--listen-address", f"127.0.0.1:{port}", "--base-url", url, "--github-enabled=false"]
        words += ["--clusters", "prod", "--github-client-id", CLIENT_ID, "--access-cache", "0"]
        words += ["--github-web-url", github.url, "--github-api-url", github.url, *more]
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], env=env, stdout=out, stderr=out)
        try:
            await ready(url, process, log)
            yield Hookd(url, github, log)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 30)


async def ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(1200):
            assert process.poll() is None, log.read_text(errors="replace")
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))


async def sign_in(client: httpx2.AsyncClient) -> None:
    away = await client.get("/auth/login")
    back = await client.get(away.headers["location"])
    assert (await client.get(back.headers["location"])).status_code == 303


async def save(client: httpx2.AsyncClient, url: str, team: str) -> httpx2.Response:
    page = (await client.get(WEB)).text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    version = page.partition('name="version" value="')[2].partition('"')[0]
    fields = {"csrf": csrf, "version": version, "team": team}
    return await client.post(WEB, data=fields, headers={"origin": url})


async def test_what_is_registered_in_the_portal_may_deploy(tmp_path: Path) -> None:
    async with hookd(tmp_path) as running, httpx2.AsyncClient(base_url=running.url, trust_env=False) as client:
        refused = await running.deploy(client, "web")
        assert (refused.status_code, refused.text.strip()) == (403, "repository 'shop/web' is not registered")
        await sign_in(client)
        assert (await save(client, running.url, "web")).status_code == 303
        assert (await running.deploy(client, "WEB")).status_code == 201
        other = await running.deploy(client, "orders")
        assert other.status_code == 403
        assert "does not have access to deploy as team 'orders'" in other.text
    log = running.log.read_text(errors="replace")
    assert "portal.signed_in" in log
    assert "access.changed" in log
    for secret in (CLIENT_SECRET, SECRET, *running.github.tokens):
        assert secret not in log


@pytest.mark.parametrize("members", [True, False])
async def test_pages_of_deployments_are_for_members_where_it_is_wanted(tmp_path: Path, members: bool) -> None:
    more = ["--pages-for-members"] if members else []
    async with hookd(tmp_path, *more) as running, httpx2.AsyncClient(base_url=running.url, trust_env=False) as client:
        assert (await client.get("/deployments")).status_code == (401 if members else 200)
        await sign_in(client)
        page = await client.get("/deployments")
        assert page.status_code == 200
        assert '<a href="/repositories">Repositories</a>' in page.text
