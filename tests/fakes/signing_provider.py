"""An OpenID provider that answers whatever a test wants: for what an honest one never says.

Discovery, keys and token endpoint are there; who is asked at its authorization endpoint nobody looks at.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.fakes.served import served

CLIENT_ID, CLIENT_SECRET = "the-studio.apps.example.com", "GOCSPX-a-secret-of-the-tests-and-a-long-one"

Answer = Callable[["SigningProvider", Mapping[str, Any]], Any]


def a_good_token(provider: SigningProvider, form: Mapping[str, Any]) -> dict[str, Any]:
    """What an honest provider answers."""
    return {"access_token": "opaque", "token_type": "Bearer", "id_token": provider.signed(provider.claims())}


@dataclass
class SigningProvider:
    """`nonce` is what the studio asked with; `answer` makes what the token endpoint says (a response, or JSON)."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    nonce: str = ""
    answer: Answer = a_good_token
    discovery: Mapping[str, Any] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        honest = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": "108204268033311374519",
            "email": "ada@gmail.com",
            "email_verified": True,
            "name": "Ada",
            "iat": now,
            "exp": now + 3600,
            "nonce": self.nonce,
        }
        return {name: value for name, value in {**honest, **changes}.items() if value is not None}

    def signed(self, claims: Mapping[str, Any], *, key: Any = None, header: Any = None) -> str:
        header = header or {"alg": "RS256", "kid": self.key.kid}
        algorithms = [header["alg"]]
        return jwt.encode(header, dict(claims), key or self.key, algorithms=algorithms)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a studio needs to know of it."""
        return {
            "google_issuer": self.url,
            "google_client_id": CLIENT_ID,
            "google_client_secret": CLIENT_SECRET,
        }


@asynccontextmanager
async def running_signing_provider() -> AsyncIterator[SigningProvider]:
    provider = SigningProvider()

    async def discovery(_: web.Request) -> web.Response:
        provider.looked_up.append("discovery")
        told = {
            "issuer": provider.url,
            "authorization_endpoint": f"{provider.url}/authorize",
            "token_endpoint": f"{provider.url}/token",
            "jwks_uri": f"{provider.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return web.json_response({**told, **provider.discovery})

    async def keys(_: web.Request) -> web.Response:
        provider.looked_up.append("keys")
        return web.json_response({"keys": [provider.key.as_dict(private=False)]})

    async def token(request: web.Request) -> web.StreamResponse:
        answer = provider.answer(provider, await request.post())
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", discovery)
    app.router.add_get("/keys", keys)
    app.router.add_post("/token", token)
    async with served(app) as url:
        provider.url = url
        yield provider
