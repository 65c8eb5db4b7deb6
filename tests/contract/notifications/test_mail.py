"""E-mail in particular: how the connection is protected, logins, refusals, and what a mail program shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.notifications.places import certificates, mail_channel
from tests.support.notifying import a_failure, a_message, an_event
from tests.support.smtp import MailServer, mail_server

from fairway.domain.errors import Transient, UserError
from fairway.domain.notifications.event import EventKind


@pytest.fixture
def authority(tmp_path: Path) -> tuple[str, MailServer]:
    ca, context = certificates(tmp_path)
    return ca, MailServer(context=context, logins=True)


async def test_with_starttls_the_mail_and_the_login_are_encrypted(authority: tuple[str, MailServer]) -> None:
    ca, server = authority
    server.offers_starttls = True
    async with mail_server(server):
        await mail_channel(server.port, ca_file=ca).deliver(a_message(), {})
    assert server.protected == [True]


async def test_with_tls_from_the_start(authority: tuple[str, MailServer]) -> None:
    ca, server = authority
    async with mail_server(server):
        await mail_channel(server.port, ca_file=ca, tls="tls").deliver(a_message(), {})
    assert server.protected == [True]


async def test_in_plain_within_a_trusted_network() -> None:
    server = MailServer()
    async with mail_server(server):
        await mail_channel(server.port, tls="none", username=None, password=None).deliver(a_message(), {})
    assert server.protected == [False]
    assert server.receivers == [["ops@shop.example"]]


async def test_a_server_without_starttls_gets_nothing() -> None:
    server = MailServer(logins=True)
    async with mail_server(server):
        with pytest.raises(UserError, match="offers no STARTTLS") as caught:
            await mail_channel(server.port).deliver(a_message(), {})
    assert caught.value.fix
    assert server.mails == []


async def test_a_certificate_that_nobody_knows_is_not_accepted(authority: tuple[str, MailServer]) -> None:
    _, server = authority
    server.offers_starttls = True
    async with mail_server(server):
        with pytest.raises(UserError, match="certificate that is not trusted") as caught:
            await mail_channel(server.port).deliver(a_message(), {})
    assert "caFile" in (caught.value.fix or "")
    assert server.mails == []


async def test_an_authority_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.pem"):
        await mail_channel(9, ca_file=str(tmp_path / "none.pem")).deliver(a_message(), {})


async def test_a_wrong_login_is_said_without_the_password(authority: tuple[str, MailServer]) -> None:
    ca, server = authority
    server.offers_starttls = True
    async with mail_server(server):
        wrong = mail_channel(server.port, ca_file=ca, password=lambda: "wrongPASS123")
        with pytest.raises(UserError, match="refuses the login") as caught:
            await wrong.deliver(a_message(), {})
    assert "wrongPASS123" not in str(caught.value)
    assert "username" in (caught.value.fix or "")


async def test_a_receiver_that_waits_is_tried_again_and_one_that_is_unknown_is_not() -> None:
    server = MailServer(refusals=["450 4.2.1 greylisted", "550 5.1.1 nobody"])
    async with mail_server(server):
        channel = mail_channel(server.port, tls="none", username=None)
        with pytest.raises(Transient, match="greylisted"):
            await channel.deliver(a_message(), {})
        with pytest.raises(UserError, match="nobody"):
            await channel.deliver(a_message(), {})


async def test_a_mail_has_text_and_html_and_says_that_a_program_wrote_it() -> None:
    server = MailServer()
    async with mail_server(server):
        channel = mail_channel(server.port, tls="none", username=None)
        await channel.deliver(message := a_message(a_failure(title="prød: web failed\nBcc: evil@x.example")), {})
    [mail] = server.mails
    assert mail["Subject"] == "prød: web failed Bcc: evil@x.example"
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message.id}@shop.example>"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "CrashLoopBackOff" in plain.get_content()
    assert "&lt;1.9.1&gt;" in html.get_content()


async def test_mails_of_one_deployment_are_shown_together() -> None:
    server = MailServer()
    async with mail_server(server):
        channel = mail_channel(server.port, tls="none", username=None)
        await channel.deliver(a_message(an_event(EventKind.DEPLOYMENT_STARTED), thread="run 1 #shop"), {})
        await channel.deliver(a_message(a_failure(), thread="run 1 #shop"), {})
    first, second = server.mails
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]
