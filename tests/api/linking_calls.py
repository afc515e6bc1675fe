"""Calls about linked accounts that several tests make."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from pingvas.adapters.oauth.identity import Identity
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson
from tests.make.trips_to_providers import Traveller

LINKED = "/api/v1/me/oauth-accounts"


async def count(database: Database, table: Any) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def begin_to_link(browser: Traveller, person: SignedInPerson, **body: str) -> str:
    answer = await browser.studio.post(f"{LINKED}/discord", json=body, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def identity(subject: str, *, email: str | None = None) -> Identity:
    return Identity("discord", subject, email, False, "Somebody", None)
