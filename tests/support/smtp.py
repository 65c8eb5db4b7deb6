"""A small mail server on loopback: ESMTP with STARTTLS, TLS, and AUTH PLAIN and LOGIN."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

USER, PASSWORD = "fairway", "mailsecretPW99"


@dataclass
class MailServer:
    """`refusals` are answered in turn to RCPT; `logins` says whether a login is asked for."""

    port: int = 0
    context: ssl.SSLContext | None = None
    offers_starttls: bool = False
    logins: bool = False
    refusals: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    protected: list[bool] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = self.context is not None and not self.offers_starttls
        logged_in = not self.logins
        to: list[str] = []

        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 mail.shop.example ESMTP")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    offers = ["mail.shop.example", "8BITMIME", "SMTPUTF8"]
                    offers += ["STARTTLS"] if self.offers_starttls and not encrypted else []
                    offers += ["AUTH PLAIN LOGIN"] if self.logins and (encrypted or self.context is None) else []
                    for offer in offers[:-1]:
                        await say(f"250-{offer}")
                    await say(f"250 {offers[-1]}")
                case "STARTTLS":
                    await say("220 go on")
                    await writer.start_tls(self.context)  # type: ignore[arg-type]
                    encrypted = True
                case "AUTH":
                    secret = rest.partition(" ")[2]
                    good = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
                    logged_in = secret == good
                    await say("235 welcome" if logged_in else f"535 5.7.8 no such login {secret}")
                case "MAIL":
                    to = []
                    await say("250 ok" if logged_in else "530 5.7.0 log in first")
                case "RCPT":
                    if self.refusals:
                        await say(self.refusals.pop(0))
                    else:
                        to.append(rest.partition("<")[2].partition(">")[0])
                        await say("250 ok")
                case "DATA":
                    await say("354 go on")
                    self._keep(await reader.readuntil(b"\r\n.\r\n"), to, encrypted)
                    await say("250 2.0.0 queued as 42")
                case "QUIT":
                    await say("221 bye")
                    return
                case _:
                    await say("250 ok")

    def _keep(self, raw: bytes, to: list[str], encrypted: bool) -> None:
        mail = message_from_bytes(raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."), policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.receivers.append(to)
        self.protected.append(encrypted)


@asynccontextmanager
async def mail_server(server: MailServer) -> AsyncIterator[MailServer]:
    direct = server.context if not server.offers_starttls else None
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=direct, limit=1 << 24)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
