"""What GitHub sends out: signed deliveries of an event, kept so that they can be sent again as they were."""

from __future__ import annotations

import hashlib
import hmac
import threading
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field


@dataclass
class Delivery:
    """`answers` are (status, text) in the order in which they came; status 0: nobody answered."""

    id: str
    event: str
    body: bytes
    answers: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Hooks:
    """A webhook of an App: everything goes to `url`, signed with `secret`; nothing is sent without an address."""

    url: str = ""
    secret: str = "hush"
    deliveries: list[Delivery] = field(default_factory=list)
    _sending: list[threading.Thread] = field(default_factory=list)

    def send(self, event: str, body: bytes) -> Delivery:
        """In the background, as GitHub does: whoever caused the event has its answer already."""
        delivery = Delivery(str(uuid.uuid4()), event, body)
        self.deliveries.append(delivery)
        if self.url:
            thread = threading.Thread(target=self.redeliver, args=(delivery,), daemon=True)
            self._sending.append(thread)
            thread.start()
        return delivery

    def redeliver(self, delivery: Delivery, *, secret: str | None = None) -> tuple[int, str]:
        """The same id and the same bytes once more; what was answered."""
        request = urllib.request.Request(self.url, data=delivery.body, method="POST")
        for name, value in self.headers(delivery, secret=secret).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                answered = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            answered = error.code, error.read().decode()
        except OSError as error:
            answered = 0, str(error)
        delivery.answers.append(answered)
        return answered

    def headers(self, delivery: Delivery, *, secret: str | None = None) -> dict[str, str]:
        key = (self.secret if secret is None else secret).encode()
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0000000",
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.id,
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": f"sha1={hmac.new(key, delivery.body, hashlib.sha1).hexdigest()}",
            "X-Hub-Signature-256": f"sha256={hmac.new(key, delivery.body, hashlib.sha256).hexdigest()}",
        }

    def settle(self) -> None:
        """Wait until everything that was sent has been answered."""
        while self._sending:
            self._sending.pop().join(15)
