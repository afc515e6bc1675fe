"""A person's browser on the way to Google or Discord and back, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

STUDIO = "http://studio.test"
CALLBACK = STUDIO + "/api/v1/auth/oauth/{}/callback"
AUTH = "/api/v1/auth"


@dataclass
class Traveller:
    """One browser: `studio` keeps the studio's cookies, `outside` those of everybody else."""

    studio: httpx.AsyncClient
    outside: httpx.AsyncClient

    async def leave(self, provider: str, **query: str) -> str:
        """Begin to sign in; where the studio sends the browser."""
        answer = await self.studio.get(f"{AUTH}/oauth/{provider}", params=query)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def go(self, address: str, account: str | None) -> str:
        """Say at the provider who is there; where it sends the browser back."""
        headers = {} if account is None else {"X-Account": account}
        while not address.startswith(STUDIO):
            answer = await self.outside.get(address, headers=headers)
            assert answer.is_redirect, (answer.status_code, answer.text)
            address = str(answer.url.join(answer.headers["location"]))
        return address

    async def come_back(self, address: str) -> httpx.Response:
        """What the studio answers to that."""
        answer = await self.studio.get(address)
        assert answer.status_code == 302, answer.text
        return answer

    async def sign_in(self, provider: str, account: str | None, **query: str) -> httpx.Response:
        """All of it."""
        return await self.come_back(await self.go(await self.leave(provider, **query), account))

    async def tokens(self) -> dict[str, Any]:
        """What the page at the end asks for with its cookie. Only after a sign-in."""
        answer = await self.studio.post(f"{AUTH}/refresh", json={}, headers={"X-Pingvas-Client": "web"})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def headers(self) -> dict[str, str]:
        """Who has signed in."""
        return {"Authorization": f"Bearer {(await self.tokens())['access_token']}"}

    @property
    def is_signed_in(self) -> bool:
        return any(name.startswith("pingvas_refresh_") for name in self.studio.cookies)


@asynccontextmanager
async def traveller(app: Any, *, address: str = "127.0.0.1") -> AsyncIterator[Traveller]:
    """A browser of somebody new."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 4711))
    async with (
        httpx.AsyncClient(transport=transport, base_url=STUDIO) as studio,
        httpx.AsyncClient() as outside,
    ):
        yield Traveller(studio, outside)


def landed(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """The page that a browser was sent to, and its query."""
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}" == STUDIO
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def problem_of(answer: httpx.Response) -> str | None:
    """The code on the page that a browser was sent to; None: all is well."""
    return landed(answer)[1].get("problem")
