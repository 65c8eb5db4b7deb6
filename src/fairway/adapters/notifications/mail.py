"""E-mail over SMTP: text and HTML, STARTTLS, TLS or neither. The standard library blocks, so it runs in a thread.

Messages of one deployment answer its first, so that mail programs show them together.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal

from fairway.adapters.notifications.posting import Reveal, hide
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import Message, Receipt
from fairway.domain.notifications.mail import mail_of

Protection = Literal["starttls", "tls", "none"]


class MailChannel:
    """`ca_file` is trusted instead of the system's authorities."""

    threads = False
    """A mail can't be changed: what comes together is one mail."""
    addressed = False

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        to: Sequence[str],
        *,
        tls: Protection = "starttls",
        username: str | None = None,
        password: Reveal | None = None,
        ca_file: str | None = None,
        now: Callable[[], datetime],
        timeout: float = 30.0,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._to = tuple(to)
        self._tls = tls
        self._username = username
        self._password = password
        self._ca_file = ca_file
        self._now = now
        self._timeout = timeout

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        mail = mail_of(message.events)
        return f"From: {self._sender}\nTo: {', '.join(self._to)}\nSubject: {mail.subject}\n\n{mail.text}"

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        password = self._password() if self._password else ""
        try:
            written = self._write(message)
            refused = await asyncio.to_thread(self._send, written, password)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._translated(error, password) from error
        if refused:
            some = ", ".join(sorted(refused))
            return Receipt(f"taken by {self._host}, but not for {some}")
        return Receipt(f"taken by {self._host} as {written['Message-ID']}")

    async def aclose(self) -> None:
        """Every mail has a connection of its own."""

    def _write(self, message: Message) -> EmailMessage:
        mail = mail_of(message.events)
        written = EmailMessage(policy=SMTP)
        written["From"] = self._sender
        written["To"] = ", ".join(self._to)
        written["Subject"] = mail.subject
        written["Date"] = format_datetime(self._now())
        domain = parseaddr(self._sender)[1].rpartition("@")[2] or "localhost"
        written["Message-ID"] = f"<{message.id}@{domain}>"
        if message.thread:
            # Nobody ever sends a mail with this id; that all of a thread name it is enough.
            first = f"<{''.join(c if c.isalnum() else '-' for c in message.thread)}@{domain}>"
            written["In-Reply-To"] = first
            written["References"] = first
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(mail.text)
        written.add_alternative(mail.html, subtype="html")
        return written

    def _send(self, written: EmailMessage, password: str) -> Mapping[str, tuple[int, bytes]]:
        """Those receivers that the server did not take; all of them is an error."""
        context = self._context() if self._tls != "none" else None
        if self._tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        with server:
            if self._tls == "starttls":
                server.starttls(context=context)
            if self._username:
                server.login(self._username, password)
            return server.send_message(written, parseaddr(self._sender)[1], [parseaddr(to)[1] for to in self._to])

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                f"the certificates in {self._ca_file} cannot be read: {reason}", fix="name a PEM file"
            ) from error

    def _translated(self, error: Exception, password: str) -> FairwayError:
        def hidden(text: str) -> str:
            return hide(text, [password])

        where = f"the mail server {self._host}:{self._port}"
        if isinstance(error, ssl.SSLCertVerificationError):
            fix = "check host; for an authority of your own name its caFile"
            return UserError(f"{where} shows a certificate that is not trusted: {error.verify_message}", fix=fix)
        if isinstance(error, smtplib.SMTPAuthenticationError):
            if 400 <= error.smtp_code < 500:
                return Transient(f"{where} does not take logins now: {_said(error.smtp_error)}")
            fix = "check username and password in fairway.yaml"
            return UserError(f"{where} refuses the login: {hidden(_said(error.smtp_error))}", fix=fix)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            offer = (
                "no STARTTLS" if self._tls == "starttls" and "STARTTLS" in str(error) else f"not what it takes: {error}"
            )
            return UserError(
                f"{where} offers {offer}", fix="tls: tls (port 465), or tls: none within a trusted network"
            )
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = {code for code, _ in error.recipients.values()}
            reasons = "; ".join(f"{to}: {code} {_said(text)}" for to, (code, text) in error.recipients.items())
            if all(400 <= code < 500 for code in codes):
                return Transient(f"{where} does not take it now for {reasons}")
            return UserError(f"{where} refuses all receivers: {reasons}", fix="check `to` in fairway.yaml")
        if isinstance(error, smtplib.SMTPResponseException):
            said = f"{where} answers {error.smtp_code} {hidden(_said(error.smtp_error))}"
            return Transient(said) if 400 <= error.smtp_code < 500 or error.smtp_code == -1 else Terminal(said)
        if isinstance(error, ValueError):
            return UserError(f"an address of the mail is none: {error}", fix="check `from` and `to` in fairway.yaml")
        return Transient(f"{where} cannot be reached: {hidden(str(error)) or type(error).__name__}")


def _said(text: bytes | str) -> str:
    plain = text.decode(errors="replace") if isinstance(text, bytes) else text
    return " ".join(plain.split())[:300]
