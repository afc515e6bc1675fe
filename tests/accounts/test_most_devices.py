"""How many devices a person may be signed in on."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from pingvas.accounts.current import authenticate
from pingvas.accounts.refusals import InvalidToken
from pingvas.accounts.sessions.lifecycle import MAX_SESSIONS, Tokens, refresh
from pingvas.accounts.tables import User, UserSession
from pingvas.base.budgets import Budgets
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.make.accounts import USER_AGENT, make_device, make_user


@pytest.fixture
async def user(database: Database) -> User:
    async with database.transaction() as session:
        return await make_user(session)


async def _acts(database: Database, settings: Settings, tokens: Tokens) -> bool:
    try:
        async with database.read() as session:
            await authenticate(session, settings, tokens.access_token)
    except InvalidToken:
        return False
    return True


async def test_beyond_the_most_devices_the_one_used_longest_ago_is_signed_out(
    database: Database, settings: Settings, user: Any
) -> None:
    # given as many devices as a person may have, the first of which was used again since
    devices = []
    for _ in range(MAX_SESSIONS):
        async with database.transaction() as session:
            devices.append(await make_device(session, settings, user))
    first = await refresh(
        database, settings, Budgets(), devices[0].refresh_token, ip="127.0.0.1", user_agent=USER_AGENT
    )
    devices[0] = first.tokens

    # when
    async with database.transaction() as session:
        devices.append(await make_device(session, settings, user))

    # then
    acting = [await _acts(database, settings, device) for device in devices]
    assert acting == [True, False] + [True] * (MAX_SESSIONS - 1)


async def test_sign_ins_at_the_same_moment_do_not_pass_the_most_devices(
    database: Database, settings: Settings, user: Any
) -> None:
    async def sign_in() -> None:
        async with database.transaction() as session:
            await make_device(session, settings, user)

    # when
    for _ in range(3):
        await asyncio.gather(*(sign_in() for _ in range(MAX_SESSIONS // 2)))

    # then
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(UserSession)) == MAX_SESSIONS
