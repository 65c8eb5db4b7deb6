"""An issuer of OpenID tokens on loopback, as GitHub Actions is one: signs tokens, and publishes its keys."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

KEYS = "/.well-known/jwks"


class Issuer:
    """Serve it with `serving`, and set its `url`."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.url = ""
        self.is_away = False

    def token(self, audience: str, *, forged: bool = False, **changed: Any) -> str:
        """None takes a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": audience,
            "sub": "repo:example/orders:ref:refs/heads/main",
            "repository": "example/orders",
            "actor": "anna",
            "ref": "refs/heads/main",
            "sha": "3f2c1ab0d1f2e3a4b5c6d7e8f9a0b1c2d3e4f5a6",
            "run_id": "4711",
            "iat": now,
            "nbf": now - 60,
            "exp": now + 300,
            **changed,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(given, self._stranger if forged else self._key, "RS256", {"kid": "one"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_away or scope["path"] != KEYS:
            await PlainTextResponse("nothing here", 503 if self.is_away else 404)(scope, receive, send)
            return
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        document = {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        await PlainTextResponse(json.dumps(document))(scope, receive, send)
