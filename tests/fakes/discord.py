"""A stand-in for Discord that speaks its protocol: OAuth 2 with form-encoded bodies and JSON errors, and `/users/@me`.

Who is there is what the browser of a test says in the header X-Account; nobody, and it says no.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web

from tests.fakes.served import served

CLIENT_ID, CLIENT_SECRET = "157730590492196864", "a-secret-of-the-tests"


@dataclass
class Discord:
    """`accounts` by the name that browsers give; `codes` and `tokens` that were given out and not used up."""

    redirect_uri: str
    url: str = ""
    accounts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    # What it answers in place of the right thing, by path; None: it hangs up.
    breaks: dict[str, web.Response | None] = field(default_factory=dict)
    # The paths at which it says nothing, for ever.
    silent_at: set[str] = field(default_factory=set)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a studio needs to know of it."""
        return {
            "discord_url": self.url,
            "discord_client_id": CLIENT_ID,
            "discord_client_secret": CLIENT_SECRET,
        }

    def has_account(self, name: str, **changes: Any) -> None:
        """One with all that Discord tells of it."""
        self.accounts[name] = {
            "id": "80351110224678912",
            "username": name,
            "discriminator": "0",
            "global_name": None,
            "avatar": None,
            "email": f"{name}@example.com",
            "verified": True,
            "mfa_enabled": False,
            "locale": "ko",
        } | changes


@asynccontextmanager
async def running_discord(redirect_uri: str) -> AsyncIterator[Discord]:
    """It sends browsers back to this address alone."""
    discord = Discord(redirect_uri)
    app = web.Application()
    app.router.add_get("/oauth2/authorize", _unless_broken(discord, _authorize))
    app.router.add_post("/api/oauth2/token", _unless_broken(discord, _token))
    app.router.add_get("/api/v10/users/@me", _unless_broken(discord, _me))
    async with served(app) as url:
        discord.url = url
        yield discord


def _unless_broken(discord: Discord, handler: Any) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path in discord.silent_at:
            await asyncio.Event().wait()
        if request.path in discord.breaks:
            broken = discord.breaks[request.path]
            if broken is None:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return broken
        made: web.StreamResponse = await handler(discord, request)
        return made

    return answer


async def _authorize(discord: Discord, request: web.Request) -> web.Response:
    asked = request.query
    if asked.get("client_id") != CLIENT_ID or asked.get("redirect_uri") != discord.redirect_uri:
        return web.json_response({"message": "Invalid OAuth2 redirect_uri"}, status=400)
    assert asked["response_type"] == "code"
    assert set(asked["scope"].split()) == {"identify", "email"}
    assert asked["code_challenge_method"] == "S256"
    name = request.headers.get("X-Account")
    if name is None:
        told = {"error": "access_denied", "error_description": "The resource owner denied the request"}
    else:
        code = secrets.token_urlsafe(20)
        discord.codes[code] = {"account": name, "challenge": asked["code_challenge"]}
        told = {"code": code}
    raise web.HTTPFound(f"{discord.redirect_uri}?{urlencode({**told, 'state': asked['state']})}")


async def _token(discord: Discord, request: web.Request) -> web.Response:
    if request.content_type != "application/x-www-form-urlencoded":
        return web.json_response({"error": "invalid_request"}, status=415)
    form = await request.post()
    if _client_of(request, form) != (CLIENT_ID, CLIENT_SECRET):
        return web.json_response({"error": "invalid_client"}, status=401)
    if form.get("grant_type") != "authorization_code":
        return web.json_response({"error": "unsupported_grant_type"}, status=400)
    granted = discord.codes.pop(str(form.get("code")), None)
    verifier = str(form.get("code_verifier", ""))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if (
        granted is None
        or granted["challenge"] != challenge
        or form.get("redirect_uri") != discord.redirect_uri
    ):
        told = {"error": "invalid_grant", "error_description": 'Invalid "code" in request.'}
        return web.json_response(told, status=400)
    token = secrets.token_urlsafe(20)
    discord.tokens[token] = granted["account"]
    return web.json_response(
        {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 604800,
            "refresh_token": secrets.token_urlsafe(20),
            "scope": "identify email",
        }
    )


async def _me(discord: Discord, request: web.Request) -> web.Response:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or token not in discord.tokens:
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
    return web.json_response(discord.accounts[discord.tokens[token]])


def _client_of(request: web.Request, form: Mapping[str, Any]) -> tuple[str, str]:
    """By Basic, or in the body."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, _, secret = base64.b64decode(given).decode().partition(":")
        return unquote(name), unquote(secret)
    return str(form.get("client_id")), str(form.get("client_secret"))
