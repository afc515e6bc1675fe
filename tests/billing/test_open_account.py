"""An account that is opened has all that a person needs, or is not there at all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.people.registration import EmailExists
from pingvas.accounts.tables import User, UserProfile
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.billing.open_account import open_account
from pingvas.billing.plans import seed_plans
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription
from tests.make.billing import balance_of, postings_of

ADA: dict[str, Any] = {"email": "ada@example.org", "password": None, "display_name": "Ada"}


@pytest.fixture
def settings(make_settings: Any) -> Settings:
    made: Settings = make_settings(signup_bonus_credits=70)
    return made


async def _people(session: ReadSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(User)) or 0)


async def test_an_account_has_a_profile_a_plan_and_the_bonus(
    session: AsyncSession, settings: Settings
) -> None:
    await seed_plans(session)

    user = await open_account(session, settings, **ADA)

    assert (user.email, user.role, user.status) == ("ada@example.org", "user", "active")
    assert await session.scalar(select(UserProfile.user_id)) == user.id
    assert (await get_current_subscription(session, user.id)).plan_name == "free"
    assert await balance_of(session, user.id) == 70
    assert await postings_of(session, user.id) == [("bonus", 70)]


async def test_an_operator_gives_another_role_plan_and_credits(
    session: AsyncSession, settings: Settings
) -> None:
    await seed_plans(session)

    user = await open_account(session, settings, **ADA, role="admin", plan="enterprise", credits=0)

    assert user.role == "admin"
    assert (await get_current_subscription(session, user.id)).plan_name == "enterprise"
    assert await balance_of(session, user.id) == 0


async def test_without_the_plan_nobody_is_left_half_made(database: Database, settings: Settings) -> None:
    async def open_one() -> None:
        async with database.transaction() as session:
            await open_account(session, settings, **ADA)

    with pytest.raises(NoSubscription):
        await open_one()

    async with database.read() as session:
        assert await _people(session) == 0


async def test_an_address_opens_one_account(database: Database, settings: Settings) -> None:
    async def open_one(email: str) -> None:
        async with database.transaction() as session:
            await seed_plans(session)
            await open_account(session, settings, **ADA | {"email": email})

    await open_one("ada@example.org")
    with pytest.raises(EmailExists):
        await open_one("Ada@Example.org")

    async with database.read() as session:
        assert await _people(session) == 1
