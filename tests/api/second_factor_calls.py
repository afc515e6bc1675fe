"""Calls about the second factor that several tests make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pyotp
from sqlalchemy import func, select, update

from pingvas.accounts.tables import UserSession
from pingvas.base.db import Database
from tests.api.auth_calls import AUTH, ME, problem
from tests.make.accounts import PASSWORD, SignedInPerson

MINE = f"{ME}/second-factor"


async def code_of(database: Database, secret: str, *, steps: int = 1) -> str:
    """A code of the app: of the next step by the database's clock, for that of now has confirmed it; or of another."""
    async with database.read() as session:
        now: datetime = await session.scalar(select(func.now()))  # type: ignore[assignment]
    return pyotp.TOTP(secret).at(now, counter_offset=steps)


async def set_up(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> tuple[str, list[str]]:
    """Set an app up; its secret and the recovery codes."""
    begun = await client.post(MINE, headers=person.headers)
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    body = {"code": await code_of(database, secret, steps=0)}
    confirmed = await client.post(f"{MINE}/confirm", json=body, headers=person.headers)
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


async def log_in(client: httpx.AsyncClient, person: SignedInPerson) -> httpx.Response:
    return await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})


async def challenge_for(client: httpx.AsyncClient, person: SignedInPerson) -> str:
    told: str = problem(await log_in(client, person), 403, "second_factor_needed")["challenge"]
    return told


async def answer(client: httpx.AsyncClient, challenge: str, code: str) -> httpx.Response:
    return await client.post(f"{AUTH}/second-factor", json={"challenge_token": challenge, "code": code})


async def ways(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = (await client.get(f"{ME}/sign-in-methods", headers=headers)).json()
    return told


async def grow_old(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(UserSession).values(proven_at=func.now() - func.make_interval(0, 0, 0, 1))
        )
