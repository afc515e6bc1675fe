"""Calls about passkeys that several tests make."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import func, select, update

from pingvas.accounts.tables import UserSession
from pingvas.base.db import Database
from tests.api.auth_calls import AUTH, ME
from tests.fakes.authenticator import Browser
from tests.make.accounts import SignedInPerson

ORIGIN = "https://studio.example.org"
MINE = f"{ME}/passkeys"


async def asked_to_make(client: httpx.AsyncClient, person: SignedInPerson) -> dict[str, Any]:
    answer = await client.post(f"{MINE}/options", headers=person.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    options: dict[str, Any] = answer.json()["public_key"]
    return options


async def asked(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post(f"{AUTH}/passkeys/options")
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()["public_key"]
    return options


async def add(
    client: httpx.AsyncClient, person: SignedInPerson, browser: Browser, name: str = "My phone"
) -> dict[str, Any]:
    credential = browser.create(await asked_to_make(client, person))
    answer = await client.post(MINE, json={"credential": credential, "name": name}, headers=person.headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def log_in(client: httpx.AsyncClient, credential: Any) -> httpx.Response:
    return await client.post(f"{AUTH}/passkeys/login", json={"credential": credential})


async def count(database: Database, table: Any) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def grow_old(database: Database) -> None:
    """The proofs of all devices are a day old."""
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 1))
        )
