"""Each kind of channel with the loopback stand-in of its other side."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web
from tests.support import slack, smtp, teams
from tests.support.notifying import NOON
from tests.support.smtp import MailServer, mail_server

from fairway.adapters.notifications.hooks import CloudEvents, SlackWebhook, TeamsWebhook, Webhook
from fairway.adapters.notifications.local import LogChannel, MemoryChannel
from fairway.adapters.notifications.mail import MailChannel
from fairway.adapters.notifications.slack import SlackChannel
from fairway.domain.notifications.texts import as_plain_text, text_of
from fairway.services.notifying.ports import Channel

SECRET = "hooksecretKEY77"
BEARER = "bearersecretTOKEN88"


@dataclass
class Place:
    """A channel, what arrived at its other side, and ways to make that one refuse."""

    channel: Channel
    said: Callable[[], list[str]]
    down: Channel | None = None
    """The same kind of channel, to where nobody listens."""
    ask_for_patience: Callable[[], None] | None = None
    refuse: Callable[[], None] | None = None
    secrets: tuple[str, ...] = ()


@dataclass
class Receiver:
    """Takes JSON; `refusals` are answered in turn before."""

    refusals: list[web.Response] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def signed(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            return self.refusals.pop(0)
        body = await request.read()
        good = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.headers.get("X-Fairway-Signature-256", ""), good):
            self.wrong.append("signature")
            return web.Response(status=401, text="bad signature")
        return self._take(request, body)

    async def events(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            return self.refusals.pop(0)
        if request.headers.get("Authorization") != f"Bearer {BEARER}":
            return web.Response(status=401, text="no such token")
        return self._take(request, await request.read())

    def _take(self, request: web.Request, body: bytes) -> web.Response:
        self.bodies.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({"taken": len(self.bodies)})

    @property
    def documents(self) -> list[Any]:
        return [json.loads(body) for body in self.bodies]


@asynccontextmanager
async def served(*routes: web.RouteDef) -> AsyncIterator[str]:
    app = web.Application(client_max_size=1 << 24)
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def nowhere() -> str:
    """An address of loopback that nobody listens at."""
    return "http://127.0.0.1:9"


def _http(refusals: list[web.Response]) -> dict[str, Callable[[], None]]:
    return {
        "ask_for_patience": lambda: refusals.append(web.Response(status=429, headers={"Retry-After": "7"})),
        "refuse": lambda: refusals.append(web.Response(status=403, text="forbidden")),
    }


@asynccontextmanager
async def slack_place(_: Path) -> AsyncIterator[Place]:
    side = slack.Slack()
    async with served(*side.routes) as url:
        channel = SlackChannel(lambda: slack.TOKEN, "#deployments", f"{url}/api/")
        yield Place(
            channel,
            lambda: [slack.shown_text(one) for one in side.messages],
            SlackChannel(lambda: slack.TOKEN, "#deployments", f"{nowhere()}/api/"),
            lambda: side.refusals.append(slack.too_fast()),
            lambda: side.refusals.append(slack.refusal("channel_not_found")),
            (slack.TOKEN,),
        )
        await channel.aclose()
        assert side.wrong == []


@asynccontextmanager
async def slack_webhook_place(_: Path) -> AsyncIterator[Place]:
    side = slack.Slack()
    async with served(*side.routes) as url:
        channel = SlackWebhook(lambda: url + slack.HOOK_PATH)
        down = SlackWebhook(lambda: nowhere() + slack.HOOK_PATH)
        said = lambda: [slack.shown_text(one) for one in side.messages]  # noqa: E731
        yield Place(channel, said, down, **_http(side.refusals), secrets=("hooksecretXYZ123",))
        await channel.aclose()
        assert side.wrong == []


@asynccontextmanager
async def teams_place(_: Path) -> AsyncIterator[Place]:
    side = teams.Teams()
    async with served(*side.routes) as url:
        path = f"{teams.PATH}?api-version=1&sig=teamsecretSIG42"
        channel = TeamsWebhook(lambda: url + path)
        down = TeamsWebhook(lambda: nowhere() + path)
        said = lambda: [teams.shown_text(one) for one in side.cards]  # noqa: E731
        yield Place(channel, said, down, **_http(side.refusals), secrets=("teamsecretSIG42",))
        await channel.aclose()


@asynccontextmanager
async def webhook_place(_: Path) -> AsyncIterator[Place]:
    side = Receiver()
    async with served(web.post("/hook", side.signed)) as url:
        channel = Webhook(f"{url}/hook", lambda: SECRET, now=lambda: NOON)
        down = Webhook(f"{nowhere()}/hook", lambda: SECRET, now=lambda: NOON)
        said = lambda: [body.decode() for body in side.bodies]  # noqa: E731
        yield Place(channel, said, down, **_http(side.refusals), secrets=(SECRET,))
        await channel.aclose()
        assert side.wrong == []


@asynccontextmanager
async def cloud_events_place(_: Path, *, binary: bool = False) -> AsyncIterator[Place]:
    side = Receiver()
    async with served(web.post("/events", side.events)) as url:
        channel = CloudEvents(f"{url}/events", binary=binary, token=lambda: BEARER)
        down = CloudEvents(f"{nowhere()}/events", binary=binary, token=lambda: BEARER)
        said = lambda: [body.decode() for body in side.bodies]  # noqa: E731
        yield Place(channel, said, down, **_http(side.refusals), secrets=(BEARER,))
        await channel.aclose()


@asynccontextmanager
async def binary_place(folder: Path) -> AsyncIterator[Place]:
    async with cloud_events_place(folder, binary=True) as place:
        yield place


@asynccontextmanager
async def mail_place(folder: Path) -> AsyncIterator[Place]:
    authority, context = certificates(folder)
    async with mail_server(MailServer(context=context, offers_starttls=True, logins=True)) as side:
        channel = mail_channel(side.port, ca_file=authority)
        yield Place(
            channel,
            lambda: [_parts(mail) for mail in side.mails],
            mail_channel(9, ca_file=authority),
            lambda: side.refusals.append("451 4.7.1 try again later"),
            lambda: side.refusals.append("550 5.1.1 nobody of that name"),
            (smtp.PASSWORD,),
        )


def certificates(folder: Path) -> tuple[str, ssl.SSLContext]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return str(folder / "ca.pem"), context


def mail_channel(port: int, **more: Any) -> MailChannel:
    known: dict[str, Any] = {
        "tls": "starttls",
        "username": smtp.USER,
        "password": lambda: smtp.PASSWORD,
        "now": lambda: NOON,
    }
    return MailChannel("127.0.0.1", port, "Fairway <fairway@shop.example>", ["ops@shop.example"], **(known | more))


def _parts(mail: Any) -> str:
    return f"{mail['Subject']}\n{mail.get_body('plain').get_content()}"


@asynccontextmanager
async def memory_place(_: Path) -> AsyncIterator[Place]:
    channel = MemoryChannel()
    yield Place(channel, lambda: [as_plain_text(text_of(one.events)) for one in channel.messages])


@asynccontextmanager
async def log_place(_: Path) -> AsyncIterator[Place]:
    lines: list[str] = []
    import logging

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(str(vars(record).get("title")))

    logger, keep = logging.getLogger("fairway.adapters.notifications.local"), Keep()
    logger.addHandler(keep)
    before, logger.level = logger.level, logging.INFO
    try:
        yield Place(LogChannel(), lambda: list(lines))
    finally:
        logger.removeHandler(keep)
        logger.level = before


PLACES = {
    "slack": slack_place,
    "slackWebhook": slack_webhook_place,
    "teams": teams_place,
    "email": mail_place,
    "webhook": webhook_place,
    "cloudEvents": cloud_events_place,
    "cloudEvents-binary": binary_place,
    "log": log_place,
    "memory": memory_place,
}
REMOTE = [name for name in PLACES if name not in ("log", "memory")]
