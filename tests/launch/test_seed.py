"""What a new studio holds, and that starting again changes nothing of it."""

import asyncio

from sqlalchemy import func, select, text

from pingvas.accounts.one_time import redeem_token
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.subscriptions import get_current_subscription
from pingvas.billing.tables import SubscriptionPlan
from pingvas.launch.seed import OWNER_EMAIL, create_owner_token, seed


async def test_a_new_studio_has_plans_and_an_owner_with_credits(
    database: Database, settings: Settings
) -> None:
    seeded = await seed(database, settings)

    async with database.read() as session:
        owner = await session.get(User, seeded.owner_id)
        assert owner is not None
        subscription = await get_current_subscription(session, seeded.owner_id)
        plans = set(await session.scalars(select(SubscriptionPlan.name)))
    assert (owner.email, owner.role, owner.password_hash) == (OWNER_EMAIL, "admin", None)
    assert (subscription.plan_name, subscription.remaining_credits) == ("enterprise", settings.owner_credits)
    assert plans == {"free", "starter", "pro", "studio", "enterprise"}


async def test_seeding_again_keeps_what_is_there(database: Database, settings: Settings) -> None:
    first = await seed(database, settings)
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET monthly_price = 1 WHERE name = 'pro'"))

    second = await seed(database, settings)

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        price = select(SubscriptionPlan.monthly_price).where(SubscriptionPlan.name == "pro")
        assert await session.scalar(price) == 1
    assert second.owner_id == first.owner_id


async def test_two_that_seed_at_once_make_one_owner(database: Database, settings: Settings) -> None:
    one, two = await asyncio.gather(seed(database, settings), seed(database, settings))

    assert one.owner_id == two.owner_id


async def test_the_link_signs_the_owner_in(database: Database, settings: Settings) -> None:
    seeded = await seed(database, settings)

    token = await create_owner_token(database, seeded.owner_id, minutes=1)

    async with database.transaction() as session:
        assert (await redeem_token(session, token, "sign_in"))[0].id == seeded.owner_id
