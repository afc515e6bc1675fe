"""What accounts forgets by itself."""

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.cleanup import Forgotten, forget_expired
from pingvas.accounts.one_time import create_token, redeem_token
from pingvas.accounts.tables import OneTimeToken, UserSession
from pingvas.base.settings import Settings
from tests.make.accounts import make_device, make_user


async def test_only_what_can_no_longer_be_used_is_forgotten(
    session: AsyncSession, make_settings: object
) -> None:
    # given
    settings: Settings = make_settings()  # type: ignore[operator]
    user = await make_user(session)
    await make_device(session, settings, user)
    await session.execute(text("UPDATE user_sessions SET expires_at = now() - interval '1 second'"))
    await make_device(session, settings, user)
    await create_token(session, user.id, "sign_in", minutes=-1)
    await redeem_token(session, await create_token(session, user.id, "sign_in", minutes=5), "sign_in")
    await create_token(session, user.id, "sign_in", minutes=5)

    # when
    forgotten = await forget_expired(session)

    # then
    assert forgotten.one_time_tokens == 2
    assert await session.scalar(select(func.count()).select_from(OneTimeToken)) == 1
    assert await session.scalar(select(func.count()).select_from(UserSession)) == 1
    assert await forget_expired(session) == Forgotten(0, 0)
